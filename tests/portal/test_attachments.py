"""Files that people attach: taken by what they are, kept sealed, seen by whoever sees the record."""

import io
import struct
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from campaign.models import StudyNote, StudySession
from portal.actions import attachment as actions
from portal.attachment_types import TYPES
from portal.attachments import safe_name
from portal.models import Attachment, AuditEntry
from tests import factories as make
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n"


@pytest.fixture
def here(settings: Any, tmp_path: Path) -> Unit:
    settings.MEDIA_ROOT = tmp_path
    return unit()


@pytest.fixture
def session(here: Unit) -> StudySession:
    return StudySession.objects.create(
        enrolment=here.enrolment, topic="学习党章", held_at=timezone.now(), by=here.secretary
    )


def word() -> bytes:
    file = io.BytesIO()
    docx.Document().save(file)
    return file.getvalue()


def excel() -> bytes:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    return file.getvalue()


def picture(form: str, size: tuple[int, int] = (900, 600)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, form)
    return file.getvalue()


def compound(*names: str) -> bytes:
    """A compound file of version 3 with empty streams of these names: one sector of table, one or two of directory."""
    entries = [("Root Entry", 5), *((name, 2) for name in names)]
    directory = b""
    for number, (name, kind) in enumerate(entries):
        raw = name.encode("utf-16-le") + b"\0\0"
        child = 1 if number == 0 and names else 0xFFFFFFFF
        right = number + 1 if 0 < number < len(names) else 0xFFFFFFFF
        directory += raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, right, child)
        directory += b"\0" * 36 + struct.pack("<IQ", 0xFFFFFFFE, 0)
    sectors = -(-len(directory) // 512)
    directory = directory.ljust(sectors * 512, b"\0")
    chain = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack("<HHHHH6sIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<I", 0).ljust(436, b"\xff")
    return head[:512] + table + directory


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def bomb() -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"\0" * (120 * 1024 * 1024)})


def with_macro() -> bytes:
    kinds = b'<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    return zipped({"[Content_Types].xml": kinds, "word/vbaProject.bin": b"x"})


def send(user: Any, session: StudySession, *files: tuple[str, bytes]) -> str:
    url = reverse("attachment-add", args=["study-session", session.pk])
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    return said(signed_in(user).post(url, {"files": sent}, follow=True))


def got(user: Any, attachment: Attachment) -> Any:
    return signed_in(user).get(reverse("attachment-download", args=[attachment.pk]))


MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 100
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\0" * 100
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42" + b"\0" * 100


@pytest.mark.parametrize(
    ("name", "content", "suffix"),
    [
        ("通知.pdf", PDF, "pdf"),
        ("讲稿.docx", word(), "docx"),
        ("讲稿.wps", word(), "docx"),
        ("签到.xlsx", excel(), "xlsx"),
        ("旧稿.doc", compound("WordDocument"), "doc"),
        ("旧稿.wps", compound("WordDocument"), "doc"),
        ("旧表.et", compound("Workbook"), "xls"),
        ("演示.dps", compound("PowerPoint Document"), "ppt"),
        ("现场.JPG", picture("JPEG"), "jpg"),
        ("截图.png", picture("PNG"), "png"),
        ("微信图片.jpg", picture("PNG"), "png"),
        ("录音.mp3", MP3, "mp3"),
        ("录音.m4a", M4A, "m4a"),
        ("录像.mp4", MP4, "mp4"),
    ],
)
def test_what_is_of_use_is_taken_and_comes_back_as_it_was(
    here: Unit, session: StudySession, name: str, content: bytes, suffix: str
) -> None:
    assert "已上传 1 个附件" in send(here.secretary, session, (name, content))
    row = Attachment.objects.get()
    assert row.suffix == suffix
    answer = got(here.secretary, row)
    assert b"".join(answer.streaming_content) == content
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert int(answer.headers["Content-Length"]) == len(content)
    assert content[:64] not in row.path.read_bytes(), "sealed at rest"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("空.pdf", b"", "文件是空的（0字节）"),
        ("网页.pdf", b"<!doctype html><script>alert(1)</script>", "按内容判断"),
        ("图.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "按内容判断"),
        ("图.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "按内容判断"),
        ("程序.docx", b"MZ\x90\x00" + b"\0" * 300, "按内容判断"),
        ("炸弹.docx", bomb(), "异常庞大"),
        ("宏.docx", with_macro(), "带有宏"),
        ("宏.docm", with_macro(), "带有宏"),
        ("旧宏.doc", compound("WordDocument", "_VBA_PROJECT"), "带有宏"),
        ("密.docx", compound("EncryptedPackage"), "加了密码"),
        ("包.zip", zipped({"a.txt": b"x"}), "压缩包不能上传"),
        ("断.docx", word()[:900], "已损坏"),
        ("断.doc", compound("WordDocument")[:600], "已损坏"),
        ("其实.docx", PDF, "内容却是PDF文档"),
        ("没有后缀", PDF, "内容却是PDF文档"),
        ("坏.jpg", picture("JPEG")[:200], "已损坏"),
        ("太大.png", picture("PNG", (9000, 8000)), "像素过多"),
    ],
)
def test_what_is_not_is_refused_by_name_with_the_reason(
    here: Unit, session: StudySession, name: str, content: bytes, why: str
) -> None:
    page = send(here.secretary, session, (name, content), ("好的.pdf", PDF))
    assert why in page
    assert name in page
    assert "已上传 1 个附件" in page, "the good one beside it is kept"
    assert Attachment.objects.get().name == "好的.pdf"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\照片\\a.pdf", "a.pdf"),
        ("通知\u202efdp.exe.pdf", "通知fdp.exe.pdf"),
        (".pdf", "附件.pdf"),
        ("长" * 200 + ".pdf", "长" * 100 + ".pdf"),
        ('a<b>"c\r\n.pdf', "a b c.pdf"),
        ("讲稿.PDF", "讲稿.pdf"),
    ],
)
def test_names_are_made_safe(name: str, kept: str) -> None:
    assert safe_name(name, TYPES["pdf"]) == kept


def test_too_large_and_too_many_are_refused_with_the_limit(here: Unit, session: StudySession, settings: Any) -> None:
    settings.ATTACHMENT_BYTES = 100
    page = send(here.secretary, session, ("大.pdf", PDF + b" " * 200))
    assert "大.pdf" in page
    assert "不能超过100" in page.replace("\xa0", "")
    settings.ATTACHMENT_BYTES, settings.ATTACHMENTS_EACH = 10_000, 1
    page = send(here.secretary, session, ("一.pdf", PDF), ("二.pdf", PDF + b"2"))
    assert "已上传 1 个附件" in page
    assert "最多放1个附件" in page
    settings.ATTACHMENTS_EACH, settings.ATTACHMENTS_EACH_BYTES = 9, len(PDF) + 3
    assert "合计不能超过" in send(here.secretary, session, ("三.pdf", PDF + b"33333"))


def test_a_body_that_announces_two_hundred_megabytes_is_not_read(here: Unit, session: StudySession) -> None:
    url = reverse("attachment-add", args=["study-session", session.pk])
    client = signed_in(here.secretary)
    answer = client.post(url, {"files": SimpleUploadedFile("a.pdf", PDF)}, CONTENT_LENGTH=str(200 * 1024 * 1024))
    assert answer.status_code == 413
    assert not Attachment.objects.exists()


def test_the_same_file_twice_is_one_attachment(here: Unit, session: StudySession) -> None:
    send(here.secretary, session, ("一.pdf", PDF))
    assert "没有重复保存：一.pdf" in send(here.secretary, session, ("又一次.pdf", PDF))
    assert Attachment.objects.count() == 1
    assert AuditEntry.objects.filter(verb="上传附件").count() == 1
    assert "没有选择文件" in send(here.secretary, session)


def test_who_sees_the_record_sees_its_files_and_nobody_else(here: Unit, session: StudySession) -> None:
    send(here.secretary, session, ("现场.jpg", picture("JPEG")))
    row = Attachment.objects.get()
    member = make.user(here.people()[0].member)
    small = reverse("attachment-picture", args=[row.pk])
    for reader, status in ((here.secretary, 200), (here.office, 200), (member, 200), (here.outsider, 404)):
        assert got(reader, row).status_code == status
        assert signed_in(reader).get(small).status_code == status
    drawn = Image.open(io.BytesIO(b"".join(signed_in(member).get(small).streaming_content)))
    assert max(drawn.size) == 480
    add = reverse("attachment-add", args=["study-session", session.pk])
    for reader, status in ((member, 403), (here.office, 403), (here.outsider, 404)):
        assert signed_in(reader).post(add, {"files": SimpleUploadedFile("a.pdf", PDF)}).status_code == status
        assert signed_in(reader).post(reverse("attachment-remove", args=[row.pk])).status_code == status
    assert signed_in(here.secretary).post(reverse("attachment-add", args=["nothing", 1])).status_code == 404
    assert Attachment.objects.count() == 1


def test_a_private_notes_files_are_private(here: Unit) -> None:
    one = here.people()[0]
    author = make.user(one.member)
    note = StudyNote.objects.create(participation=one, title="心得", body="x")
    url = reverse("attachment-add", args=["study-note", note.pk])
    signed_in(author).post(url, {"files": SimpleUploadedFile("a.pdf", PDF)})
    row = Attachment.objects.get()
    assert got(author, row).status_code == 200
    assert got(here.secretary, row).status_code == 404
    StudyNote.objects.update(circle="secretary")
    assert got(here.secretary, row).status_code == 200
    assert signed_in(here.secretary).post(url, {"files": SimpleUploadedFile("b.pdf", PDF)}).status_code == 403


def test_a_file_that_was_changed_on_the_disk_is_not_given_out(here: Unit, session: StudySession) -> None:
    send(here.secretary, session, ("一.pdf", PDF))
    row = Attachment.objects.get()
    content = bytearray(row.path.read_bytes())
    content[-1] ^= 1
    row.path.write_bytes(bytes(content))
    page = signed_in(here.secretary).get(reverse("attachment-download", args=[row.pk]), follow=True)
    assert "已损坏或找不到" in said(page)


def test_files_go_with_their_record(
    here: Unit, session: StudySession, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(here.secretary, session, ("一.pdf", PDF), ("二.pdf", PDF + b"2"))
    first, second = Attachment.objects.all()
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(here.secretary).post(reverse("attachment-remove", args=[first.pk]))
    assert not first.path.exists()
    session.delete()
    assert not Attachment.objects.exists()
    assert second.path.exists()
    assert actions.clear_orphans() == 0, "an upload that is under way is left alone"
    monkeypatch.setattr(actions.time, "time", lambda: second.path.stat().st_mtime + timedelta(days=2).total_seconds())
    assert actions.clear_orphans() == 1
    assert not second.path.exists()


def test_the_page_asks_no_more_as_files_grow(here: Unit, session: StudySession) -> None:
    client, url = signed_in(here.secretary), reverse("study-session-detail", args=[session.pk])
    send(here.secretary, session, ("一.pdf", PDF))
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    send(here.secretary, session, *((f"{n}.pdf", PDF + str(n).encode()) for n in range(8)))
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)
