"""What an attached file is, by its content and never by its name; what cannot be told or must not be passed on is refused."""

import io
import warnings
import zipfile
from dataclasses import dataclass
from typing import IO, Any

import filetype
import olefile
from PIL import Image, ImageOps, UnidentifiedImageError

# Parts of an office file: more of them, or more bytes once unpacked, than any honest one has.
MOST_PARTS = 10_000
MOST_UNPACKED = 400 * 1024 * 1024
MOST_RATIO = 150
LONGEST_INDEX = 2 * 1024 * 1024
MOST_PIXELS = 60_000_000
SMALL_SIDE = 480


class Refused(ValueError):
    """The file is not taken; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class FileType:
    """One kind of file: the suffix its name gets, others that its name may have, and its media type."""

    suffix: str
    label: str
    media: str
    others: tuple[str, ...] = ()
    playing: bool = False
    picture: bool = False


OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES = {
    t.suffix: t
    for t in (
        FileType("pdf", "PDF文档", "application/pdf"),
        FileType("docx", "Word文档", f"{OFFICE}wordprocessingml.document", ("wps",)),
        FileType("xlsx", "Excel表格", f"{OFFICE}spreadsheetml.sheet", ("et",)),
        FileType("pptx", "PowerPoint演示", f"{OFFICE}presentationml.presentation", ("dps", "ppsx")),
        FileType("doc", "Word文档（97—2003）", "application/msword", ("wps",)),
        FileType("xls", "Excel表格（97—2003）", "application/vnd.ms-excel", ("et",)),
        FileType("ppt", "PowerPoint演示（97—2003）", "application/vnd.ms-powerpoint", ("dps", "pps")),
        FileType("jpg", "JPG图片", "image/jpeg", ("jpeg", "jfif"), picture=True),
        FileType("png", "PNG图片", "image/png", picture=True),
        FileType("mp3", "MP3录音", "audio/mpeg", playing=True),
        FileType("m4a", "M4A录音", "audio/mp4", ("aac",), playing=True),
        FileType("mp4", "MP4录像", "video/mp4", ("m4v",), playing=True),
    )
}
ACCEPTED = "PDF、Word、Excel、PowerPoint、WPS文字/表格/演示，JPG、PNG图片，MP3、M4A录音和MP4录像"
SUFFIXES = sorted({s for t in TYPES.values() for s in (t.suffix, *t.others)})
MAIN_PARTS = {
    "wordprocessingml.document.main+xml": "docx",
    "spreadsheetml.sheet.main+xml": "xlsx",
    "presentationml.presentation.main+xml": "pptx",
    "presentationml.slideshow.main+xml": "pptx",
}
STREAMS = {"worddocument": "doc", "workbook": "xls", "book": "xls", "powerpoint document": "ppt"}
MACROS = "文件带有宏，不能上传。请另存为不带宏的格式（如docx、xlsx、pptx）或PDF后再上传"
BROKEN = "文件已损坏或不完整，打不开。请用原程序打开检查后重新保存，再上传"


def told(file: IO[Any]) -> FileType:
    """The type of what is in ``file``; raises ``Refused``."""
    file.seek(0)
    head = file.read(8192)
    file.seek(0)
    if not head:
        raise Refused("文件是空的（0字节），请检查原文件")
    if head.startswith(b"%PDF-"):
        return TYPES["pdf"]
    if head.startswith(b"PK\x03\x04"):
        return zipped(file)
    if head.startswith(olefile.MAGIC):
        return compound(file)
    kind = filetype.guess(head)
    found = TYPES.get({"m4v": "mp4"}.get(kind.extension, kind.extension)) if kind else None
    if found is None or not (found.picture or found.playing):
        raise Refused(f"不是可以上传的类型（按内容判断，与文件名无关）。可以上传：{ACCEPTED}")
    return found


def zipped(file: IO[Any]) -> FileType:
    """An office file of today; nothing of it is unpacked but its index of parts."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            packed, unpacked = sum(p.compress_size for p in parts), sum(p.file_size for p in parts)
            if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 200_000):
                raise Refused("解压后的内容异常庞大，可能有害，不能上传")
            names = [p.filename.lower() for p in parts]
            if "[content_types].xml" not in names:
                raise Refused("压缩包不能上传。请解开后分别上传其中的文件")
            index = parts[names.index("[content_types].xml")]
            if index.file_size > LONGEST_INDEX:
                raise Refused(BROKEN)
            listed = archive.read(index).decode("utf-8", errors="replace").lower()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(BROKEN) from error
    if "macroenabled" in listed or "vbaproject" in listed or any(n.endswith("vbaproject.bin") for n in names):
        raise Refused(MACROS)
    for main, suffix in MAIN_PARTS.items():
        if main in listed:
            return TYPES[suffix]
    raise Refused(f"不是可以上传的类型（按内容判断，与文件名无关）。可以上传：{ACCEPTED}")


def compound(file: IO[Any]) -> FileType:
    """An office file of former times, or of WPS; only the names of its parts are read."""
    try:
        with olefile.OleFileIO(file) as archive:
            names = [[part.lower() for part in entry] for entry in archive.listdir(streams=True, storages=True)]
    except (OSError, ValueError, IndexError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise Refused(BROKEN) from error
    finally:
        file.seek(0)
    flat = {part for entry in names for part in entry}
    if "encryptedpackage" in flat:
        raise Refused("文件加了密码，无法检查。请去掉密码后再上传")
    if flat & {"_vba_project", "_vba_project_cur", "vba", "macros"}:
        raise Refused(MACROS)
    tops = {entry[0] for entry in names}
    for stream, suffix in STREAMS.items():
        if stream in tops:
            return TYPES[suffix]
    raise Refused(f"不是可以上传的类型（按内容判断，与文件名无关）。可以上传：{ACCEPTED}")


def small_picture(file: IO[Any]) -> bytes:
    """The picture drawn anew, small, as JPEG, without anything that was written into the file (place, camera); raises ``Refused``."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=("JPEG", "PNG", "MPO")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Refused("图片的像素过多，请缩小后再上传")
                picture.draft("RGB", (SMALL_SIDE, SMALL_SIDE))
                drawn = ImageOps.exif_transpose(picture)
                drawn.thumbnail((SMALL_SIDE, SMALL_SIDE))
                paper = Image.new("RGB", drawn.size, "white")
                drawn = drawn.convert("RGBA")
                paper.paste(drawn, mask=drawn.getchannel("A"))
    except Refused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refused("图片的像素过多，请缩小后再上传") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise Refused(BROKEN) from error
    finally:
        file.seek(0)
    kept = io.BytesIO()
    paper.save(kept, "JPEG", quality=80)
    return kept.getvalue()
