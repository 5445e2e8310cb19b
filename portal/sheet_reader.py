"""Opens one workbook in a process of its own: a damaged or malicious file can make a reader take all memory or end its process.

As a script: the workbook on standard input; on standard output lines of JSON: ``{"sheet": name, "hidden": …}``, then its rows in portions
``[[row number, [cells]], …]``, at last ``{"end": true}``. Blank rows are left out, texts stripped, dates are ``2005-07-01``, or ``2005-07``
where the cell shows no day; formula errors are their text. The first argument is how much memory (bytes) the process may take.
"""

import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

if __name__ == "__main__":  # a script of its own knows nothing of the portal, whose import takes half a second
    sys.path.append(str(Path(__file__).parent))
    from sheet_scan import Book, Scan, TooLarge, scan_ods
    from sheet_scan_xls import scan_xls
else:
    from portal.sheet_scan import Book, Scan, TooLarge, scan_ods
    from portal.sheet_scan_xls import scan_xls

MAX_CELLS = 8_000_000
PORTION = 200
EXIT_TOO_LARGE, EXIT_PASSWORD = 3, 4
LAST_SERIAL = 2_958_466


def plain(value: Any) -> Any:
    """A cell as JSON: text without white space around it, whole numbers as such, ``None`` for nothing."""
    if type(value) is str:
        text = value.strip()
        if "\u00a0" in text or "\u3000" in text:
            text = text.replace("\u00a0", " ").replace("\u3000", " ")
        if text[:1] == "'" and text[1:2] and (text[1] in "=+-@" or text[1].isdigit()):
            text = text[1:]  # the mark that keeps a text from being taken for a number or a formula
        return text or None
    if type(value) is float:
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value if isinstance(value, int) else str(value)


def month(value: Any) -> Any:
    """A date, or a serial number, as year and month."""
    if isinstance(value, int | float) and 0 < value < LAST_SERIAL:
        value = (date(1899, 12, 30) + timedelta(int(value))).isoformat()
    return value[:7] if isinstance(value, str) and len(value) == 10 else value


class Marks:
    """What the scan and the merges add to the rows, taken in the order of the rows."""

    def __init__(self, scan: Scan, merged: list[Any]) -> None:
        self.errors: dict[int, dict[int, str]] = {}
        for (row, column), text in scan.errors.items():
            self.errors.setdefault(row, {})[column] = text
        self.months = {column: iter(runs) for column, runs in scan.months.items()}
        self.run = {column: next(runs) for column, runs in self.months.items()}
        blocks = [(top, left, bottom) for (top, left), (bottom, _) in [*merged, *scan.merged] if bottom > top]
        self.blocks = sorted(blocks, reverse=True)
        self.open: dict[int, tuple[int, Any]] = {}

    def apply(self, number: int, cells: list[Any]) -> None:
        for column, text in self.errors.get(number, {}).items():
            cells += [None] * (column + 1 - len(cells))
            cells[column] = text
        for column, run in self.run.items():
            while run[1] < number and (following := next(self.months[column], None)):
                run = self.run[column] = following
            if run[0] <= number <= run[1] and column < len(cells):
                cells[column] = month(cells[column])
        # The first column of a block merged downwards has the value of its first cell in every row.
        for column, (bottom, value) in list(self.open.items()):
            if bottom < number:
                del self.open[column]
            elif column < len(cells) and cells[column] is None:
                cells[column] = value
        while self.blocks and self.blocks[-1][0] <= number:
            top, left, bottom = self.blocks.pop()
            if top == number and left < len(cells):
                self.open[left] = bottom, cells[left]


def rows_of(sheet: Any, marks: Marks) -> Iterator[list[Any]]:
    before = [None] * (sheet.start[1] if sheet.start else 0)
    for number, row in enumerate(sheet.iter_rows()):
        cells = [*before, *[None if value == "" else plain(value) for value in row]]
        is_blank = not any(value is not None for value in cells) and number not in marks.errors
        marks.apply(number, cells)
        if not is_blank:
            while cells[-1] is None:
                cells.pop()
            yield [number + 1, cells]


def lines(content: bytes) -> Iterator[Any]:
    """Everything that is printed; raises ``TooLarge`` for more cells than the portal reads."""
    book, left = CalamineWorkbook.from_filelike(io.BytesIO(content)), MAX_CELLS
    archive = zipfile.ZipFile(io.BytesIO(content)) if content[:2] == b"PK" else None
    texts = Book(archive) if archive and "xl/workbook.xml" in archive.namelist() else None
    scans = scan_xls(content) if archive is None else scan_ods(archive) if texts is None else {}
    for each in book.sheets_metadata:
        if each.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(each.name)
        left -= sheet.total_height * max(1, sheet.total_width)
        if left < 0:
            raise TooLarge
        yield {"sheet": each.name, "hidden": each.visible != SheetVisibleEnum.Visible}
        scan = texts.scan(each.name) if texts else scans.get(each.name, Scan())
        portion = []
        for row in rows_of(sheet, Marks(scan, getattr(sheet, "merged_cell_ranges", None) or [])):
            portion.append(row)
            if len(portion) == PORTION:
                yield portion
                portion = []
        if portion:
            yield portion
    yield {"end": True}


def main() -> int:
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        for line in lines(sys.stdin.buffer.read()):
            text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
            sys.stdout.buffer.write(text.encode(errors="replace") + b"\n")
    except (TooLarge, MemoryError):
        return EXIT_TOO_LARGE
    except PasswordError:
        return EXIT_PASSWORD
    return 0


if __name__ == "__main__":
    sys.exit(main())
