"""Reading spreadsheets as they really arrive: .xlsx, .xls, .ods and .csv in UTF-8 or GB18030; what cannot be read says why."""

import csv
import io
import zipfile
from dataclasses import dataclass, field
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 300
MAX_CELLS = 6_000_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Unreadable(ValueError):
    """The file cannot be read as a table; the message (Chinese) says why and what to do."""


@dataclass
class Sheet:
    """One sheet: its name, and its rows as ``(row number as users see it, cell values)`` without the blank ones.

    Values are ``str`` (stripped), ``int``/``float``, ``datetime``/``date``, ``bool`` or ``None``. ``inherited`` holds cells
    ``(row number, column index)`` whose value came from a merged cell above.
    """

    name: str
    rows: list[tuple[int, list[Any]]]
    inherited: set[tuple[int, int]] = field(default_factory=set)


def column_letter(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_sheets(content: bytes) -> list[Sheet]:
    """All sheets with something in them. The kind of file is told by its content, not by its name. Raises ``Unreadable``."""
    if not content.strip(b"\x00 \r\n\t"):
        raise Unreadable("文件是空的。请检查是否选错了文件。")
    if content[:4] == b"PK\x03\x04":
        check_archive(content)
        return read_workbook(content)
    if content[:8] == OLE:
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Unreadable("文件设有打开密码。请在表格软件中取消密码后重新上传。")
        return read_workbook(content)
    return read_csv(content)


def check_archive(content: bytes) -> None:
    """Refuse archives that are no workbook or that unpack to far more than they hold, before anything is unpacked."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise Unreadable("文件已损坏，无法打开。请重新导出后上传。") from error
    names = {entry.filename for entry in entries}
    if not names & {"xl/workbook.xml", "content.xml"}:
        raise Unreadable("这不是表格文件。请上传 .xlsx、.xls、.ods 或 .csv 文件。")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED or any(
        e.file_size > 10_000_000 and e.file_size > MAX_RATIO * max(1, e.compress_size) for e in entries
    ):
        raise Unreadable("文件解压后过大，可能有大量空白的带格式行。请删除多余的行列，或只复制有内容的部分到新表格后上传。")


def read_workbook(content: bytes) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = []
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height * max(1, sheet.total_width) > MAX_CELLS:
                raise Unreadable(f"工作表“{name}”过大。请删除空白行列，或按组织拆分后分次上传。")
            rows = [list(row) for row in sheet.to_python(skip_empty_area=False)]
            inherited = fill_merged(rows, getattr(sheet, "merged_cell_ranges", None) or [])
            found.append(Sheet(name, numbered(rows), inherited))
    except CalamineError as error:
        raise Unreadable("文件无法读取，可能已损坏或设有密码。请用表格软件打开并另存为 .xlsx 后上传。") from error
    return [sheet for sheet in found if sheet.rows]


def fill_merged(rows: list[list[Any]], ranges: list[Any]) -> set[tuple[int, int]]:
    """Give the cells of a vertical merge the value of its first cell; returns which cells that were (row numbers from 1)."""
    filled = set()
    for (top, left), (bottom, right) in ranges:
        if left != right or top >= len(rows) or left >= len(rows[top]):
            continue
        for row in range(top + 1, min(bottom, len(rows) - 1) + 1):
            rows[row][left] = rows[top][left]
            filled.add((row + 1, left))
    return filled


def read_csv(content: bytes) -> list[Sheet]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable("文件的文字编码无法识别。请另存为 .xlsx，或保存为 UTF-8 编码的 .csv 后上传。")
    if any(ord(c) < 32 and c not in "\r\n\t" for c in text[:20000]):
        raise Unreadable("这不是表格文件。请上传 .xlsx、.xls、.ods 或 .csv 文件。")
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;，", key=first.count)
    try:
        rows: list[list[Any]] = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable("CSV 文件的引号或换行有误，无法读取。请另存为 .xlsx 后上传。") from error
    return [sheet for sheet in [Sheet("CSV", numbered(rows))] if sheet.rows]


def numbered(rows: list[list[Any]]) -> list[tuple[int, list[Any]]]:
    """Rows that hold something, with their numbers; texts stripped, empty texts ``None``."""
    result = []
    for number, row in enumerate(rows, start=1):
        values = [clean(value) for value in row]
        if any(value is not None for value in values):
            result.append((number, values))
    return result


def clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\u00a0", " ").replace("\u3000", " ").strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
