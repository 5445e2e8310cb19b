"""A unit goes with another batch, is put off and taken up again, is a pilot unit, is put in order first."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaign.actions import enrolment as enrolments
from campaign.actions import gate as gates
from campaign.actions import postponement as postponements
from campaign.actions import study
from campaign.actions.refusal import Refused
from campaign.models import Enrolment, Postponement
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of
from members.actions import condition as conditions
from members.models import OrganizationCondition
from members.permissions import Role
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, prepared, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
OFFICE_PAGES = ("enrolment-batch", "enrolment-postpone", "enrolment-resume")
LATER = timedelta(days=30)


@pytest.fixture
def fresh() -> Unit:
    return unit(started=False)


@pytest.fixture
def here() -> Unit:
    return unit()


def page(here: Unit, name: str) -> str:
    return reverse(name, args=[here.enrolment.pk])


def test_the_office_decides_about_units(fresh: Unit) -> None:
    for name in OFFICE_PAGES:
        assert signed_in(fresh.office).get(page(fresh, name)).status_code == 200
        assert signed_in(fresh.secretary).get(page(fresh, name)).status_code == 403
        assert signed_in(fresh.outsider).get(page(fresh, name)).status_code == 404
    assert signed_in(fresh.secretary).post(page(fresh, "enrolment-pilot"), {"pilot": "yes"}).status_code == 403
    assert signed_in(fresh.outsider).post(page(fresh, "enrolment-pilot"), {"pilot": "yes"}).status_code == 404


def test_a_unit_that_has_not_begun_goes_with_another_batch_and_its_dates(fresh: Unit) -> None:
    second = fresh.campaign.batches.get(number=2)
    client = signed_in(fresh.office)
    assert "请选择改到" in said(client.post(page(fresh, "enrolment-batch"), {"batch": ""}))
    assert "第二批" in said(client.post(page(fresh, "enrolment-batch"), {"batch": second.pk}, follow=True))
    now = fresh.fresh()
    assert (now.batch, now.starts_on, now.ends_on) == (second, second.starts_on, second.ends_on)
    assert {p.joined_on for p in fresh.people()} == {second.starts_on}
    windows = [(w.starts_on, w.ends_on) for w in second.windows.all()]
    assert [(r.starts_on, r.ends_on) for r in now.runs.all()] == windows
    assert not list(recount(fresh.campaign))


def test_a_unit_that_has_begun_stays_in_its_batch(here: Unit) -> None:
    second = here.campaign.batches.get(number=2)
    answer = signed_in(here.office).post(page(here, "enrolment-batch"), {"batch": second.pk}, follow=True)
    assert "还没有启动的单位" in said(answer)
    assert here.fresh().batch.number == 1
    assert "改编批次" not in said(signed_in(here.office).get(page(here, "enrolment-detail")))


def test_put_off_with_a_reason_and_taken_up_where_it_stood(here: Unit) -> None:
    client, url = signed_in(here.office), page(here, "enrolment-postpone")
    assert "须在今天以后" in said(client.post(url, {"reason": "停产", "until": TODAY()}))
    assert "请写明暂缓的理由" in said(client.post(url, {"reason": "", "until": TODAY() + LATER}))
    client.post(url, {"reason": "全厂停产检修", "until": TODAY() + LATER})
    assert here.fresh().state == Enrolment.State.POSTPONED
    shown = said(signed_in(here.secretary).get(page(here, "enrolment-detail")))
    assert "全厂停产检修" in shown
    assert "申请转段" not in shown
    assert "暂缓" in study.refusal(here.fresh())
    with pytest.raises(gates.GateRefused, match="暂缓"):
        gates.request(enrolment=here.fresh(), assessment="x", by=here.secretary)
    with pytest.raises(Refused, match="不能办理暂缓"):
        postponements.postpone(enrolment=here.fresh(), reason="x", until=TODAY() + LATER, by=here.office)
    fields = {"batch": here.fresh().batch_id, "note": "已复工"}
    client.post(page(here, "enrolment-resume"), fields)
    now = here.fresh()
    assert (now.state, now.phase.name) == (Enrolment.State.RUNNING, "学习动员")
    kept = Postponement.objects.get()
    assert (kept.reason, kept.by, kept.resumed_by, kept.resumed_note) == (
        "全厂停产检修",
        here.office,
        here.office,
        "已复工",
    )
    assert "不必恢复" in said(client.post(page(here, "enrolment-resume"), fields, follow=True))
    assert "已复工" in said(client.get(page(here, "enrolment-detail")))
    assert not list(recount(here.campaign))


def test_taken_up_with_a_later_batch_what_is_done_stays_done(here: Unit) -> None:
    before = list(here.enrolment.runs.values_list("state", "starts_on", "ends_on"))
    postponements.postpone(enrolment=here.enrolment, reason="改制", until=TODAY() + LATER, by=here.office)
    second = here.campaign.batches.get(number=2)
    postponements.resume(enrolment=here.fresh(), note="", batch=second, by=here.office)
    now = here.fresh()
    runs = list(now.runs.values_list("state", "starts_on", "ends_on"))
    assert now.batch == second
    assert runs[0] == before[0]
    assert runs[1][1] == before[1][1]
    assert runs[2][1:] == tuple(second.windows.values_list("starts_on", "ends_on")[2])
    assert not list(recount(here.campaign))


def test_a_request_that_waits_is_decided_before_putting_off(here: Unit) -> None:
    gates.request(enrolment=here.enrolment, assessment="x", by=here.secretary)
    with pytest.raises(Refused, match="正在等待审核"):
        postponements.postpone(enrolment=here.enrolment, reason="x", until=TODAY() + LATER, by=here.office)


def test_an_overdue_postponement_is_found(here: Unit) -> None:
    postponements.postpone(enrolment=here.enrolment, reason="停产", until=TODAY() + LATER, by=here.office)
    units = reverse("listing", args=[here.campaign.pk, here.root.pk, "units"])
    client = signed_in(here.office)
    assert "没有符合条件的" in said(client.get(units, {"mark": "overdue"}))
    Postponement.objects.update(since=TODAY() - 2 * LATER, until=TODAY() - LATER)
    assert "机关第一党支部" in said(client.get(units, {"mark": "overdue"}))
    assert "已到期" in said(client.get(page(here, "enrolment-detail")))


def test_pilot_units_are_marked_found_and_counted(fresh: Unit) -> None:
    client, units = signed_in(fresh.office), reverse("listing", args=[fresh.campaign.pk, fresh.root.pk, "units"])
    assert "<dt>试点单位</dt>" not in said(client.get(units))
    assert "已定为试点单位" in said(client.post(page(fresh, "enrolment-pilot"), {"pilot": "yes"}, follow=True))
    assert "<dt>试点单位</dt><dd>1</dd>" in said(client.get(units))
    assert "机关第一党支部" in said(client.get(units, {"mark": "pilot"}))
    client.post(page(fresh, "enrolment-pilot"))
    assert "没有符合条件的" in said(client.get(units, {"mark": "pilot"}))


def test_a_weak_organisation_starts_when_its_superior_has_lifted_it_with_a_record(fresh: Unit) -> None:
    """S0 五(一); S2 三4: 先行整顿."""
    prepared(fresh.enrolment, fresh.secretary)
    record, _ = conditions.set_condition(
        organization=fresh.branch, condition="weak", since=TODAY() - LATER, reason="长期不开展活动", by=fresh.office
    )
    client = signed_in(fresh.secretary)
    shown = said(client.get(page(fresh, "enrolment-detail")))
    assert "须先行整顿" in shown
    assert reverse("condition-list", args=[fresh.branch.pk]) in shown
    client.post(page(fresh, "enrolment-start"))
    assert fresh.fresh().state == Enrolment.State.PREPARING
    lift = reverse("condition-lift", args=[record.pk])
    fields = {"on": TODAY(), "name": "区委组织部", "note": "改选班子，恢复组织生活"}
    assert signed_in(fresh.secretary).post(lift, fields).status_code == 403
    assert signed_in(make.hat(Role.OFFICE, fresh.root)).post(lift, fields).status_code == 302
    assert OrganizationCondition.objects.get().lifted_on == TODAY()
    client.post(page(fresh, "enrolment-start"))
    assert fresh.fresh().state == Enrolment.State.RUNNING
    assert "改选班子，恢复组织生活" in said(client.get(page(fresh, "enrolment-detail")))


def test_a_postponed_unit_does_not_start(fresh: Unit) -> None:
    prepared(fresh.enrolment, fresh.secretary)
    postponements.postpone(enrolment=fresh.enrolment, reason="停产", until=TODAY() + LATER, by=fresh.office)
    assert "已暂缓" in enrolments.start(enrolment=fresh.fresh(), by=fresh.secretary)[0][0]
    batch = fresh.campaign.batches.get(number=2)
    postponements.resume(enrolment=fresh.fresh(), note="", batch=batch, by=fresh.office)
    now = fresh.fresh()
    assert (now.state, now.starts_on) == (Enrolment.State.PREPARING, batch.starts_on)
    surveyed = fresh.requirement("开展调查摸底")
    assert figures_of(fresh.campaign, fresh.root)[surveyed.pk].done == 1
