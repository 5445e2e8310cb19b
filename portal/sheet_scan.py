"""What an .xlsx or .ods says in its text and a reader of values does not: formula errors, dates that show no day, merged cells.

Used by ``sheet_reader``, in the process that may break. Only the cells of interest are looked at, by search in the text: a handler per
cell would take longer than the reading itself.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.parsers import expat

SMALL_PART = 20 * 1024 * 1024
PIECE = 1 << 20
LONGEST_ROW = 32 * 1024 * 1024
MOST_FOUND = 1_000_000
# Built-in formats of Chinese spreadsheet programs that show year and month only.
MONTH_FORMATS = {17, 27, 36, 50, 52, 57}
NO_RESULT = "#公式没有结果"
MONTH_SHOWN = re.compile(r"^\d{2,4}\s*[-./年]\s*\d{1,2}月?$")

CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
OPEN_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*>")
REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
NUMBER = re.compile(rb"""\br=["']([0-9]{1,7})["']""")
TYPE = re.compile(rb"""\bt=["'](\w+)["']""")
ERROR = re.compile(rb"""<(?:\w+:)?c\s([^<>]*\bt=["']e["'][^<>]*)>(.*?)</(?:\w+:)?c>""", re.DOTALL)
VALUE = re.compile(rb"<(?:\w+:)?v[^<>]*>([^<]*)<")
UNSOLVED = re.compile(
    rb"<(?:\w+:)?c\s([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
Cell = tuple[int, int]


class TooLarge(ValueError):
    """More than the portal reads."""


@dataclass
class Scan:
    """Of one sheet, with rows and columns counted from 0: texts of formula errors, dates that show no day (runs of rows by column),
    and merged blocks ``((top, left), (bottom, right))`` where the reader does not know them."""

    errors: dict[Cell, str] = field(default_factory=dict)
    months: dict[int, list[list[int]]] = field(default_factory=dict)
    merged: list[tuple[Cell, Cell]] = field(default_factory=list)
    found: int = 0

    def note_month(self, row: int, column: int) -> None:
        runs = self.months.setdefault(column, [])
        if runs and runs[-1][1] == row - 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
            self.count()

    def note_error(self, row: int, column: int, text: str) -> None:
        self.errors[row, column] = text
        self.count()

    def count(self) -> None:
        self.found += 1
        if self.found > MOST_FOUND:
            raise TooLarge


def local(name: str) -> str:
    return name.rsplit("}", 1)[-1].rsplit(":", 1)[-1]


def column_index(letters: bytes) -> int:
    """A → 0, Z → 25, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


class Book:
    """An .xlsx whose sheets are scanned one by one."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive, names = archive, set(archive.namelist())
        self.months = month_styles(self.part("xl/styles.xml")) if "xl/styles.xml" in names else set()
        self.paths: dict[str, str] = {}
        relations = "xl/_rels/workbook.xml.rels"
        targets = {r.get("Id"): r.get("Target", "") for r in self.part(relations)} if relations in names else {}
        for element in self.part("xl/workbook.xml").iter():
            if local(element.tag) == "sheet":
                link = next((value for key, value in element.attrib.items() if local(key) == "id"), None)
                target = targets.get(link, "")
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if path in names:
                    self.paths[element.get("name", "")] = path

    def part(self, name: str) -> ElementTree.Element:
        if self.archive.getinfo(name).file_size > SMALL_PART:
            raise TooLarge
        return ElementTree.fromstring(self.archive.read(name))  # noqa: S314 expat 2.4 and later refuse entity bombs

    def scan(self, name: str) -> Scan:
        """What the text of the sheet tells; nothing for a sheet that has none."""
        result = Scan()
        if name not in self.paths:
            return result
        styles = b"|".join(sorted(style.encode() for style in self.months))
        dated = rb"""<(?:\w+:)?c\s([^<>/]*\bs=["'](?:%s)["'][^<>/]*)>\s*<(?:\w+:)?v>""" % styles if styles else b""
        above = 0
        for text in self.whole_rows(self.paths[name]):
            if b't="e"' in text or b"t='e'" in text:
                for match in ERROR.finditer(text):
                    value = VALUE.search(match[2])
                    shown = value[1].decode(errors="replace").strip() if value else ""
                    result.note_error(*place(text, match, above), shown or "#VALUE!")
            if b"<f" in text or b":f" in text:
                for match in UNSOLVED.finditer(text):
                    kind = TYPE.search(match[1])
                    if kind is None or kind[1] not in {b"str", b"e"}:
                        result.note_error(*place(text, match, above), NO_RESULT)
            if dated:
                for match in re.finditer(dated, text):
                    kind = TYPE.search(match[1])
                    if kind is None or kind[1] in {b"n", b"d"}:
                        result.note_month(*place(text, match, above))
            above += text.count(b"</row>") + text.count(b":row>")
        return result

    def whole_rows(self, path: str) -> Iterator[bytes]:
        """The text of a sheet in pieces that end with a row."""
        rest = b""
        with self.archive.open(path) as part:
            while piece := part.read(PIECE):
                rest += piece
                end = rest.rfind(b"row>") + 4
                if end > 4:
                    yield rest[:end]
                    rest = rest[end:]
                elif len(rest) > LONGEST_ROW:
                    raise TooLarge


def place(text: bytes, match: re.Match[bytes], above: int) -> Cell:
    """Row and column of a cell; counted where the file does not say it."""
    if reference := REFERENCE.search(match[1]):
        return int(reference[2]) - 1, column_index(reference[1])
    rows = list(OPEN_ROW.finditer(text, 0, match.start()))
    number = NUMBER.search(rows[-1][0]) if rows else None
    row = int(number[1]) - 1 if number else above + len(rows) - 1
    return row, len(CELL.findall(text, rows[-1].end() if rows else 0, match.start()))


def month_styles(root: ElementTree.Element) -> set[str]:
    """Numbers of the cell styles whose number format has year and month but no day."""
    formats = {e.get("numFmtId"): e.get("formatCode", "") for e in root.iter() if local(e.tag) == "numFmt"}
    styles: set[str] = set()
    for element in root.iter():
        if local(element.tag) == "cellXfs":
            for number, style in enumerate(element):
                code = style.get("numFmtId", "0")
                if is_month(formats[code]) if code in formats else code.isdigit() and int(code) in MONTH_FORMATS:
                    styles.add(str(number))
    return styles


def is_month(code: str) -> bool:
    """Whether a number format shows year and month and no day."""
    plain = re.sub(r'\[[^]]*\]|"[^"]*"|\\.|_.', "", code).lower()
    return "y" in plain and "m" in plain and not set("dhs") & set(plain)


def scan_ods(archive: zipfile.ZipFile) -> dict[str, Scan]:
    """Every sheet of an .ods: dates whose shown text has no day, and merged cells."""
    found: dict[str, Scan] = {}
    current, row, column, rows, width, shown, dated = Scan(), -1, 0, 1, 1, "", False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal current, row, column, rows, width, shown, dated
        tag, own = local(name), {local(key): value for key, value in attributes.items()}
        if tag == "table":
            current, row, rows = found.setdefault(own.get("name", ""), Scan()), -1, 1
        elif tag == "table-row":
            row, column = row + rows, 0
            rows = repeated(own, "number-rows-repeated")
        elif tag in {"table-cell", "covered-table-cell"}:
            width, shown, dated = repeated(own, "number-columns-repeated"), "", own.get("value-type") == "date"
            down, across = repeated(own, "number-rows-spanned"), repeated(own, "number-columns-spanned")
            if down > 1:
                current.merged.append(((row, column), (row + down - 1, column + across - 1)))
                current.count()

    def data(text: str) -> None:
        nonlocal shown
        if dated:
            shown += text

    def end(name: str) -> None:
        nonlocal row, column, rows, dated
        tag = local(name)
        if tag in {"table-cell", "covered-table-cell"}:
            if dated and MONTH_SHOWN.match(shown.strip()) and width == 1 and rows == 1:
                current.note_month(row, column)
            column, dated = column + width, False

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, data, end
    with archive.open("content.xml") as part:
        parser.ParseFile(part)
    return found


def repeated(attributes: dict[str, str], name: str) -> int:
    number = attributes.get(name, "1")
    return int(number) if number.isdigit() and len(number) < 9 else 1
