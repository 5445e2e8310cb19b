"""Hats: given within one's scope, gone at the next request."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.progress.writing import figures_of
from members.models import Appointment, Organization, User
from members.permissions import Role
from portal.documents import documents
from portal.models import AuditEntry
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def typed(**fields: Any) -> dict[str, Any]:
    return {"role": Role.SECRETARY, "since": str(timezone.localdate())} | fields


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    general = make.organization("机关党总支", root, kind="general-branch")
    home = make.branch(general, "财政局党支部")
    root.refresh_from_db()
    away = make.branch(root, "民政局党支部")
    return {
        "root": Organization.objects.get(pk=root.pk), "general": Organization.objects.get(pk=general.pk),
        "home": home, "away": away, "person": make.member(home, "李强", number="QL001"),
        "secretary": make.secretary(home), "office": make.hat(Role.OFFICE, general),
        "administrator": make.hat(Role.ADMINISTRATOR, root), "outsider": make.hat(Role.OFFICE, away),
    }  # fmt: skip


def test_a_member_becomes_secretary_and_gets_an_account(place: dict[str, Any]) -> None:
    campaign = make.campaign(
        place["root"], (("secretary-appointed", "all-branches"), ("member-in-contact", "secretaries"))
    )
    make.enrolment(campaign, place["home"])
    Appointment.objects.filter(user=place["secretary"]).update(revoked_at=timezone.now())
    appointed, secretaries = campaign.requirements.order_by("number")
    client, url = signed_in(place["office"]), reverse("appointment-create", args=[place["home"].pk])
    page = client.post(url, typed(person="李 强"), follow=True)
    assert "李强任财政局党支部支部书记（账号 ql001）" in page.text
    assert "支部书记" in client.get(reverse("organization-detail", args=[place["home"].pk])).text
    account = User.objects.get(member=place["person"])
    assert [hat.role for hat in account.hats] == ["secretary"]
    assert figures_of(campaign, place["root"])[appointed.pk].done == 1
    assert figures_of(campaign, place["root"])[secretaries.pk].total == 1
    client.post(reverse("appointment-revoke", args=[account.hats[0].pk]))
    assert figures_of(campaign, place["root"])[appointed.pk].done == 0
    assert figures_of(campaign, place["root"])[secretaries.pk].total == 0


def test_a_revoked_hat_ends_access_at_the_next_request(place: dict[str, Any]) -> None:
    secretary, url = signed_in(place["secretary"]), reverse("member-list", args=[place["home"].pk])
    assert secretary.get(url).status_code == 200
    hat = place["secretary"].appointments.get()
    page = signed_in(place["office"]).post(reverse("appointment-revoke", args=[hat.pk]), follow=True)
    assert "立即生效" in page.text
    assert secretary.get(url).status_code == 403
    page = signed_in(place["office"]).post(reverse("appointment-revoke", args=[hat.pk]), follow=True)
    assert "此前已经撤销" in page.text
    assert AuditEntry.objects.filter(verb="撤销支部书记").count() == 1


def test_nobody_grants_outside_their_scope_or_without_the_right(place: dict[str, Any]) -> None:
    for who, at, status in [
        ("secretary", "home", 403), ("office", "root", 404), ("office", "away", 404),
        ("outsider", "home", 404), ("office", "home", 302), ("administrator", "root", 422),
    ]:  # fmt: skip
        url = reverse("appointment-create", args=[place[at].pk])
        assert signed_in(place[who]).post(url, typed(person="李强")).status_code == status, (who, at)
    hat = place["secretary"].appointments.get()
    url = reverse("appointment-revoke", args=[hat.pk])
    assert signed_in(place["secretary"]).post(url).status_code == 403
    assert signed_in(place["outsider"]).post(url).status_code == 404
    hat.refresh_from_db()
    assert hat.revoked_at is None


def test_nobody_shuts_themselves_out(place: dict[str, Any]) -> None:
    hat = place["administrator"].appointments.get()
    client = signed_in(place["administrator"])
    page = client.post(reverse("appointment-revoke", args=[hat.pk]), follow=True)
    assert "最后一项" in page.text
    hat.refresh_from_db()
    assert hat.revoked_at is None
    make.hat(Role.OFFICE, place["root"], account=place["administrator"])
    client.post(reverse("appointment-revoke", args=[hat.pk]))
    hat.refresh_from_db()
    assert hat.revoked_at is not None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"person": ""}, "请填写由谁担任"),
        ({"person": "无此人"}, "名册上没有这位党员"),
        ({"person": "李强", "role": ""}, "请选择职责"),
        ({"person": "李强", "until": "2005-01-01"}, "结束日期不能早于起始日期"),
        ({"person": "李强", "since": "明天"}, "起始日期不是有效的日期"),
    ],
)
def test_bad_input_is_named_and_stays(place: dict[str, Any], fields: dict[str, str], reason: str) -> None:
    url = reverse("appointment-create", args=[place["home"].pk])
    page = signed_in(place["office"]).post(url, typed(**fields))
    assert page.status_code == 422
    assert reason in page.text
    assert not fields["person"] or f'value="{fields["person"]}"' in page.text
    assert not Appointment.objects.filter(user__member=place["person"]).exists()


def test_of_two_of_one_name_one_is_chosen(place: dict[str, Any]) -> None:
    other = make.member(place["home"], "李强", number="QL002")
    client, url = signed_in(place["office"]), reverse("appointment-create", args=[place["home"].pk])
    page = client.post(url, typed(person="李强"))
    assert "同名的不止一位" in page.text
    assert "编号 QL002" in page.text
    client.post(url, typed(person="李强", which=f"member-{other.pk}"))
    assert Appointment.objects.get(role="secretary", user__member=other).organization == place["home"]


def test_the_same_hat_is_not_given_twice_but_again_after_it_ran_out(place: dict[str, Any]) -> None:
    client, url = signed_in(place["office"]), reverse("appointment-create", args=[place["home"].pk])
    username = place["secretary"].username
    page = client.post(url, typed(person=username))
    assert "已在财政局党支部担任这个职责" in page.text
    yesterday = timezone.localdate() - timedelta(1)
    place["secretary"].appointments.update(since=yesterday, until=yesterday)
    assert client.post(url, typed(person=username)).status_code == 302
    assert place["secretary"].appointments.current().count() == 1


def test_a_secretary_belongs_to_a_branch(place: dict[str, Any]) -> None:
    url = reverse("appointment-create", args=[place["general"].pk])
    client = signed_in(place["office"])
    assert "支部书记" not in client.get(url).text
    assert client.post(url, typed(person="李强")).status_code == 422
    assert client.post(url, typed(person="李强", role=Role.INSPECTOR)).status_code == 302


def listed(place: dict[str, Any], who: str = "office", **query: str) -> str:
    return signed_in(place[who]).get(reverse("appointment-list", args=[place["general"].pk]), query).text


def test_the_list_says_who_is_what_where_since_and_until(place: dict[str, Any]) -> None:
    today = timezone.localdate()
    hat = make.hat(Role.COMMITTEE, place["home"], of=place["person"]).appointments.get()
    for fields, state, words in [
        ({}, "current", "在任"),
        ({"until": today + timedelta(30)}, "expiring", "将到期"),
        ({"since": today + timedelta(1)}, "to-come", "未到任"),
        ({"since": today - timedelta(9), "until": today - timedelta(1)}, "ended", "已结束"),
        ({"revoked_at": timezone.now()}, "ended", "已结束"),
    ]:
        Appointment.objects.filter(pk=hat.pk).update(
            **{"since": today - timedelta(3), "until": None, "revoked_at": None} | fields
        )
        page = listed(place, state=state, name="李强")
        assert ">李强<" in page, state
        assert words in page
        others = {"current", "expiring", "to-come", "ended"} - {state} - ({"current"} if state == "expiring" else set())
        assert not any(">李强<" in listed(place, state=other) for other in others), state
        assert ">李强<" in listed(place, state="all")
    assert ">李强<" not in listed(place, state="all", role=Role.SECRETARY)
    assert "没有符合条件的任职" in listed(place, state="ended", role=Role.OVERSEER)


def test_the_list_is_for_those_who_see_appointments(place: dict[str, Any]) -> None:
    url = reverse("appointment-list", args=[place["home"].pk])
    overseer = make.hat(Role.OVERSEER, place["general"])
    plain = make.user(place["person"])
    for who, status in [
        (place["office"], 200), (place["secretary"], 200), (place["administrator"], 200),
        (overseer, 403), (plain, 403), (place["outsider"], 404),
    ]:  # fmt: skip
        assert signed_in(who).get(url).status_code == status, who
    assert signed_in(place["office"]).get(url, {"state": "x", "role": "?", "after": "y"}).status_code == 200


def test_the_list_stays_within_the_subtree_and_its_queries_within_bounds(place: dict[str, Any]) -> None:
    client, url = signed_in(place["office"]), reverse("appointment-list", args=[place["general"].pk])
    with CaptureQueriesContext(connection) as few:
        page = client.get(url).text
    assert "民政局党支部" not in page
    for _ in range(60):
        make.hat(Role.COMMITTEE, place["home"], of=make.member(place["home"]))
    with CaptureQueriesContext(connection) as many:
        page = client.get(url).text
    assert len(many) <= len(few)
    assert "下一页" in page


def test_the_list_becomes_a_table_with_the_same_filters(place: dict[str, Any]) -> None:
    today = timezone.localdate()
    hat = make.hat(Role.COMMITTEE, place["home"], of=place["person"]).appointments.get()
    Appointment.objects.filter(pk=hat.pk).update(since=today - timedelta(9), until=today - timedelta(1))
    document = documents["appointments"]
    assert document.formats == ("xlsx",)
    [ended] = document.tables(place["general"], {"state": "ended"}, place["office"])  # type: ignore[misc]
    assert ended.rows == [
        [1, "财政局党支部", "支部委员", "李强", hat.user.username, str(today - timedelta(9)), str(today - timedelta(1)), "已结束", ""]
    ]  # fmt: skip
    [current] = document.tables(place["general"], {}, place["office"])  # type: ignore[misc]
    assert [row[2] for row in current.rows] == ["活动办公室", "支部书记"]
    client, params = signed_in(place["office"]), {"organization": place["general"].pk, "format": "xlsx"}
    assert client.post(reverse("document-print", args=["appointments"]), params).status_code == 302
    plain = signed_in(make.user(make.member(place["home"])))
    params["organization"] = place["home"].pk
    assert plain.post(reverse("document-print", args=["appointments"]), params).status_code == 403
