"""Reading spreadsheets as they really arrive (.xlsx, .xls, .et, .ods, .csv), row by row; what cannot be read says why."""

import codecs
import csv
import io
import json
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.sheet_reader import EXIT_PASSWORD, EXIT_TOO_LARGE, MAX_CELLS, plain

MAX_UNPACKED = 600 * 1024 * 1024
MAX_RATIO = 300
# What a reader may take: enough for itself, and for what so many bytes of a real roster hold. A bomb is small and needs more.
BASE_MEMORY = 72 * 1024 * 1024
MEMORY_PER_BYTE = 40
# -P: the folder of the script is no place to import from before all others.
READER = [sys.executable, "-P", str(Path(__file__).with_name("sheet_reader.py"))]
READING_SECONDS = 300
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
KILLED_FOR_MEMORY = {-6, -9, -11, EXIT_TOO_LARGE}  # SIGABRT: Rust's answer to an allocation refused
NO_TABLE = "这不是表格文件。请上传 .xlsx、.xls、.ods 或 .csv 文件。"
WEB_PAGE = "这份文件其实是网页或 XML 文本，只是以表格的名字保存。请用表格软件打开，另存为 .xlsx 后上传。"
BROKEN = "文件无法读取，可能已损坏或设有密码。请用表格软件打开并另存为 .xlsx 后上传。"
LOCKED = "文件设有打开密码。请在表格软件中取消密码后重新上传。"
TOO_LARGE = "表格过大，可能有大量空白的带格式行列。请删除多余的行列，或按组织拆分后分次上传。"
FORCED_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)


class Unreadable(ValueError):
    """The file cannot be read as a table; the message (Chinese) says why and what to do."""


@dataclass
class Sheet:
    """One sheet: its name, and its rows as ``(row number as users see it, cell values)`` without the blank ones.

    ``rows`` can be gone through once, before the next sheet is asked for. Values are ``str`` (stripped), ``int``/``float`` or ``None``;
    dates are ``2005-07-01``, or ``2005-07`` where the cell shows year and month only; a formula error is its text (``#REF!``). A block
    of cells merged downwards has its value in each of its rows.
    """

    name: str
    rows: Iterator[tuple[int, list[Any]]] = field(default_factory=lambda: iter(()))
    hidden: bool = False


def column_letter(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_sheets(content: bytes, memory: int = 0) -> Iterator[Sheet]:
    """All sheets, one after the other; the kind of file is told by its content. Raises ``Unreadable``, at the latest at the end.

    ``memory``: how many bytes the reading process may take (0: in proportion to the file).
    """
    if not content.strip(b"\x00 \r\n\t"):
        raise Unreadable("文件是空的。请检查是否选错了文件。")
    memory = memory or BASE_MEMORY + MEMORY_PER_BYTE * len(content)
    if content[:4] == b"PK\x03\x04":
        check_archive(content)
        return read_workbook(content, memory)
    if content[:8] == OLE:
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Unreadable(LOCKED)
        return read_workbook(content, memory)
    return iter([Sheet("CSV", read_csv(content))])


def check_archive(content: bytes) -> None:
    """Refuse archives that are no workbook, or that say themselves that they unpack to far too much, before they are opened."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unreadable("文件已损坏，无法打开。请重新导出后上传。") from error
    if not {entry.filename for entry in entries} & {"xl/workbook.xml", "content.xml"}:
        raise Unreadable(NO_TABLE)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable(LOCKED)
    bombs = [e for e in entries if e.file_size > 10_000_000 and e.file_size > MAX_RATIO * max(1, e.compress_size)]
    if bombs or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Unreadable(TOO_LARGE)


def read_workbook(content: bytes, memory: int) -> Iterator[Sheet]:
    process = subprocess.Popen(
        [*READER, str(memory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    watch = threading.Timer(READING_SECONDS, process.kill)
    watch.start()
    try:
        lines = printed(process, content)
        following = next(lines)
        while "sheet" in following:
            sheet = Sheet(following["sheet"], hidden=following["hidden"])
            headers: list[dict[str, Any]] = []
            sheet.rows = rows_until_header(lines, headers)
            yield sheet
            for _ in sheet.rows:
                pass  # what nobody wanted to read
            [following] = headers
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()  # type: ignore[union-attr]


def printed(process: "subprocess.Popen[bytes]", content: bytes) -> Iterator[Any]:
    """What the reader prints, up to its last line; raises ``Unreadable`` when that never comes."""
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(content)  # it reads everything before it prints anything
        process.stdin.close()
    except BrokenPipeError:
        pass
    for line in process.stdout:
        found = json.loads(line)
        yield found
        if isinstance(found, dict) and "end" in found:
            return
    code = process.wait()
    raise Unreadable(TOO_LARGE if code in KILLED_FOR_MEMORY else LOCKED if code == EXIT_PASSWORD else BROKEN)


def rows_until_header(lines: Iterator[Any], headers: list[dict[str, Any]]) -> Iterator[tuple[int, list[Any]]]:
    for line in lines:
        if isinstance(line, dict):
            headers.append(line)
            return
        yield from ((number, cells) for number, cells in line)


def read_csv(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    encoding = encoding_of(content)
    beginning = content[:65536].decode(encoding, errors="ignore")[:20000]
    if any(ord(c) < 32 and c not in "\r\n\t\f" for c in beginning):
        raise Unreadable(NO_TABLE)
    if beginning.lstrip("\ufeff \r\n\t")[:1] == "<":
        raise Unreadable(WEB_PAGE)
    delimiter = max(",\t;，", key=beginning.count)
    text = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    cells = 0
    try:
        for number, row in enumerate(csv.reader(text, delimiter=delimiter), 1):
            values = [plain(FORCED_TEXT.sub(r"\1", value)) if value else None for value in row]
            cells += len(values)
            if cells > MAX_CELLS:
                raise Unreadable(TOO_LARGE)
            while values and values[-1] is None:
                values.pop()
            if values:
                yield number, values
    except csv.Error as error:
        raise Unreadable("CSV 文件的引号或换行有误，无法读取。请另存为 .xlsx 后上传。") from error


def encoding_of(content: bytes) -> str:
    """That of a .csv: UTF-8 with or without its mark, GB18030 (contains GBK), or UTF-16 with its mark."""
    marked = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for start in range(0, len(content), 1 << 20):
                decoder.decode(content[start : start + (1 << 20)])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable("文件的文字编码无法识别。请另存为 .xlsx，或保存为 UTF-8 编码的 .csv 后上传。")
