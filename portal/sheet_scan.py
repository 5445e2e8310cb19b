"""What a workbook's own text tells before it is opened.

How large its sheets really are (the reader lays a sheet out from its first to its last value: two values far apart
would fill the memory), which cells are formula errors, and which dates show no day.
"""

import re
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

MAX_CELLS = 6_000_000
SMALL_PART = 20 * 1024 * 1024
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})$")
# Built-in formats of Chinese spreadsheet programs that show year and month only.
MONTH_FORMATS = {17, 27, 36, 50, 52, 57}
NO_RESULT = "#公式没有结果"
Cell = tuple[int, int]


class TooLarge(ValueError):
    """More cells than the portal reads."""


@dataclass
class Scan:
    """Cells ``(row from 1, column from 0)`` of one sheet: formula errors with their text, dates that show no day."""

    errors: dict[Cell, str] = field(default_factory=dict)
    months: set[Cell] = field(default_factory=set)
    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def fill(self, top: int, left: int, bottom: int, right: int) -> None:
        """Note values in this block; raises ``TooLarge`` as soon as the sheet is."""
        first = self.bottom == 0
        self.top, self.left = (top, left) if first else (min(self.top, top), min(self.left, left))
        self.bottom, self.right = max(self.bottom, bottom), max(self.right, right)
        if self.size > MAX_CELLS:
            raise TooLarge

    @property
    def size(self) -> int:
        return (self.bottom - self.top + 1) * (self.right - self.left + 1) if self.bottom else 0


def column_index(letters: str) -> int:
    """A → 0, Z → 25, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def scan(archive: zipfile.ZipFile) -> dict[str, Scan]:
    """Every sheet of an .xlsx or .ods by name; raises ``TooLarge``, or errors of the XML parser for a broken file."""
    names = set(archive.namelist())
    found = scan_xlsx(archive, names) if "xl/workbook.xml" in names else scan_ods(archive)
    if sum(each.size for each in found.values()) > MAX_CELLS:
        raise TooLarge
    return found


def small_part(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > SMALL_PART:
        raise TooLarge
    return ElementTree.fromstring(archive.read(name))  # noqa: S314 expat 2.4 and later refuse entity bombs


@lru_cache(maxsize=1024)
def local(name: str) -> str:
    return name.rsplit("}", 1)[-1].rsplit(":", 1)[-1]


def scan_xlsx(archive: zipfile.ZipFile, names: set[str]) -> dict[str, Scan]:
    months = month_styles(archive) if "xl/styles.xml" in names else set()
    relations = "xl/_rels/workbook.xml.rels"
    targets = {r.get("Id"): r.get("Target", "") for r in small_part(archive, relations)} if relations in names else {}
    found = {}
    for element in small_part(archive, "xl/workbook.xml").iter():
        if local(element.tag) != "sheet":
            continue
        link = next((value for key, value in element.attrib.items() if local(key) == "id"), None)
        target = targets.get(link, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path in names:
            with archive.open(path) as part:
                found[element.get("name", "")] = SheetReader(months).read(part)
    return found


def month_styles(archive: zipfile.ZipFile) -> set[str]:
    """Numbers of the cell styles whose number format has year and month but no day."""
    root = small_part(archive, "xl/styles.xml")
    formats = {e.get("numFmtId"): e.get("formatCode", "") for e in root.iter() if local(e.tag) == "numFmt"}
    styles: set[str] = set()
    for element in root.iter():
        if local(element.tag) == "cellXfs":
            for number, style in enumerate(element):
                code = style.get("numFmtId", "0")
                if is_month(formats[code]) if code in formats else int(code) in MONTH_FORMATS:
                    styles.add(str(number))
    return styles


def is_month(code: str) -> bool:
    plain = re.sub(r'\[[^]]*\]|"[^"]*"|\\.|_.', "", code).lower()
    return "y" in plain and "m" in plain and not set("dhs") & set(plain)


class SheetReader:
    """One worksheet's text, cell by cell, without keeping it."""

    def __init__(self, months: set[str]) -> None:
        self.months, self.scan = months, Scan()
        self.row, self.column = 0, -1
        self.style = self.kind = self.text = ""
        self.inside, self.formula, self.filled = False, False, False

    def read(self, part: IO[bytes]) -> Scan:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.data
        parser.ParseFile(part)
        return self.scan

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = local(name)
        if tag == "c":
            match = REFERENCE.match(attributes.get("r", ""))
            self.column = column_index(match[1]) if match else self.column + 1
            self.row = int(match[2]) if match else self.row
            self.style, self.kind, self.text = attributes.get("s", ""), attributes.get("t", ""), ""
            self.formula = self.filled = False
        elif tag == "row":
            number = attributes.get("r", "")
            self.row, self.column = int(number) if number.isdigit() else self.row + 1, -1
        elif tag in {"v", "is"}:
            self.inside = self.filled = True
            self.scan.fill(self.row, self.column, self.row, self.column)
        elif tag == "f":
            self.formula = True

    def data(self, text: str) -> None:
        if self.inside and (self.formula or self.kind == "e"):
            self.text += text

    def end(self, name: str) -> None:
        tag = local(name)
        if tag in {"v", "is"}:
            self.inside = False
        elif tag == "c":
            if self.kind == "e":
                self.scan.errors[self.row, self.column] = self.text.strip() or "#VALUE!"
                self.scan.fill(self.row, self.column, self.row, self.column)
            elif self.formula and self.kind != "str" and not self.text.strip():
                self.scan.errors[self.row, self.column] = NO_RESULT
                self.scan.fill(self.row, self.column, self.row, self.column)
            elif self.style in self.months and self.filled and self.kind in {"", "n", "d"}:
                self.scan.months.add((self.row, self.column))


def scan_ods(archive: zipfile.ZipFile) -> dict[str, Scan]:
    """Sizes only: an .ods may say of one cell that it is repeated a million times."""
    found: dict[str, Scan] = {}
    place = {"row": 0, "rows": 1, "column": 0}
    current = Scan()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal current
        tag, own = local(name), {local(key): value for key, value in attributes.items()}
        if tag == "table":
            current = found.setdefault(own.get("name", ""), Scan())
            place.update(row=0, rows=1)
        elif tag == "table-row":
            place.update(row=place["row"] + place["rows"], column=0)
            place["rows"] = repeated(own, "number-rows-repeated")
            if place["row"] == 0:
                place["row"] = 1
        elif tag in {"table-cell", "covered-table-cell"}:
            width = repeated(own, "number-columns-repeated")
            if "value-type" in own:
                bottom, right = place["row"] + place["rows"] - 1, place["column"] + width - 1
                current.fill(place["row"], place["column"], bottom, right)
            place["column"] += width

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with archive.open("content.xml") as part:
        parser.ParseFile(part)
    return found


def repeated(attributes: dict[str, str], name: str) -> int:
    number = attributes.get(name, "1")
    return int(number) if number.isdigit() and len(number) < 9 else 1
