"""A campaign ends when its units have finished, or with a reason before that; and what waits shows on people's own pages."""

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
from tests.campaign.unit import Unit, said, unit
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
