"""Asking for a document: only what exists, only in one's scope, only with the right, only in its formats."""

from typing import Any

import pytest
from django.shortcuts import get_object_or_404
from django.test import Client
from django.urls import reverse

from members.models import Organization, User
from members.permissions import Permission, Role
from portal.documents import Document, Table, documents
from portal.models import Job
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sheet(monkeypatch: pytest.MonkeyPatch) -> Document:
    made = Document(
        code="sheet",
        label="试印表",
        find=lambda params, user: get_object_or_404(Organization.objects.visible_to(user), pk=params["organization"]),
        title=lambda subject: f"{subject} 试印表",
        permission=Permission.PRINT_REPORT,
        tables=lambda subject, params, user: [Table("表", ["名称"], [[str(subject)]])],
    )
    monkeypatch.setitem(documents._items, "sheet", made)
    return made


def ask(user: User, at: Any, code: str = "sheet", **fields: str) -> Any:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.post(
        reverse("document-print", args=[code]),
        {"organization": at, **fields},
        HTTP_REFERER="http://testserver/notices/?read=no",
    )


def test_it_becomes_a_job_of_whoever_asked() -> None:
    home = make.branch(name="第一支部")
    secretary = make.secretary(home)
    response = ask(secretary, home.pk, since="2005-07-01")
    job = Job.objects.get()
    assert response.headers["Location"] == f"/jobs/{job.pk}/?back=%2Fnotices%2F%3Fread%3Dno"
    assert (job.kind, job.by, job.title) == ("print", secretary, "第一支部 试印表")
    assert job.params == {
        "document": "sheet",
        "params": {"organization": str(home.pk), "since": "2005-07-01"},
        "format": "xlsx",
        "hat": None,
    }


def test_a_foreign_subject_does_not_exist_and_a_missing_right_is_refused() -> None:
    home = make.branch()
    outsider = make.secretary(make.branch())
    plain_member = make.user(make.member(home))
    overseer = make.hat(Role.OVERSEER, home)
    assert ask(outsider, home.pk).status_code == 404
    assert ask(plain_member, home.pk).status_code == 403
    assert ask(overseer, home.pk).status_code == 403
    assert not Job.objects.exists()


def test_what_cannot_be_meant_is_refused_kindly() -> None:
    home = make.branch()
    secretary = make.secretary(home)
    assert ask(secretary, home.pk, code="no-such-sheet").status_code == 404
    assert ask(secretary, "一支部").status_code == 404
    assert ask(secretary, "9" * 30).status_code == 404
    refused = ask(secretary, home.pk, format="pdf")
    assert refused.status_code == 400
    assert "没有这种格式" in refused.content.decode()
    assert not Job.objects.exists()


def test_it_takes_a_form() -> None:
    client = Client()
    client.force_login(make.user(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("document-print", args=["sheet"])).status_code == 405


def test_a_button_pressed_twice_asks_once_until_a_worker_has_begun() -> None:
    home = make.branch()
    secretary = make.secretary(home)
    for _ in range(2):
        ask(secretary, home.pk)
    job = Job.objects.get(kind="print")
    job.claim()
    ask(secretary, home.pk)
    assert Job.objects.filter(kind="print").count() == 2, "what has begun may have read older records"
