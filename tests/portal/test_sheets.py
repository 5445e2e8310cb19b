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

from portal.sheet_scan import ERROR, place
from portal.sheets import BASE_MEMORY, MEMORY_PER_BYTE, Unreadable, read_sheets
from tests.members.workbooks import row_text, workbook


def xlsx(fill: Callable[[Any], None]) -> bytes:
    book = Workbook()
    fill(book.active)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cells(content: bytes) -> list[tuple[int, list[Any]]]:
    [rows] = [list(sheet.rows) for sheet in read_sheets(content)]
    return rows


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

    assert cells(xlsx(fill)) == [(1, ["2005-07-01", "2005-07", "2005-07-01", "#REF!", "#公式没有结果"])]


def test_two_values_far_apart_do_not_fill_the_memory() -> None:
    def fill(sheet: Any) -> None:
        sheet["A1"], sheet["XFD1048576"] = 1, 2

    with pytest.raises(Unreadable, match="表格过大"):
        cells(xlsx(fill))
    with pytest.raises(Unreadable, match="表格过大"):
        cells(ods(ods_row("姓名", "支部"), ods_row("王", "一", repeat=90_000_000)))


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
        (2, ["第一党支部", "王芳"]),
        (3, ["第一党支部", "李强", "2005-07-01"]),
    ]
    assert cells(ods(ods_row("姓名"), ods_row("王芳"))) == [(1, ["姓名"]), (2, ["王芳"])]


@pytest.mark.parametrize("at", [520, 700, 1100, 1600, 2100])
def test_a_damaged_old_workbook_is_refused_and_the_worker_lives(at: int) -> None:
    content = bytearray(old_workbook())
    content[at : at + 24] = b"\xff" * 24
    with contextlib.suppress(Unreadable):
        assert all(list(sheet.rows) for sheet in read_sheets(bytes(content)))


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


LIMIT = 100 * 1024 * 1024


def blank_rows(count: int, columns: int) -> bytes:
    """As a spreadsheet program saves a table whose borders were drawn far below its last row."""
    blank = "".join(f'<c r="{chr(65 + c)}{{n}}" s="0"/>' for c in range(columns))
    rows = [row_text(1, ["姓名", "所在支部"]), row_text(2, ["王芳", "B1"])]
    return workbook(
        {"党员": [*rows, *(f'<row r="{n}">{blank.replace("{n}", str(n))}</row>' for n in range(3, count + 3))]}
    )


def test_blank_formatted_rows_are_read_within_a_hundred_megabytes() -> None:
    content = blank_rows(100_000, 20)
    [rows] = [list(sheet.rows) for sheet in read_sheets(content, memory=LIMIT)]
    assert rows == [(1, ["姓名", "所在支部"]), (2, ["王芳", "B1"])]


def far_apart() -> bytes:
    return workbook({"党员": [row_text(1, ["姓名"]), '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>']})


def one_endless_cell() -> bytes:
    return workbook({"党员": [f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"王" * 9_000_000}</t></is></c></row>']})


def the_same_cell_millions_of_times() -> bytes:
    return workbook({"党员": (row_text(n, ["甲"] * 50) for n in range(1, 60_001))})


def repeated_rows() -> bytes:
    return ods(ods_row("姓名", "支部"), ods_row("王", "一", repeat=90_000_000))


@pytest.mark.parametrize("bomb", [far_apart, one_endless_cell, the_same_cell_millions_of_times, repeated_rows])
def test_bombs_are_refused_by_a_reader_that_never_takes_more_than_its_limit(bomb: Callable[[], bytes]) -> None:
    """The limit is the kernel's: a reader that wanted more has ended, and the worker that asked it goes on."""
    content = bomb()
    with pytest.raises(Unreadable, match="表格过大"):
        assert all(list(sheet.rows) for sheet in read_sheets(content, memory=LIMIT))


def test_a_small_file_gets_a_small_reader_and_a_large_one_what_it_needs() -> None:
    assert BASE_MEMORY + MEMORY_PER_BYTE * 500_000 < LIMIT
    rows = (row_text(n, [f"党员{n}", f"第{n % 700}党支部", f"1101{n:014}", f"139{n:08}"]) for n in range(1, 40_001))
    [count] = [sum(1 for _ in sheet.rows) for sheet in read_sheets(workbook({"党员": rows}))]
    assert count == 40_000


def test_errors_and_months_are_found_however_the_file_writes_its_cells() -> None:
    styled = '<c t="e" r="B2"><f>A9</f><v>#REF!</v></c><c r="C2"><f>A1+1</f><v></v></c>'
    bare = b"<x:row><x:c/><x:c t='e'><x:v>#N/A</x:v></x:c></x:row>"
    found = cells(workbook({"甲": [row_text(1, ["姓名"]), f'<row r="2">{styled}</row>']}))
    assert found == [(1, ["姓名"]), (2, [None, "#REF!", "#公式没有结果"])]
    match = ERROR.search(bare)
    assert match
    assert place(bare, match, above=6) == (6, 1)


def test_formula_errors_of_old_workbooks_are_no_blanks() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名册")
    sheet.write(0, 0, "姓名")
    sheet.row(1).set_cell_error(0, "#REF!")
    buffer = io.BytesIO()
    book.save(buffer)
    assert cells(buffer.getvalue()) == [(1, ["姓名"]), (2, ["#REF!"])]
