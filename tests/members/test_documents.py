"""What the room prints."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from django.urls import reverse

from members.actions.account import create_missing
from members.models import Organization, User
from members.permissions import Role
from portal.documents import documents
from portal.models import Job, ReadLog
from portal.print_job import find_subject, page_of
from portal.printing import render_pdf
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home = make.branch(root, "财政局党支部")
    root.refresh_from_db()
    away = make.branch(root, "民政局党支部")
    person = make.member(home, "李䶮", phone="13900001234", born="1968-07", number="QL001", joined="1998")
    return {
        "root": Organization.objects.get(pk=root.pk), "home": home, "person": person,
        "secretary": make.secretary(home), "office": make.hat(Role.OFFICE, root),
        "committee": make.hat(Role.COMMITTEE, home), "administrator": make.hat(Role.ADMINISTRATOR, root),
        "overseer": make.hat(Role.OVERSEER, root), "outsider": make.secretary(away),
    }  # fmt: skip


def sheet(code: str, node: Organization, by: User) -> str:
    document, params = documents[code], {"organization": str(node.pk)}
    return page_of(document, find_subject(document, params, by), params, by)


def test_roll_masks_by_right_and_notes_who_printed_numbers(place: dict[str, Any]) -> None:
    full = sheet("roll", place["home"], place["secretary"])
    assert "13900001234" in full
    assert "1968年7月" in full
    assert ReadLog.objects.filter(object_id=place["person"].pk, reader=place["secretary"]).count() == 1
    masked = sheet("roll", place["home"], place["committee"])
    assert "139****34" in masked
    assert "13900001234" not in masked
    assert "1968年7月" not in masked
    assert ReadLog.objects.count() == 1
    assert "139****34" in sheet("roll", place["root"], place["office"])
    assert "民政局党支部" in sheet("roll", place["root"], place["office"])


def test_roll_becomes_a_sheet_and_a_table(place: dict[str, Any]) -> None:
    assert render_pdf(sheet("roll", place["home"], place["office"]), landscape=True).startswith(b"%PDF")
    params = {"organization": str(place["home"].pk)}
    asked = find_subject(documents["roll"], params, place["committee"])
    [table] = documents["roll"].tables(asked, params, place["committee"])  # type: ignore[misc]
    assert list(table.headings) == [
        "序号", "所在支部", "姓名", "性别", "民族", "出生年月", "学历", "职业",
        "入党时间", "转正时间", "职务", "类别", "联系电话",
    ]  # fmt: skip
    assert table.rows[0] == [1, "财政局党支部", "李䶮", "", "", "1968", "", "", "1998", "", "", "正式党员", "139****34"]


def test_the_roll_is_printed_as_it_was_filtered(place: dict[str, Any]) -> None:
    make.member(place["home"], "赵退休", tags=("retired",))
    make.member(place["home"], "孙离开", ended_on=date(2005, 3, 1), ending="moved")
    client = Client()
    client.force_login(place["secretary"])
    page = client.get(reverse("member-list", args=[place["home"].pk]), {"tag": "retired"}).text
    assert '<input type="hidden" name="tag" value="retired">' in page
    document, params = documents["roll"], {"organization": str(place["home"].pk), "tag": "retired"}
    asked = find_subject(document, params, place["secretary"])
    html = page_of(document, asked, params, place["secretary"])
    assert "赵退休" in html
    assert "李䶮" not in html
    assert "标签：离退休" in html
    [table] = document.tables(asked, params, place["secretary"])  # type: ignore[misc]
    assert [row[2] for row in table.rows] == ["赵退休"]
    everybody = sheet("roll", place["home"], place["secretary"])
    assert "李䶮" in everybody
    assert "孙离开" not in everybody


@pytest.mark.parametrize(
    ("code", "who", "error"),
    [
        ("roll", "administrator", PermissionDenied), ("roll", "overseer", PermissionDenied),
        ("roll", "outsider", Http404),
        ("login-slips", "committee", PermissionDenied), ("login-slips", "outsider", Http404),
    ],
)  # fmt: skip
def test_whoever_may_not_see_may_not_print(place: dict[str, Any], code: str, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        sheet(code, place["home"], place[who])
    client = Client()
    client.force_login(place[who])
    answer = client.post(reverse("document-print", args=[code]), {"organization": place["home"].pk})
    assert answer.status_code == (404 if error is Http404 else 403)
    assert not Job.objects.exists()


@pytest.mark.parametrize("key", ["", "x", "99999999999999999999", "-1"])
def test_an_odd_parameter_is_not_found(place: dict[str, Any], key: str) -> None:
    client = Client()
    client.force_login(place["office"])
    assert client.post(reverse("document-print", args=["roll"]), {"organization": key}).status_code == 404


def test_slips_show_all_that_is_needed_and_print(place: dict[str, Any]) -> None:
    create_missing(members=[place["person"]], at=place["home"], by=place["office"])
    html = sheet("login-slips", place["home"], place["administrator"])
    for part in ("李䶮", "财政局党支部", "ql001", reverse("sign-in"), "<svg"):
        assert part in html
    assert " style=" not in html
    assert render_pdf(html).startswith(b"%PDF")
