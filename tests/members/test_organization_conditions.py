"""Weak organisations and units in difficulties: entering a condition, leaving it with a record, and the registers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.models import Enrolment
from members.actions.condition import AlreadyLifted, lift, set_condition
from members.models import Organization, OrganizationCondition
from members.permissions import Role
from portal.documents import documents
from portal.models import AuditEntry
from portal.print_job import find_subject, page_of
from tests import factories as make
from tests.campaign.unit import prepared, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
WEAK = {"condition": "weak", "since": "2005-03-01", "reason": "两年没有开过组织生活会"}
LIFT = {"note": "调整了书记，恢复了组织生活", "name": "王芳", "on": str(TODAY)}


@pytest.fixture
def district() -> dict[str, Any]:
    root = make.organization("青岚区委")
    general = make.organization("机关党总支", root, kind="general-branch")
    home = make.branch(general, "财政局党支部", sector="government")
    factory = make.branch(general, "纺织厂党支部", sector="state-enterprise")
    away = make.branch(Organization.objects.get(pk=root.pk), "民政局党支部")
    return {
        "root": Organization.objects.get(pk=root.pk), "general": Organization.objects.get(pk=general.pk), "home": home,
        "factory": factory, "secretary": make.secretary(home), "outsider": make.secretary(away), "away": away,
        "office": make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk)),
        "own_office": make.hat(Role.OFFICE, home), "overseer": make.hat(Role.OVERSEER, root),
    }  # fmt: skip


def weaken(node: Organization, condition: str = "weak", by: Any = None) -> OrganizationCondition:
    return set_condition(organization=node, condition=condition, since=TODAY - timedelta(60), reason="不开会", by=by)[0]


def test_a_condition_needs_a_date_and_a_reason(district: dict[str, Any]) -> None:
    client, url = signed_in(district["office"]), reverse("condition-create", args=[district["home"].pk])
    page = client.post(url, WEAK | {"reason": "", "since": ""})
    assert page.status_code == 422
    assert "请写明认定的理由" in page.text
    assert "请填写起始日期" in page.text
    page = client.post(url, WEAK | {"since": str(TODAY + timedelta(1))})
    assert "不能晚于今天" in page.text
    assert not OrganizationCondition.objects.exists()
    page = client.post(url, WEAK, follow=True)
    assert "已登记：财政局党支部为“软弱涣散”" in page.text
    assert "两年没有开过组织生活会" in page.text
    district["home"].refresh_from_db()
    assert district["home"].is_blocked
    entry = AuditEntry.objects.get(verb="认定党组织状态")
    assert entry.details == {"condition": "软弱涣散", "since": "2005-03-01"}
    assert "尚未解除，不必重复登记" in client.post(url, WEAK).text


def test_it_is_lifted_with_what_was_done_and_a_name(district: dict[str, Any]) -> None:
    record = weaken(district["home"])
    client, url = signed_in(district["office"]), reverse("condition-lift", args=[record.pk])
    page = client.post(url, {"note": "", "name": "", "on": str(TODAY)})
    assert page.status_code == 422
    assert "请写明做了哪些工作" in page.text
    assert "请填写批准解除的负责人姓名" in page.text
    page = client.post(url, LIFT | {"on": str(record.since - timedelta(1))})
    assert "不能早于起始日期" in page.text
    page = client.post(url, LIFT, follow=True)
    assert "已解除财政局党支部的“软弱涣散”状态" in page.text
    assert "恢复了组织生活" in page.text
    assert "王芳批准" in page.text
    district["home"].refresh_from_db()
    assert district["home"].condition == "normal"
    assert "刚刚已由别人解除" in client.post(url, LIFT, follow=True).text


def test_two_at_once_are_told_from_each_other(district: dict[str, Any]) -> None:
    stopped, weak = weaken(district["factory"], "stopped"), weaken(district["factory"])
    factory = Organization.objects.get(pk=district["factory"].pk)
    assert factory.condition == "weak"
    lift(record=weak, on=TODAY, name="王芳", note="已整顿", by=district["office"])
    factory.refresh_from_db()
    assert (factory.condition, factory.is_blocked) == ("stopped", False)
    with pytest.raises(AlreadyLifted):
        lift(record=weak, on=TODAY, name="王芳", note="已整顿", by=district["office"])
    assert stopped in factory.conditions.holding()


def test_only_the_superior_lifts_what_blocks(district: dict[str, Any]) -> None:
    weak, stopped = weaken(district["home"]), weaken(district["home"], "stopped")
    own = signed_in(district["own_office"])
    assert own.get(reverse("condition-lift", args=[weak.pk])).status_code == 403
    assert own.post(reverse("condition-lift", args=[weak.pk]), LIFT).status_code == 403
    assert own.get(reverse("condition-lift", args=[stopped.pk])).status_code == 200
    assert signed_in(district["secretary"]).post(reverse("condition-lift", args=[weak.pk]), LIFT).status_code == 403
    assert signed_in(district["outsider"]).post(reverse("condition-lift", args=[weak.pk]), LIFT).status_code == 404
    assert weak in OrganizationCondition.objects.holding()


def test_the_condition_cannot_be_changed_by_editing(district: dict[str, Any]) -> None:
    weaken(district["home"])
    values = {"name": "财政局党支部", "code": district["home"].code, "kind": "branch", "condition": "normal"}
    signed_in(district["office"]).post(reverse("organization-edit", args=[district["home"].pk]), values)
    district["home"].refresh_from_db()
    assert district["home"].condition == "weak"


def test_a_weak_branch_starts_its_campaign_only_after_the_condition_is_lifted() -> None:
    """S0 五(一): 软弱涣散的先行整顿, 再开展活动."""
    fresh = unit(started=False)
    prepared(fresh.enrolment, fresh.secretary)
    office, secretary = signed_in(fresh.office), signed_in(fresh.secretary)
    start = reverse("enrolment-start", args=[fresh.enrolment.pk])
    office.post(reverse("condition-create", args=[fresh.branch.pk]), WEAK)
    assert "先行整顿" in secretary.post(start, follow=True).text
    assert fresh.fresh().state == Enrolment.State.PREPARING
    office.post(reverse("condition-lift", args=[OrganizationCondition.objects.get().pk]), LIFT)
    assert "已启动" in secretary.post(start, follow=True).text
    assert fresh.fresh().state == Enrolment.State.RUNNING


def test_registers_hold_what_belongs_to_them(district: dict[str, Any]) -> None:
    weaken(district["home"])
    weaken(district["factory"], "bankrupt")
    lift(record=weaken(district["factory"], "unclear"), on=TODAY, name="王芳", note="已明确隶属", by=None)
    client, url = signed_in(district["office"]), reverse("condition-list", args=[district["root"].pk])
    page = client.get(url).text
    assert "财政局党支部" in page
    assert "纺织厂党支部" not in page
    assert "已明确隶属" in client.get(url, {"state": "lifted"}).text
    page = client.get(url, {"group": "difficulty"}).text
    assert "纺织厂党支部" in page
    assert "财政局党支部" not in page
    assert "没有符合条件的记录" in client.get(url, {"sector": "village"}).text
    assert "财政局党支部" in client.get(url, {"sector": "government", "condition": "weak", "q": "财政"}).text
    assert "没有符合条件" in client.get(url, {"condition": "incomplete"}).text
    assert client.get(url, {"group": "?", "condition": "x", "after": "x", "q": "\x00"}).status_code == 200


def test_register_is_for_those_who_may_know_more_than_numbers(district: dict[str, Any]) -> None:
    weaken(district["home"])
    url = reverse("condition-list", args=[district["home"].pk])
    assert signed_in(district["secretary"]).get(url).status_code == 200
    assert signed_in(district["overseer"]).get(url).status_code == 403
    assert signed_in(district["outsider"]).get(url).status_code == 404
    for who, status in (("secretary", 403), ("overseer", 403), ("outsider", 404)):
        for name in ("condition-create", "organization-overseer"):
            assert signed_in(district[who]).post(reverse(name, args=[district["home"].pk]), WEAK).status_code == status


def test_register_on_paper_and_as_a_table_is_what_the_page_shows(district: dict[str, Any]) -> None:
    weaken(district["home"])
    weaken(district["factory"], "incomplete")
    given = {"organization": str(district["root"].pk), "group": "mend", "condition": "incomplete"}
    document = documents["condition-register"]
    register = find_subject(document, given, district["office"])
    assert document.title(register) == "青岚区委整顿台账"
    assert document.tables is not None
    rows = document.tables(register, given, district["office"])[0].rows
    assert [row[1] for row in rows] == ["纺织厂党支部"]
    assert "班子不健全" in page_of(document, register, given, district["office"])
    url = reverse("document-print", args=["condition-register"])
    assert signed_in(district["overseer"]).post(url, given).status_code == 403
    assert signed_in(district["outsider"]).post(url, given).status_code == 404


def test_register_asks_as_much_for_many_as_for_few(district: dict[str, Any]) -> None:
    client, url = signed_in(district["office"]), reverse("condition-list", args=[district["root"].pk])
    weaken(district["home"])
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(55):
        weaken(make.branch(district["general"]))
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(many) <= len(few)
    assert "下一页" in page.text


def test_the_register_offers_lifting_to_who_may(district: dict[str, Any]) -> None:
    record = weaken(district["home"])
    url, lift = reverse("condition-list", args=[district["home"].pk]), reverse("condition-lift", args=[record.pk])
    assert lift in signed_in(district["office"]).get(url).text
    assert lift not in signed_in(district["secretary"]).get(url).text
    signed_in(district["office"]).post(lift, LIFT)
    assert signed_in(district["office"]).get(lift).status_code == 302
