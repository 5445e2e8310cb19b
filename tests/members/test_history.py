"""The history of a member's record: complete, sealed, masked, and read in full only on demand."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.history import Change, keep_changes
from members.models import Member, MemberChange
from members.permissions import Role
from portal.models import AuditEntry, ReadLog
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
OLD, NEW = "11010519491231002X", "110105196807010021"


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home = make.branch(root, "财政局党支部")
    root.refresh_from_db()
    away = make.branch(root, "民政局党支部")
    root.refresh_from_db()
    person = make.member(home, "李强", phone="13900001234", born="1968-07-01", joined="1998-07")
    person.set_identity(OLD)
    person.save()
    return {
        "root": root, "home": home, "away": away, "person": person, "author": make.user(person),
        "secretary": make.secretary(home), "office": make.hat(Role.OFFICE, root),
        "committee": make.hat(Role.COMMITTEE, home), "outsider": make.secretary(away),
        "overseer": make.hat(Role.OVERSEER, root),
    }  # fmt: skip


def edited(place: dict[str, Any]) -> None:
    facts = {"name": "李强", "status": "full", "joined": "1999", "born": "1968-08-02", "phone": "13811112222"}
    url = reverse("member-edit", args=[place["person"].pk])
    assert signed_in(place["secretary"]).post(url, facts | {"tags": ["frail"]}).status_code == 302


def test_every_act_on_a_member_is_kept_with_who_did_it(place: dict[str, Any]) -> None:
    client = signed_in(place["secretary"])
    client.post(reverse("member-create", args=[place["home"].pk]), {"name": "王芳", "status": "full", "born": "1970"})
    made = Member.objects.get(name="王芳")
    client.post(
        reverse("member-edit", args=[made.pk]), {"name": "王芳", "status": "full", "born": "1970", "post": "科长"}
    )
    client.post(reverse("member-mobility", args=[made.pk]), {"kind": "lost", "since": "2005-03-01", "place": "南方"})
    mobility = made.mobilities.get()
    client.post(
        reverse("search-attempt-list", args=[mobility.pk]),
        {"made_on": "2005-05-01", "how": "letter", "reached": "on", "submission": str(uuid4())},
    )
    client.post(reverse("member-leave", args=[made.pk]), {"ending": "moved", "ended_on": "2005-09-01"})
    client.post(reverse("member-come-back", args=[made.pk]))
    kept = list(made.history.order_by("pk"))
    assert [change.verb for change in kept] == [
        "编入名册", "修改党员信息", "登记失联", "结束失联", "离开名册：转出", "恢复在册",
    ]  # fmt: skip
    assert kept[0].values["出生年月"] == ["", "1970"]
    assert kept[1].values == {"职务": ["", "科长"]}
    assert kept[3].values["结束"] == ["", "2005-05-01"]
    assert kept[5].values["离开日期"] == ["2005-09-01", ""]
    assert {change.capacity for change in kept} == {"支部书记"}
    assert {change.by for change in kept} == {place["secretary"]}


def test_values_lie_sealed_and_the_audit_trail_has_none(place: dict[str, Any]) -> None:
    edited(place)
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes FROM members_memberchange")
        sealed = bytes(cursor.fetchone()[0])
    assert b"13811112222" not in sealed
    assert "联系电话".encode() not in sealed
    entry = AuditEntry.objects.get(verb="修改党员信息")
    assert "1381111" not in str(entry.details)
    assert set(entry.details) == {"fields"}
    assert place["person"].history.get().values["联系电话"] == ["13900001234", "13811112222"]


def test_numbers_are_masked_until_asked_for_and_the_asking_is_noted(place: dict[str, Any]) -> None:
    edited(place)
    for name in ("member-detail", "member-history"):
        page = signed_in(place["secretary"]).get(reverse(name, args=[place["person"].pk])).text
        assert "139****34 → 138****22" in page
        assert "1998年7月 → 1999年" in page
        assert "书记（支部书记）" in page
    full_url = reverse("member-history-contact", args=[place["person"].pk])
    full = signed_in(place["secretary"]).post(full_url)
    assert "13900001234 → 13811112222" in full.text
    assert "no-store" in full.headers["Cache-Control"]
    assert ReadLog.objects.filter(kind="member-contact", object_id=place["person"].pk).count() == 1
    for who, status in [("office", 403), ("committee", 403), ("author", 403), ("overseer", 404), ("outsider", 404)]:
        assert signed_in(place[who]).post(full_url).status_code == status, who


def test_who_may_not_see_numbers_or_births_is_told_only_that_they_changed(place: dict[str, Any]) -> None:
    edited(place)
    page = signed_in(place["committee"]).get(reverse("member-history", args=[place["person"].pk])).text
    assert "已改动" in page
    assert "139****34" not in page
    assert "1968年8月" not in page
    assert "年老体弱" in page


def test_history_pages_by_key_in_a_fixed_number_of_queries(place: dict[str, Any]) -> None:
    client, url = signed_in(place["secretary"]), reverse("member-history", args=[place["person"].pk])
    detail = reverse("member-detail", args=[place["person"].pk])
    edited(place)
    client.get(url)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url)
        with CaptureQueriesContext(connection) as more:
            record = client.get(detail)
        counts.append((len(queries), len(more)))
        keep_changes(
            (Change(place["person"].pk, f"第{n}次", {"职务": [str(n), str(n + 1)]}) for n in range(30)),
            by=place["office"],
        )
    assert counts[0] == counts[1]
    page, record = client.get(url), client.get(detail)
    assert "第29次" in page.text
    assert "第5次" not in page.text
    assert "第5次" in client.get(page.context["page"].next_url).text
    assert "全部变动" in record.text
    assert "第20次" not in record.text


def test_an_import_keeps_its_file_name_and_the_right_capacity(place: dict[str, Any]) -> None:
    other = make.member(place["away"], "赵敏")
    entries = [Change(pk, "导入名册", {"姓名": ["", "赵敏"]}) for pk in (place["person"].pk, other.pk)]
    with CaptureQueriesContext(connection) as queries:
        assert keep_changes(entries, by=place["office"], source="名册.xlsx") == 2
    assert len(queries) <= 4
    assert "来自 名册.xlsx" in signed_in(place["office"]).get(reverse("member-history", args=[other.pk])).text
    assert set(MemberChange.objects.values_list("capacity", flat=True)) == {"活动办公室"}
    keep_changes([Change(other.pk, "修改密码", {})], by=make.user(other))
    assert MemberChange.objects.first().capacity == "本人"  # type: ignore[union-attr]
    keep_changes([Change(other.pk, "自动", {})], by=None)
    page = signed_in(place["office"]).get(reverse("member-history", args=[other.pk])).text
    assert "系统" in page
    assert "没有改动登记内容" in page


def test_history_is_for_whoever_sees_the_member(place: dict[str, Any]) -> None:
    url = reverse("member-history", args=[place["person"].pk])
    expected = {"author": 200, "committee": 200, "office": 200, "overseer": 404, "outsider": 404}
    assert {who: signed_in(place[who]).get(url).status_code for who in expected} == expected
    assert not MemberChange.objects.visible_to(place["outsider"]).filter(member=place["person"]).exists()
