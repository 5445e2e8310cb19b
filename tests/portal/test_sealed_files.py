"""What lies on the disk tells nothing, and what was touched is not handed out."""

import os
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from django.shortcuts import get_object_or_404
from django.test import Client
from django.urls import reverse

from members.models import Organization, User
from portal.actions import job as jobs
from portal.documents import Document, documents
from portal.models import Job
from portal.sealed_files import HEAD, PIECE, SALT_BYTES, SEALED_PIECE, Damaged, read_sealed, sealed, size_unsealed
from tests import factories as make

START = len(HEAD) + SALT_BYTES
NAME = "阿卜杜拉·买买提党支部"


def close(content: bytes, context: str = "here") -> bytes:
    return b"".join(sealed(content, context))


def read(data: bytes, context: str = "here") -> bytes:
    return read_sealed(BytesIO(data), context)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_is_read_is_what_was_sealed(size: int) -> None:
    content = bytes(n % 251 for n in range(97)) * (size // 97 + 1)
    lying = close(content[:size])
    assert read(lying) == content[:size]
    assert size_unsealed(len(lying)) == size
    assert close(content[:size]) != lying, "two files of the same content do not look the same"


def pieces(data: bytes) -> list[bytes]:
    return [data[n : n + SEALED_PIECE] for n in range(START, len(data), SEALED_PIECE)]


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "a bit": lambda data: data[: START + 9] + bytes([data[START + 9] ^ 1]) + data[START + 10 :],
    "the salt": lambda data: HEAD + bytes(SALT_BYTES) + data[START:],
    "the end of a piece": lambda data: data[:-1],
    "the last piece": lambda data: data[: -len(pieces(data)[-1])],
    "the order": lambda data: data[:START] + b"".join([pieces(data)[1], pieces(data)[0], *pieces(data)[2:]]),
    "a piece in the middle": lambda data: data[:START] + pieces(data)[0] + pieces(data)[2],
    "more at the end": lambda data: data + b"x",
    "all": lambda data: b"",
    "all but the head": lambda data: data[:START],
    "never sealed": lambda data: b"%PDF-1.7 " + data,
}


@pytest.mark.parametrize("what", TAMPERED)
def test_nothing_can_be_changed_unnoticed(what: str) -> None:
    data = close(b"a" * (2 * PIECE + 5))
    with pytest.raises(Damaged):
        read(TAMPERED[what](data))


def test_a_file_of_another_place_is_no_file_of_this_one() -> None:
    with pytest.raises(Damaged):
        read(close(b"x", "there"))


def test_a_large_file_needs_no_more_than_three_times_its_size(tmp_path_factory: pytest.TempPathFactory) -> None:
    size, path = 30 * PIECE, tmp_path_factory.mktemp("sealed") / "file"
    tracemalloc.start()
    try:
        content = bytes(size)
        with path.open("wb") as file:
            file.writelines(sealed(content, "here"))
        assert tracemalloc.get_traced_memory()[1] < 1.5 * size
        del content
        with path.open("rb") as file:
            assert len(read_sealed(file, "here")) == size
        assert tracemalloc.get_traced_memory()[1] < 3 * size
    finally:
        tracemalloc.stop()


def signed(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Job:
    """A sheet that names the branch, made as a worker makes it."""
    sheet = Document(
        code="sheet",
        label="试印表",
        find=lambda params, user: get_object_or_404(Organization.objects.visible_to(user), pk=params["organization"]),
        title=str,
        template="portal/print/form.html",
    )
    monkeypatch.setitem(documents._items, "sheet", sheet)
    home = make.branch(name=NAME)
    job = jobs.submit(
        kind="print",
        title="试印表",
        params={"document": "sheet", "format": "pdf", "params": {"organization": str(home.pk)}},
        by=make.secretary(home),
    )
    jobs.run(job_id=job.pk)
    return Job.objects.get(pk=job.pk)


@pytest.mark.django_db
def test_a_printed_sheet_lies_sealed_and_comes_out_as_it_was_made(printed: Job) -> None:
    assert printed.state == "done", printed.message
    lying = printed.path.read_bytes()
    for told in (b"%PDF", b"/Title", NAME.encode(), NAME.encode("utf-16-be")):
        assert told not in lying
    client = signed(printed.by)
    response = client.get(reverse("job-download", args=[printed.pk]))
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert content == printed.read_file()
    assert content.startswith(b"%PDF")
    assert int(response.headers["Content-Length"]) == len(content) == printed.file_size
    assert quote(NAME) in response.headers["Content-Disposition"]


@pytest.mark.django_db
def test_a_damaged_result_is_told_and_not_handed_out(printed: Job) -> None:
    lying = printed.path.read_bytes()
    client = signed(printed.by)
    address = reverse("job-download", args=[printed.pk])
    for damaged in (lying[:-1], lying[:40] + bytes([lying[40] ^ 1]) + lying[41:], b"%PDF-1.7 open", b""):
        printed.path.write_bytes(damaged)
        assert client.get(reverse("job-detail", args=[printed.pk])).status_code == 200
        page = client.get(address, follow=True)
        assert page.redirect_chain[0][0] == reverse("job-detail", args=[printed.pk])
        assert "结果文件已损坏或被改动，不能下载。请回到原页面重新生成" in page.content.decode()


@pytest.mark.django_db
def test_results_are_cleared_away_when_their_days_are_over(printed: Job, settings: Any) -> None:
    days = timedelta(days=settings.JOB_RESULT_DAYS).total_seconds()
    left = printed.folder() / "0-left-by-a-worker-that-died"
    left.write_bytes(b"x")
    for path, age in ((printed.path, days - 3600), (left, days + 3600)):
        os.utime(path, (time.time() - age,) * 2)
    jobs.clear_results()
    assert not left.exists()
    assert printed.has_file
    os.utime(printed.path, (time.time() - days - 1,) * 2)
    jobs.clear_results()
    page = signed(printed.by).get(reverse("job-detail", args=[printed.pk])).content.decode()
    assert "结果文件已过保存期限并清除" in page


@pytest.mark.django_db
def test_the_file_of_one_job_does_not_serve_for_another(printed: Job) -> None:
    other = Job.objects.create(kind="print", title="x", state="done", file_name="x.pdf", by=make.user())
    other.path.write_bytes(printed.path.read_bytes())
    page = signed(other.by).get(reverse("job-download", args=[other.pk]), follow=True)
    assert "已损坏或被改动" in page.content.decode()
