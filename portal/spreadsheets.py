"""Workbooks out of tables."""

from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from portal.documents import Table

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")


def safe(value: object) -> object:
    """A cell that no spreadsheet program takes for a formula: text that begins like one gets an apostrophe."""
    if isinstance(value, bool) or value is None or isinstance(value, (int, float)):
        return value
    return f"'{printable(value)}" if str(value).startswith(DANGEROUS) else printable(value)


def printable(value: object) -> str:
    return "".join(c for c in str(value) if c >= " " or c in "\t\n")


def write_text(sheet: Worksheet, row: int, values: Sequence[object]) -> None:
    """A row of text cells, each exactly as it is given: no formula, whatever it begins with, and no apostrophe that would come back."""
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row=row, column=column)
        cell.number_format = "@"
        if value is not None:
            cell.value, cell.data_type = printable(value), "s"


def write_workbook(tables: Sequence[Table]) -> bytes:
    """The tables as sheets of one .xlsx: headings in bold and frozen, cells escaped."""
    book = Workbook()
    book.remove(book.active)
    for number, table in enumerate(tables, 1):
        sheet = book.create_sheet("".join(c for c in table.title if c not in "[]:*?/\\")[:31] or f"表{number}")
        sheet.append([safe(h) for h in table.headings])
        for line, row in enumerate(table.rows, 2):
            if table.as_text:
                write_text(sheet, line, row)
            else:
                sheet.append([safe(v) for v in row])
        for column in range(1, len(table.headings) + 1):
            head = sheet.cell(row=1, column=column)
            head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
            dimension = sheet.column_dimensions[get_column_letter(column)]
            dimension.width = 18
            if table.as_text:
                dimension.number_format = "@"
        sheet.freeze_panes = "A2"
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
