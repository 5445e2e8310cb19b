"""Each blueprint carries an organisation from preparation to the end: branch and committee, member and leading cadre."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from campaign.actions import campaign as campaigns
from campaign.actions import enrolment as enrolments
from campaign.actions.yearly import begin_next_year
from campaign.blueprints.shipped import blueprints
from campaign.models import Campaign, Enrolment, Participation
from campaign.progress.recounting import recount
from campaign.progress.writing import figures_of
from campaign.units.unmet import gaps
from members.models import MemberTag, Organization, User
from members.permissions import Role
from portal.actions import job as jobs
from tests import factories as make
from tests.campaign.unit import TODAY, said
from tests.campaign.walker import Walker
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


class Place:
    """A district with a branch of four people: one leads, one is on probation; the district committee takes part too."""

    def __init__(self, code: str, starts_on: date) -> None:
        root = make.organization("区委")
        self.office = make.hat(Role.OFFICE, make.organization("市委"))
        branch = make.branch(root, "机关第一党支部", sector="government")
        make.member(branch, "带头人", (MemberTag.Kind.LEADER,))
        make.member(branch, "王芳")
        make.member(branch, "李强", status="probationary")
        self.root = Organization.objects.get(pk=root.pk)
        own_office = make.hat(Role.OFFICE, self.root)
        self.campaign: Campaign = campaigns.set_up(
            blueprint=blueprints()[code], organization=self.root, name="活动", starts_on=starts_on, by=own_office
        )
        campaigns.open_campaign(campaign=self.campaign, by=own_office)
        self.campaign.refresh_from_db()
        self.secretary = make.secretary(branch)
        batch = self.campaign.batches.get(number=1)
        enrolments.enrol(batch=batch, organizations=[self.root], by=own_office)
        self.own_office, self.branch = own_office, branch
        self.leader = Participation.objects.get(member__name="带头人")

    def unit(self, at: Organization) -> Enrolment:
        return Enrolment.objects.get(campaign=self.campaign, organization=at)

    def walker(self, at: Organization, secretary: User) -> Walker:
        above = self.own_office if at == self.branch else make.hat(Role.OFFICE, self.root)
        return Walker(self.unit(at), secretary, above, None if at == self.branch else self.leader)

    def check_done(self) -> None:
        """Nothing is missing anywhere, and what is kept is what the records say."""
        figures = figures_of(self.campaign, self.root)
        asked = self.campaign.requirements.in_force()
        assert {r.label: figures[r.pk].missing for r in asked if r.pk in figures and figures[r.pk].missing} == {}
        assert list(recount(self.campaign)) == []


def test_the_2005_campaign() -> None:
    place = Place("year-2005", TODAY() - timedelta(days=20))
    committee = place.walker(place.root, make.hat(Role.SECRETARY, place.root))
    branch = place.walker(place.branch, place.secretary)
    four = ["学习动员", "分析评议", "整改提高", "巩固提高"]
    assert branch.to_the_end() == four
    assert committee.to_the_end() == four
    place.check_done()
    assert set(place.campaign.enrolments.values_list("state", flat=True)) == {Enrolment.State.FINISHED}
    page = said(signed_in(place.own_office).get(reverse("dashboard", args=[place.campaign.pk, place.root.pk])))
    assert "机关第一党支部" in page


def test_a_campaign_without_phases() -> None:
    """2023: 不划阶段、不分环节: everything runs side by side, and there is one gate, to the end."""
    place = Place("theme-2023", TODAY() - timedelta(days=20))
    four = ["理论学习", "调查研究", "推动发展", "检视整改"]
    assert place.walker(place.branch, place.secretary).to_the_end() == four
    assert place.walker(place.root, make.hat(Role.SECRETARY, place.root)).to_the_end() == four
    assert place.unit(place.branch).gates.count() == 1
    place.check_done()


def test_a_year_of_education() -> None:
    """S4: 12 days here; the secretary is trained within three years, everybody's analysis is of the last five; then the next year."""
    place = Place("yearly-education", date(TODAY().year - 1, 1, 1))
    branch = place.walker(place.branch, place.secretary)
    assert branch.to_the_end() == ["教育培训", "组织生活", "党性分析"]
    place.check_done()
    asked = {r.label: figures_of(place.campaign, place.root).get(r.pk) for r in place.campaign.requirements.in_force()}
    assert asked["集体教育不少于12天"].total == 4
    assert asked["集体教育不少于6天"] is None
    following, job = begin_next_year(campaign=place.campaign, by=place.own_office)
    jobs.run(job_id=job.pk)
    unit = Enrolment.objects.get(campaign=following, organization=place.branch)
    assert unit.state == Enrolment.State.RUNNING
    owed = {gap.requirement for gap in gaps(unit)}
    # The analysis of last year and the training still count; the days, the meeting and the opinions are asked anew.
    assert owed == {
        "集体教育不少于12天",
        "召开专题组织生活会，民主评议党员",
        "征求意见并如实反馈",
        "领导班子召开民主生活会",
    }
    assert list(recount(following)) == []
