"""A campaign ends when its units have finished, or with a reason before that; and what waits shows on people's own pages."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaign.actions import closing
from campaign.actions import enrolment as enrolments
from campaign.actions import filing as filings
from campaign.actions import gate as gates
from campaign.actions.refusal import Refused
from campaign.entries import campaign_duties
from campaign.models import Campaign, Enrolment
from members.models import User
from members.permissions import Role
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Unit:
    return unit()


def again(user: User) -> User:
    """As at a new request."""
    return User.objects.get(pk=user.pk)


def test_units_that_have_not_finished_need_a_reason(here: Unit) -> None:
    client, url = signed_in(here.office), reverse("campaign-close", args=[here.campaign.pk])
    page = said(client.get(url))
    assert "还有 1 个单位没有结束" in page
    assert "请写明现在结束活动的理由" in said(client.post(url, {"note": " "}))
    assert Campaign.objects.get().state == Campaign.State.RUNNING
    assert "已结束" in said(client.post(url, {"note": "上级另有部署"}, follow=True))
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.closed_by, campaign.closing_note) == ("closed", here.office, "上级另有部署")
    assert here.fresh().state == Enrolment.State.RUNNING
    with pytest.raises(gates.GateRefused, match="已结束"):
        gates.request(enrolment=here.fresh(), assessment="x", by=here.secretary)
    with pytest.raises(Refused, match="不在进行中"):
        closing.close(campaign=campaign, note="x", by=here.office)


def test_finished_units_need_none_and_waiting_requests_come_first(here: Unit) -> None:
    gate = gates.request(enrolment=here.enrolment, assessment="x", by=here.secretary)
    with pytest.raises(Refused, match="正在等待审核"):
        closing.close(campaign=here.campaign, note="x", by=here.office)
    gates.withdraw(gate=gate, by=here.secretary)
    Enrolment.objects.update(state=Enrolment.State.FINISHED)
    closing.close(campaign=here.campaign, note="", by=here.office)
    assert Campaign.objects.get().state == Campaign.State.CLOSED


def test_when_it_is_over_units_stay_as_they_are(here: Unit) -> None:
    closing.close(campaign=here.campaign, note="上级另有部署", by=here.office)
    unit, person = here.enrolment, here.people()[0]
    activity = here.requirement("开展主题实践活动").pk
    dates = {"starts_on": unit.starts_on, "ends_on": unit.ends_on, "short_reason": "x"}
    for run in unit.runs.exclude(state="done"):
        dates |= {f"starts-{run.pk}": run.starts_on, f"ends-{run.pk}": run.ends_on}
    alternative = {"kind": "home-talk", "reason": "x", "approver": "支部"}
    batch = unit.batch_id
    for user, name, key, fields in (
        (here.secretary, "enrolment-prepare", unit.pk, {"survey_note": "改写"}),
        (here.secretary, "enrolment-dates", unit.pk, dates),
        (here.secretary, "filing-create", unit.pk, {"title": "新方案", "text": "x"}),
        (here.office, "enrolment-postpone", unit.pk, {"reason": "x", "until": TODAY() + timedelta(9)}),
        (here.office, "enrolment-resume", unit.pk, {"note": "x", "batch": batch}),
        (here.office, "waiver-create", unit.pk, {"requirement": activity, "reason": "x"}),
        (here.secretary, "route-edit", person.pk, alternative),
    ):
        page = said(signed_in(user).post(reverse(name, args=[key]), fields, follow=True))
        assert "本次活动已经结束" in page, name
    now = here.fresh()
    assert (now.state, now.survey_note) == (unit.state, unit.survey_note)
    assert not now.waivers.exists()
    assert not now.filings.filter(title="新方案").exists()
    shown = said(signed_in(here.office).get(reverse("enrolment-detail", args=[unit.pk])))
    assert reverse("waiver-create", args=[unit.pk]) not in shown
    assert "暂缓" not in shown


def test_only_who_set_it_up_ends_it(here: Unit) -> None:
    url = reverse("campaign-close", args=[here.campaign.pk])
    assert signed_in(here.secretary).get(url).status_code == 403
    assert signed_in(here.secretary).post(url, {"note": "x"}).status_code == 403
    assert signed_in(make.hat(Role.OFFICE, make.organization())).get(url).status_code == 404


def test_a_plan_that_waits_is_on_the_offices_own_page_and_one_that_came_back_on_the_secretarys() -> None:
    fresh = unit(started=False)
    filing = filings.file(enrolment=fresh.enrolment, title="实施方案", text="x", by=fresh.secretary)
    home, detail = reverse("home"), reverse("filing-detail", args=[filing.pk])
    assert detail in said(signed_in(fresh.office).get(home))
    assert detail not in said(signed_in(fresh.outsider).get(home))
    filings.decide(filing=filing, acknowledge=False, remarks="再细一些", by=fresh.office)
    assert detail not in said(signed_in(fresh.office).get(home))
    came_back = [d for d in campaign_duties(again(fresh.secretary)) if "退回" in d.text]
    assert [(d.url, d.note) for d in came_back] == [(reverse("filing-create", args=[fresh.enrolment.pk]), "再细一些")]
    filings.file(enrolment=fresh.enrolment, title="实施方案", text="细了", by=fresh.secretary)
    assert not [d for d in campaign_duties(again(fresh.secretary)) if "退回" in d.text]


def test_an_office_finds_its_own_committee_and_what_it_owes(here: Unit) -> None:
    town = make.organization("镇党委", here.root)
    office = make.hat(Role.OFFICE, town)
    enrolments.enrol(batch=here.campaign.batches.get(number=1), organizations=[town], by=here.office)
    own = Enrolment.objects.get(organization=town)
    page = said(signed_in(office).get(reverse("home")))
    assert reverse("enrolment-detail", args=[own.pk]) in page
    owed = {d.group for d in campaign_duties(again(office))}
    assert owed == {"镇党委（党委工作）"}
