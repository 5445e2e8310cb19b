"""Reading spreadsheets as they really arrive (.xlsx, .xls, .ods, .csv); what cannot be read says why."""

import csv
import io
import json
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from portal.sheet_scan import MAX_CELLS, Scan, TooLarge, scan

MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 300
# -P: the folder of the script is no place to import from.
READER = [sys.executable, "-P", str(Path(__file__).with_name("sheet_reader.py"))]
READING_SECONDS = 300
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NO_TABLE = "这不是表格文件。请上传 .xlsx、.xls、.ods 或 .csv 文件。"
BROKEN = "文件无法读取，可能已损坏或设有密码。请用表格软件打开并另存为 .xlsx 后上传。"
BROKEN_ARCHIVE = (ParseError, ExpatError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError, OSError)
TOO_LARGE = "表格过大，可能有大量空白的带格式行列。请删除多余的行列，或按组织拆分后分次上传。"


class Unreadable(ValueError):
    """The file cannot be read as a table; the message (Chinese) says why and what to do."""


@dataclass
class Sheet:
    """One sheet: its name, and its rows as ``(row number as users see it, cell values)`` without the blank ones.

    Values are ``str`` (stripped), ``int``/``float``, ``date``, ``bool`` or ``None``. A date that shows year and month
    only is the text ``2005-07``; a formula error is its text (``#REF!``). ``inherited`` holds cells ``(row number,
    column index)`` whose value came from a merged cell above.
    """

    name: str
    rows: list[tuple[int, list[Any]]]
    inherited: set[tuple[int, int]] = field(default_factory=set)
    hidden: bool = False


def column_letter(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_sheets(content: bytes) -> list[Sheet]:
    """All sheets with something in them; the kind of file is told by its content. Raises ``Unreadable``."""
    if not content.strip(b"\x00 \r\n\t"):
        raise Unreadable("文件是空的。请检查是否选错了文件。")
    if content[:4] == b"PK\x03\x04":
        return read_workbook(content, check_archive(content))
    if content[:8] == OLE:
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Unreadable("文件设有打开密码。请在表格软件中取消密码后重新上传。")
        return read_workbook(content, {})
    return read_csv(content)


def check_archive(content: bytes) -> dict[str, Scan]:
    """Refuse archives that are no workbook or that unpack to far too much, before they are opened; scan the others."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Unreadable("文件已损坏，无法打开。请重新导出后上传。") from error
    entries = archive.infolist()
    if not {entry.filename for entry in entries} & {"xl/workbook.xml", "content.xml"}:
        raise Unreadable(NO_TABLE)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED or any(
        e.file_size > 10_000_000 and e.file_size > MAX_RATIO * max(1, e.compress_size) for e in entries
    ):
        raise Unreadable(TOO_LARGE)
    try:
        return scan(archive)
    except TooLarge as error:
        raise Unreadable(TOO_LARGE) from error
    except (
        ParseError,
        ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        RuntimeError,
        OSError,
    ) as error:
        raise Unreadable(BROKEN) from error


def read_workbook(content: bytes, scans: dict[str, Scan]) -> list[Sheet]:
    try:
        done = subprocess.run(READER, input=content, capture_output=True, timeout=READING_SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise Unreadable(TOO_LARGE) from error
    except subprocess.CalledProcessError as error:
        raise Unreadable(BROKEN) from error
    found = [read_sheet(each, scans.get(each["name"], Scan())) for each in json.loads(done.stdout)]
    return [sheet for sheet in found if sheet.rows]


def read_sheet(each: dict[str, Any], known: Scan) -> Sheet:
    if "too_large" in each:
        raise Unreadable(TOO_LARGE)
    rows = [[date.fromisoformat(v["d"]) if isinstance(v, dict) else v for v in row] for row in each["rows"]]
    for (row, column), text in known.errors.items():
        rows += [[] for _ in range(row - len(rows))]
        rows[row - 1] += [""] * (column + 1 - len(rows[row - 1]))
        rows[row - 1][column] = text
    for row, column in known.months:
        if row <= len(rows) and column < len(rows[row - 1]):
            rows[row - 1][column] = month(rows[row - 1][column])
    inherited = fill_merged(rows, each["merged"])
    return Sheet(each["name"], numbered(rows), inherited, each["hidden"])


def month(value: Any) -> Any:
    """A date, or a serial number, as year and month."""
    if isinstance(value, int | float) and 0 < value < 2958466:
        value = date(1899, 12, 30) + timedelta(int(value))
    return f"{value:%Y-%m}" if isinstance(value, date) else value


def fill_merged(rows: list[list[Any]], ranges: list[Any]) -> set[tuple[int, int]]:
    """Give the first column of a vertical merge the value of its first cell; returns which cells that were."""
    filled = set()
    for (top, left), (bottom, _) in ranges:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        for row in range(top + 1, min(bottom, len(rows) - 1) + 1):
            rows[row][left] = rows[top][left]
            filled.add((row + 1, left))
    return filled


def read_csv(content: bytes) -> list[Sheet]:
    text = decoded(content)
    if any(ord(c) < 32 and c not in "\r\n\t" for c in text[:20000]):
        raise Unreadable(NO_TABLE)
    beginning = text[:20000]
    delimiter = max(",\t;，", key=beginning.count)
    if text.count(delimiter) + text.count("\n") > MAX_CELLS:
        raise Unreadable(TOO_LARGE)
    try:
        rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable("CSV 文件的引号或换行有误，无法读取。请另存为 .xlsx 后上传。") from error
    return [sheet for sheet in [Sheet("CSV", numbered(rows))] if sheet.rows]


def decoded(content: bytes) -> str:
    """The text of a .csv: UTF-8 with or without its mark, GB18030 (contains GBK), or UTF-16 with its mark."""
    marked = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("文件的文字编码无法识别。请另存为 .xlsx，或保存为 UTF-8 编码的 .csv 后上传。")


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
