"""Opens one workbook in a process of its own: a damaged file can make the reader take all memory or end its process.

As a script: the workbook on standard input, its sheets as JSON on standard output; dates as ``{"d": "2005-07-01"}``.
"""

import io
import json
import resource
import sys
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MAX_CELLS = 6_000_000
MEMORY = 3 * 1024**3


def encoded(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return value if isinstance(value, str | int | float | bool) else str(value)


def sheets(content: bytes) -> list[dict[str, Any]]:
    """Every worksheet as its cells from A1 on; ``too_large`` in place of ``rows`` where there are too many."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found = []
    for each in book.sheets_metadata:
        if each.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(each.name)
        described: dict[str, Any] = {
            "name": each.name,
            "hidden": each.visible != SheetVisibleEnum.Visible,
            "merged": getattr(sheet, "merged_cell_ranges", None) or [],
        }
        if sheet.total_height * max(1, sheet.total_width) > MAX_CELLS:
            return [described | {"too_large": True}]
        rows = [[encoded(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
        found.append(described | {"rows": rows})
    return found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(sheets(sys.stdin.buffer.read()), ensure_ascii=True))
