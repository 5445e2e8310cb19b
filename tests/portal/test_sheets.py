"""Spreadsheets as they arrive: read for what they are, or refused in words before they can do harm."""

import contextlib
import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook
from openpyxl.styles import Font

from portal.sheets import Unreadable, read_sheets


def xlsx(fill: Callable[[Any], None]) -> bytes:
    book = Workbook()
    fill(book.active)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cells(content: bytes) -> list[tuple[int, list[Any]]]:
    [sheet] = read_sheets(content)
    return sheet.rows


def ods(*rows: TableRow) -> bytes:
    document, table = OpenDocumentSpreadsheet(), Table(name="名册")
    document.spreadsheet.addElement(table)
    for row in rows:
        table.addElement(row)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def ods_row(*texts: str, repeat: int = 1) -> TableRow:
    row = TableRow(numberrowsrepeated=repeat)
    for text in texts:
        cell = TableCell(valuetype="string")
        cell.addElement(P(text=text))
        row.addElement(cell)
    return row


def test_row_numbers_are_those_that_users_see() -> None:
    def fill(sheet: Any) -> None:
        sheet["B4"] = " 王\u00a0芳 "
        sheet["B9"] = "李强"

    assert cells(xlsx(fill)) == [(4, [None, "王 芳"]), (9, [None, "李强"])]


def test_dates_keep_what_the_cell_shows_and_formula_errors_are_not_blank() -> None:
    def fill(sheet: Any) -> None:
        for column, code in [("A", "yyyy-mm-dd"), ("B", 'yyyy"年"m"月"'), ("C", 'yyyy"年"m"月"d"日"')]:
            sheet[f"{column}1"] = date(2005, 7, 1)
            sheet[f"{column}1"].number_format = code
        sheet["D1"].value, sheet["D1"].data_type = "#REF!", "e"
        sheet["E1"] = "=A1+1"

    day = date(2005, 7, 1)
    assert cells(xlsx(fill)) == [(1, [day, "2005-07", day, "#REF!", "#公式没有结果"])]


def test_two_values_far_apart_do_not_fill_the_memory() -> None:
    def fill(sheet: Any) -> None:
        sheet["A1"], sheet["XFD1048576"] = 1, 2

    with pytest.raises(Unreadable, match="表格过大"):
        read_sheets(xlsx(fill))
    with pytest.raises(Unreadable, match="表格过大"):
        read_sheets(ods(ods_row("姓名", "支部"), ods_row("王", "一", repeat=90_000_000)))


def test_a_hundred_thousand_blank_formatted_rows_are_no_rows() -> None:
    def fill(sheet: Any) -> None:
        sheet["A1"] = "姓名"
        for row in range(2, 100_002):
            sheet.cell(row, 1).font = Font(bold=True)

    assert cells(xlsx(fill)) == [(1, ["姓名"])]


def test_an_archive_that_unpacks_to_far_more_is_not_opened() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(Unreadable, match="表格过大"):
        read_sheets(buffer.getvalue())


def old_workbook() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名册")
    for column, heading in enumerate(["支部", "姓名", "入党时间"]):
        sheet.write(0, column, heading)
    sheet.write_merge(1, 2, 0, 0, "第一党支部")
    sheet.write(1, 1, "王芳")
    sheet.write(2, 1, "李强")
    sheet.write(2, 2, date(2005, 7, 1), xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_old_workbooks_and_open_documents() -> None:
    assert cells(old_workbook())[1:] == [
        (2, ["第一党支部", "王芳", None]),
        (3, ["第一党支部", "李强", date(2005, 7, 1)]),
    ]
    assert cells(ods(ods_row("姓名"), ods_row("王芳"))) == [(1, ["姓名"]), (2, ["王芳"])]


@pytest.mark.parametrize("at", [520, 700, 1100, 1600, 2100])
def test_a_damaged_old_workbook_is_refused_and_the_worker_lives(at: int) -> None:
    content = bytearray(old_workbook())
    content[at : at + 24] = b"\xff" * 24
    with contextlib.suppress(Unreadable):
        assert all(sheet.rows for sheet in read_sheets(bytes(content)))


def test_hidden_sheets_say_so() -> None:
    book = Workbook()
    book.active.append(["姓名"])
    hidden = book.create_sheet("旧名册")
    hidden.append(["姓名"])
    hidden.sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    assert [sheet.hidden for sheet in read_sheets(buffer.getvalue())] == [False, True]


def test_tab_separated_text_below_a_title() -> None:
    text = "某区名册\n姓名\t支部\n王芳\t一支部\n"
    for encoding in ("utf-16", "gb18030"):
        assert cells(text.encode(encoding))[1] == (2, ["姓名", "支部"])


@pytest.mark.parametrize("name", ["word/document.xml", "readme.txt"])
def test_other_archives_are_no_spreadsheets(name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(Unreadable, match="不是表格文件"):
        read_sheets(buffer.getvalue())
