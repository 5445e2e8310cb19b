"""The same as ``sheet_scan`` for the old binary workbooks (.xls, and .et of WPS): formula errors, and dates that show no day.

Reads just enough of the container ([MS-CFB]) and of the records ([MS-XLS]) to find the cells in question.
"""

import struct
import sys
from collections.abc import Iterator

if "sheet_scan" in sys.modules:  # inside the reading process, which knows nothing of the portal
    from sheet_scan import MONTH_FORMATS, Scan, is_month
else:
    from portal.sheet_scan import MONTH_FORMATS, Scan, is_month

FREE = 0xFFFFFFFA
FORMULA, EOF, BOUNDSHEET, MULRK, XF, NUMBER, BOOLERR, RK, FORMAT, BOF = (
    0x06, 0x0A, 0x85, 0xBD, 0xE0, 0x203, 0x205, 0x27E, 0x41E, 0x809,
)  # fmt: skip
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


def scan_xls(content: bytes) -> dict[str, Scan]:
    """Every sheet by name; nothing where the file is not built as expected, which is for the reader to say."""
    try:
        return scan_records(workbook_stream(content))
    except (struct.error, IndexError, ValueError, OverflowError):
        return {}


def workbook_stream(content: bytes) -> bytes:
    """The stream ``Workbook`` of the compound file; empty when there is none of the usual size."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    fats, directory = struct.unpack_from("<I", content, 44)[0], struct.unpack_from("<I", content, 48)[0]
    places = list(struct.unpack_from("<109I", content, 76))
    following = struct.unpack_from("<I", content, 68)[0]
    while following < FREE and len(places) < fats:
        more = struct.unpack_from(f"<{size // 4}I", content, size * (following + 1))
        places, following = [*places, *more[:-1]], more[-1]
    table: list[int] = []
    for sector in places[:fats]:
        table += struct.unpack_from(f"<{size // 4}I", content, size * (sector + 1))
    entries = chain(content, table, directory, size)
    for start in range(0, len(entries), 128):
        length = struct.unpack_from("<H", entries, start + 64)[0]
        name = entries[start : start + max(0, length - 2)].decode("utf-16-le", errors="replace")
        first, total = struct.unpack_from("<II", entries, start + 116)
        if name in {"Workbook", "Book"} and total >= 4096:
            return chain(content, table, first, size)[:total]
    return b""


def chain(content: bytes, table: list[int], sector: int, size: int) -> bytes:
    pieces: list[bytes] = []
    while sector < FREE and len(pieces) <= len(table):
        pieces.append(content[size * (sector + 1) : size * (sector + 2)])
        sector = table[sector]
    return b"".join(pieces)


def records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    while start + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, start)
        yield code, stream[start + 4 : start + 4 + length]
        start += 4 + length


def scan_records(stream: bytes) -> dict[str, Scan]:
    formats: dict[int, str] = {}
    styles: list[int] = []
    sheets: list[tuple[str, int]] = []
    for code, data in records(stream, 0):
        if code == FORMAT:
            formats[struct.unpack_from("<H", data)[0]] = string(data[2:], 2)
        elif code == XF:
            styles.append(struct.unpack_from("<H", data, 2)[0])
        elif code == BOUNDSHEET:
            sheets.append((string(data[6:], 1), struct.unpack_from("<I", data)[0]))
        elif code == EOF:
            break
    months = {
        number
        for number, style in enumerate(styles)
        if (is_month(formats[style]) if style in formats else style in MONTH_FORMATS)
    }
    return {name: scan_sheet(stream, start, months) for name, start in sheets}


def string(data: bytes, width: int) -> str:
    """A text that begins with its length in ``width`` bytes."""
    length = int.from_bytes(data[:width], "little")
    wide = data[width] & 1
    return data[width + 1 : width + 1 + length * (2 if wide else 1)].decode(
        "utf-16-le" if wide else "latin-1", "replace"
    )


def scan_sheet(stream: bytes, start: int, months: set[int]) -> Scan:
    found, depth = Scan(), 0
    for code, data in records(stream, start):
        if code in {NUMBER, RK, FORMULA, BOOLERR}:
            row, column, style = struct.unpack_from("<HHH", data)
            if code == FORMULA and data[12:14] == b"\xff\xff":
                if data[6] == 2:
                    found.note_error(row, column, ERRORS.get(data[8], "#VALUE!"))
            elif code == BOOLERR:
                if data[7]:
                    found.note_error(row, column, ERRORS.get(data[6], "#VALUE!"))
            elif style in months:
                found.note_month(row, column)
        elif code == MULRK and months:
            row, first = struct.unpack_from("<HH", data)
            for n in range((len(data) - 6) // 6):
                if struct.unpack_from("<H", data, 4 + 6 * n)[0] in months:
                    found.note_month(row, first + n)
        elif code == BOF:
            depth += 1
        elif code == EOF:
            depth -= 1
            if depth <= 0:
                break
    return found
