"""Workbooks written by hand, as text: quick for large ones, and able to hold what a writer of workbooks would not write."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from portal.sheets import column_letter

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def cell(reference: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, int | float):
        return f'<c r="{reference}"><v>{value}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def row_text(number: int, values: Sequence[Any]) -> str:
    cells = "".join(cell(f"{column_letter(column)}{number}", value) for column, value in enumerate(values))
    return f'<row r="{number}">{cells}</row>'


def rows_text(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    return (row_text(number, values) for number, values in enumerate(rows, 1))


def workbook(sheets: dict[str, Iterable[str]], tail: str = "") -> bytes:
    """An .xlsx of sheets given as the texts of their rows; ``tail`` follows the rows of every sheet (merged cells)."""
    names = list(sheets)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{SHEET_TYPE}"/>'
            for n, _ in enumerate(names, 1)
        )
        archive.writestr(
            "[Content_Types].xml",
            f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{BOOK_TYPE}"/>{parts}</Types>',
        )
        archive.writestr("_rels/.rels", relations([("xl/workbook.xml", "officeDocument")]))
        links = "".join(f'<sheet name="{escape(x)}" sheetId="{n}" r:id="rId{n}"/>' for n, x in enumerate(names, 1))
        archive.writestr(
            "xl/workbook.xml", f'{HEAD}<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets>{links}</sheets></workbook>'
        )
        targets = [(f"worksheets/sheet{n}.xml", "worksheet") for n, _ in enumerate(names, 1)]
        archive.writestr("xl/_rels/workbook.xml.rels", relations(targets))
        for n, name in enumerate(names, 1):
            with archive.open(f"xl/worksheets/sheet{n}.xml", "w") as part:
                part.write(f"{HEAD}<worksheet {MAIN}><sheetData>".encode())
                for text in sheets[name]:
                    part.write(text.encode())
                part.write(f"</sheetData>{tail}</worksheet>".encode())
    return buffer.getvalue()


def relations(targets: list[tuple[str, str]]) -> str:
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(targets, 1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
