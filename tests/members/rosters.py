"""Rosters as they come out of spreadsheet programs, one per case of the product's list, made here byte by byte."""

import io
from datetime import date
from typing import Any

import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook
from openpyxl.styles import Font

from members.identity import canonical

OLD = "110100660821013"
NEW = canonical(OLD)
WITH_X = "11010019700101001X"
Rows = list[list[Any]]


def saved(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def csv(rows: Rows, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows).encode(encoding)


def xlsx(
    rows: Rows, *, merge: tuple[str, ...] = (), formats: dict[str, str] | None = None, name: str = "党员"
) -> bytes:
    """``merge``: blocks of cells (``A3:A5``); ``formats``: number formats by cell."""
    book = Workbook()
    book.active.title = name
    for row in rows:
        book.active.append(row)
    for cells in merge:
        book.active.merge_cells(cells)
    for cell, code in (formats or {}).items():
        book.active[cell].number_format = code
    return saved(book)


def several(**sheets: Rows) -> bytes:
    """A workbook of several sheets."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return saved(book)


def xls(
    rows: Rows, merged_first_column: tuple[int, int] | None = None, formats: dict[tuple[int, int], str] | None = None
) -> bytes:
    """The old format, which .et files of WPS share; ``merged_first_column``: from which row to which (from 0)."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("党员")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if merged_first_column and c == 0 and merged_first_column[0] <= r <= merged_first_column[1]:
                continue
            if value is not None:
                code = (formats or {}).get((r, c), "YYYY-MM-DD")
                sheet.write(r, c, value, xlwt.easyxf(num_format_str=code) if isinstance(value, date) else xlwt.easyxf())
    if merged_first_column:
        sheet.write_merge(*merged_first_column, 0, 0, rows[merged_first_column[0]][0])
    return saved(book)


def ods(rows: Rows, merged: dict[tuple[int, int], int] | None = None) -> bytes:
    """``merged``: how many rows the cell (row, column) goes down. Dates are ``(date, shown text)``."""
    document, table = OpenDocumentSpreadsheet(), Table(name="党员")
    document.spreadsheet.addElement(table)
    covered = {(r + n, c) for (r, c), height in (merged or {}).items() for n in range(1, height)}
    for r, values in enumerate(rows):
        row = TableRow()
        for c, value in enumerate(values):
            if (r, c) in covered:
                row.addElement(CoveredTableCell())
                continue
            height = (merged or {}).get((r, c), 1)
            span = {"numberrowsspanned": height, "numbercolumnsspanned": 1} if height > 1 else {}
            if isinstance(value, tuple):
                cell = TableCell(valuetype="date", datevalue=value[0].isoformat(), **span)
            else:
                cell = TableCell(valuetype="string", **span) if value is not None else TableCell(**span)
            if value is not None:
                cell.addElement(P(text=value[1] if isinstance(value, tuple) else str(value)))
            row.addElement(cell)
        table.addElement(row)
    return saved(document)


HEAD = ["所在支部", "姓名", "身份证号", "入党时间"]


def rounded_numbers() -> bytes:
    """Case 1: 18 digits stored as a number; the same as text after the damage; in scientific notation; the old number; a small x."""
    return xlsx(
        [
            HEAD,
            ["机关第一党支部", "王芳", 110100196608210136, None],
            ["机关第一党支部", "李强", "110100196608210000", None],
            ["机关第一党支部", "张伟", "1.10E+17", None],
            ["机关第一党支部", "刘洋", int(OLD), None],
            ["机关第一党支部", "陈静", WITH_X.lower(), None],
            ["机关第一党支部", "杨帆", "１１０１０１１９９００３０７７７５８", None],
        ]
    )


def wps_layout() -> bytes:
    """Case 3: as WPS saves it: two lines of title, headings over two rows, the branch merged over its members, totals, who filled it in."""
    return xlsx(
        [
            ["青岚区党员花名册", None, None, None, None, None],
            ["填报单位：区直机关工委", None, None, None, "2005年9月1日", None],
            ["所在支部", "基本情况", None, "党籍", None, "备注"],
            [None, "姓名", "性别", "入党", "转正", None],
            ["机关第一党支部", "王 芳", "女", "1995.7", "1996.7", "骨干"],
            [None, "李\u00a0强", "男", "1998年", "/", None],
            [None, "赵敏", "女", "2003年7月", "—", None],
            ["小计", "3人", None, None, None, None],
            ["机关第十一党支部", "钱进", "男", "２００１．７", None, None],
            ["合 计", "4人", None, None, None, None],
            ["填表人：孙梅", None, None, None, None, None],
        ],
        merge=("A1:F1", "A2:D2", "A3:A4", "B3:C3", "D3:E3", "F3:F4", "A5:A7"),
        name="Sheet1",
    )


def dates() -> bytes:
    """Case 4: every way in which people and programs write a date; the number is that of the row in the file."""
    written = [
        "2001.7", "2001年7月", "01-7-1", "2001/7/1 0:00:00", "2001", 2001, 2001.7, 37073, date(2001, 7, 1), date(2001, 7, 1),
        "20010701", "200107", "2001-07", "2001.07.01", "2001年7月1日", "２００１．７",
    ]  # fmt: skip
    rows = [
        ["机关第一党支部", f"党员{'甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳'[n]}", None, value]
        for n, value in enumerate(written)
    ]
    return xlsx([HEAD, *rows], formats={"D10": "yyyy-mm-dd", "D11": 'yyyy"年"m"月"'})


def names() -> bytes:
    """Case 5: spaces of all widths, dots of all sorts, characters beyond the basic plane."""
    return xlsx(
        [
            HEAD,
            *(["机关第一党支部", name, None, None] for name in [
                "王 芳", "李　强", "张\u00a0伟", "李䶮", "𠮷田", "阿卜杜拉•买买提", "艾山．吐尔逊", "古丽・阿不都", "玛丽亚‧卡德尔",
            ]),
        ]
    )  # fmt: skip


def formula_errors() -> bytes:
    """Case 7: other headings for the same things, columns nobody asked for, cells whose formula failed, 100,000 blank formatted rows."""
    book = Workbook()
    sheet = book.active
    sheet.append(["序号", "党员姓名", "党支部名称", "入党日期", "公民身份号码", "爱好"])
    sheet.append([1, "王芳", "机关第一党支部", "2001.7", None, "围棋"])
    sheet.append([2, "李强", None, "1998.7", None, None])
    sheet["C3"].value, sheet["C3"].data_type = "#REF!", "e"
    sheet.append([3, "=A9&B9", "机关第一党支部", None, None, None])
    for row in range(5, 100_005):
        sheet.cell(row, 2).font = Font(bold=True)
    return saved(book)


def organisations() -> bytes:
    """Case 8: children before their parents, a renamed branch, members in branches by old, new and short names."""
    return several(
        组织=[
            ["组织名称", "组织编码", "上级组织", "组织类型"],
            ["税务局第三党支部", "C3", "税务局党总支", "支部"],
            ["税务局党总支", "C", "区委", "总支"],
            ["机关第一联合党支部", "B1", None, "联合支部"],
        ],
        党员=[
            ["姓名", "所在支部"],
            ["王芳", "税务局三支部"],
            ["李强", "机关第一党支部"],
            ["张伟", "机关第一联合党支部"],
            ["赵敏", "机关十一支部"],
            ["钱进", "C3"],
        ],
    )
