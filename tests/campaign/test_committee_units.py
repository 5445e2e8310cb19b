"""党委、总支 as units without participants: enrolled where the campaign asks them, led by their office, decided from above."""

import pytest
from django.urls import reverse

from campaign.actions import enrolment as enrolments
from campaign.actions import gate as gates
from campaign.models import Batch, Campaign, Enrolment, Requirement
from campaign.progress.ready import coverage_of
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of
from members.models import Organization, User
from members.permissions import Role
from tests import factories as make
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


class Town:
    """District → town committee → two branches, in a campaign that asks committees too."""

    def __init__(self) -> None:
        self.root = make.organization("区委")
        self.town = make.organization("镇党委", self.root)
        self.branches = [make.branch(self.town, f"第{n}支部") for n in "一二"]
        self.root, self.town = (Organization.objects.get(pk=o.pk) for o in (self.root, self.town))
        make.member(self.branches[0], "党员甲")
        self.office, self.own_office = make.hat(Role.OFFICE, self.root), make.hat(Role.OFFICE, self.town)
        self.campaign = make.campaign(self.root, (("surveyed", "all-branches"),), settings={"committees": True})
        step = self.campaign.phases.get(number=0).steps.get()
        self.asked = Requirement.objects.create(
            step=step,
            campaign=self.campaign,
            number=9,
            label="成立领导小组",
            indicator_code="surveyed",
            audience_code="committees",
        )
        self.batch: Batch = self.campaign.batches.get()

    def enrol(self) -> Enrolment:
        enrolments.enrol(batch=self.batch, organizations=[self.town], by=self.office)
        return Enrolment.objects.get(organization=self.town)

    def start(self, unit: Enrolment, by: User) -> None:
        assert enrolments.start(enrolment=unit, by=by) == ([], [])


@pytest.fixture
def town() -> Town:
    return Town()


def test_enrolled_with_the_branches_below_without_participants(town: Town) -> None:
    unit = town.enrol()
    assert Enrolment.objects.count() == 3
    assert not Enrolment.objects.filter(organization=town.root).exists()
    assert not unit.participations.exists()
    figures = figures_of(town.campaign, town.root)
    branches = town.campaign.requirements.get(audience_code="all-branches")
    assert (figures[branches.pk].total, figures[town.asked.pk].total) == (2, 1)
    assert coverage_of(town.campaign, town.root).branches == 2
    assert not list(recount(town.campaign))


def test_where_the_campaign_does_not_ask_them_only_branches_are_enrolled(town: Town) -> None:
    Campaign.objects.update(settings={})
    town.batch.refresh_from_db()
    enrolments.enrol(batch=Batch.objects.get(), organizations=[town.town], by=town.office)
    assert {e.organization for e in Enrolment.objects.all()} == set(town.branches)


def test_the_page_for_enrolling_offers_a_committee_whose_branches_are_placed(town: Town) -> None:
    enrolments.enrol(batch=town.batch, organizations=town.branches, by=town.office)
    client, url = signed_in(town.office), reverse("enrolment-create", args=[town.batch.pk])
    assert "党委、总支和支部" in said(client.get(url))
    client.post(url, {"organizations": [town.town.pk]})
    assert Enrolment.objects.filter(organization=town.town).exists()
    listed = reverse("listing", args=[town.campaign.pk, town.root.pk, "without-batch"])
    shown = said(client.get(listed))
    assert "区委" in shown
    assert "第一支部" not in shown


def test_its_office_prepares_starts_and_asks_and_the_superior_decides(town: Town) -> None:
    unit = town.enrol()
    client, page = signed_in(town.own_office), reverse("enrolment-detail", args=[unit.pk])
    shown = said(client.get(page))
    assert "成立领导小组" in shown
    assert "记一次学习" not in shown
    assert client.get(reverse("evaluation-records", args=[unit.pk])).status_code == 200
    assert "本支部" not in shown.split("<main", 1)[1]
    client.post(reverse("enrolment-prepare", args=[unit.pk]), {"survey_note": "已摸底"})
    assert figures_of(town.campaign, town.root)[town.asked.pk].done == 1
    town.start(Enrolment.objects.get(pk=unit.pk), town.own_office)
    assert "申请转段" in said(client.get(page))
    client.post(reverse("gate-request", args=[unit.pk]), {"assessment": "完成"})
    gate = unit.gates.get()
    assert gate.missing == []
    detail = reverse("gate-detail", args=[gate.pk])
    colleague = make.hat(Role.OFFICE, town.town)
    assert signed_in(colleague).post(detail, {"decision": "approve"}).status_code == 403
    signed_in(town.office).post(detail, {"decision": "approve"})
    assert Enrolment.objects.get(pk=unit.pk).phase.number == 1


def test_a_branch_secretary_does_not_act_for_the_committee(town: Town) -> None:
    unit = town.enrol()
    secretary = make.secretary(town.branches[0])
    for name in ("enrolment-prepare", "enrolment-dates", "filing-create", "gate-request"):
        assert signed_in(secretary).get(reverse(name, args=[unit.pk])).status_code == 404
    inspector = make.hat(Role.INSPECTOR, town.root)
    assert signed_in(inspector).get(reverse("enrolment-prepare", args=[unit.pk])).status_code == 403


def test_its_own_figures_are_not_the_sum_below_it(town: Town) -> None:
    unit = town.enrol()
    branches = town.campaign.requirements.get(audience_code="all-branches")
    lines = signed_in(town.own_office).get(reverse("enrolment-detail", args=[unit.pk])).context["lines"]
    totals = {line.requirement.pk: line.figures.total for phase in lines for line in phase.requirements}
    assert branches.pk not in totals
    assert totals[town.asked.pk] == 1


def test_at_the_top_of_a_campaign_its_own_leading_group_decides(town: Town) -> None:
    enrolments.enrol(batch=town.batch, organizations=[town.root], by=town.office)
    unit = Enrolment.objects.get(organization=town.root)
    town.start(unit, town.office)
    gate = gates.request(enrolment=Enrolment.objects.get(pk=unit.pk), assessment="x", by=town.office)
    with pytest.raises(gates.GateRefused, match="本人提交"):
        gates.decide(gate=gate, approve=True, remarks="", override_reason="x", by=town.office)
    leader = make.hat(Role.LEADING_GROUP, town.root)
    gates.decide(gate=gate, approve=True, remarks="", override_reason="x", by=leader)
    assert gate.state == "approved"
