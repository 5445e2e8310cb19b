"""One branch in a campaign from the 2005 blueprint, on its way."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from campaign.actions import campaign as campaigns
from campaign.actions import enrolment as enrolments
from campaign.actions import filing as filings
from campaign.blueprints.shipped import blueprints
from campaign.models import Campaign, Enrolment, Participation, Requirement
from members.models import Organization, User
from members.permissions import Role
from tests import factories as make

TODAY = timezone.localdate


@dataclass
class Unit:
    """``office`` of the root, ``secretary`` of the branch, ``outsider``: the secretary of another branch."""

    root: Organization
    branch: Organization
    campaign: Campaign
    office: User
    secretary: User
    outsider: User
    enrolment: Enrolment

    def fresh(self) -> Enrolment:
        return Enrolment.objects.get(pk=self.enrolment.pk)

    def people(self) -> list[Participation]:
        return list(self.enrolment.participations.order_by("member_id"))

    def requirement(self, label: str) -> Requirement:
        return self.campaign.requirements.get(label=label)


def root_with_branch(members: int = 3) -> tuple[Organization, Organization, User]:
    root = make.organization("区委")
    root = Organization.objects.get(pk=root.pk)
    branch = make.branch(root, "机关第一党支部")
    for number in range(members):
        make.member(branch, f"党员{'甲乙丙丁戊己庚辛壬癸'[number]}")
    return Organization.objects.get(pk=root.pk), branch, make.secretary(branch)


def unit(*, started: bool = True, members: int = 3, starts_on: date | None = None, **blueprint: Any) -> Unit:
    """A running campaign that began 60 days ago; the branch is prepared and, if ``started``, in 学习动员."""
    root, branch, secretary = root_with_branch(members)
    office = make.hat(Role.OFFICE, root)
    elsewhere = make.branch(Organization.objects.get(pk=root.pk), "别处的支部")
    campaign = campaigns.set_up(
        blueprint=blueprints()["year-2005"],
        organization=root,
        name="先进性教育活动",
        starts_on=starts_on or TODAY() - timedelta(days=60),
        by=office,
        **blueprint,
    )
    campaigns.open_campaign(campaign=campaign, by=office)
    enrolments.enrol(batch=campaign.batches.get(number=1), organizations=[branch], by=office)
    enrolment = Enrolment.objects.get(organization=branch)
    if started:
        prepared(enrolment, secretary)
        assert enrolments.start(enrolment=enrolment, by=secretary) == ([], [])
    return Unit(
        Organization.objects.get(pk=root.pk),
        branch,
        Campaign.objects.get(pk=campaign.pk),
        office,
        secretary,
        make.hat(Role.SECRETARY, elsewhere),
        Enrolment.objects.get(pk=enrolment.pk),
    )


def prepared(enrolment: Enrolment, by: User) -> None:
    """Everything of the first phase; the plan is filed by ``by`` and acknowledged from above."""
    enrolments.prepare(enrolment=enrolment, values={"head": "书记", "survey_note": "已摸底"}, by=by)
    filing = filings.file(enrolment=enrolment, title="实施方案", text="分阶段学习。", by=by)
    filings.decide(
        filing=filing, acknowledge=True, remarks="", by=make.hat(Role.OFFICE, enrolment.campaign.organization)
    )


def said(response: Any) -> str:
    """What the page says, markup and all."""
    return response.content.decode()
