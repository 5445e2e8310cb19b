"""From the blueprint to the start of a unit: the campaign, its batches, and what a branch does before it begins."""

from datetime import date, timedelta

from campaign.actions import enrolment as enrolments
from campaign.actions import filing as filings
from campaign.actions import waiver as waivers
from campaign.actions.campaign import batch_dates, open_campaign, set_up, windows
from campaign.blueprints.shipped import Blueprint, blueprints
from campaign.models import Campaign, Enrolment, Participation, PhaseRun, PlanFiling, Requirement
from members.models import Mobility, Organization, User
from rectification.demo.district import District, moment
from rectification.demo.texts import PLAN


def begin_campaign(district: District) -> Campaign:
    """The 2005 blueprint with its first batch in the middle of the second phase today."""
    plan = blueprints()["year-2005"]
    made = set_up(
        blueprint=plan,
        organization=district.root,
        name="保持共产党员先进性教育活动",
        starts_on=first_day(district, plan),
        by=district.office,
    )
    open_campaign(campaign=made, by=district.office)
    made.refresh_from_db()
    first, second, *_ = made.batches.all()
    branches = list(Organization.objects.under(district.root).branches())
    later = [b for b in branches if b.sector == Organization.Sector.VILLAGE]
    enrolments.enrol(batch=first, organizations=[b for b in branches if b not in later], by=district.office)
    enrolments.enrol(batch=second, organizations=later, by=district.office)
    villages = Organization.objects.filter(kind=Organization.Kind.GENERAL_BRANCH, sector=Organization.Sector.VILLAGE)
    enrolments.enrol(batch=second, organizations=villages, by=district.office)
    enrolments.enrol(batch=first, organizations=[district.root], by=district.office)
    return made


def first_day(district: District, plan: Blueprint) -> date:
    """The first day of a campaign whose first batch is half-way through its third window (分析评议) today."""
    begin, end = batch_dates(plan, district.today)[0]
    third = windows(plan, begin, end)[2]
    return district.today - (third[0] - begin) - (third[1] - third[0]) / 2


def prepare(district: District, enrolment: Enrolment) -> None:
    """Who cannot be found is waived; who leads, the plan and the survey are filed."""
    secretary = district.secretary(enrolment)
    lost = Participation.objects.filter(enrolment=enrolment, member__mobilities__kind=Mobility.Kind.LOST)
    asked = Requirement.objects.in_force().filter(campaign=enrolment.campaign, indicator_code="member-in-contact")
    for requirement in asked:
        if lost.exists():
            waivers.waive(
                requirement=requirement,
                enrolment=enrolment,
                participations=list(lost),
                by=district.office,
                reason="多方查找仍未取得联系，继续查找并定期报告。",
            )
    enrolments.prepare(
        enrolment=enrolment,
        values={
            "head": secretary.name,
            "office_members": "、".join(m.name for m in enrolment.organization.members.all()[1:4]),
            "survey_note": "走访党员和群众，召开座谈会一次。党员普遍希望学习联系实际，群众最希望解决办事等候和环境卫生问题。",
        },
        by=secretary,
    )
    file_plan(enrolment, by=secretary, superior=district.office)


def file_plan(enrolment: Enrolment, *, by: User, superior: User) -> None:
    """The plan goes up and is acknowledged, as long ago as it would have been."""
    title = f"{enrolment.organization.name}先进性教育活动实施方案"
    filing = filings.file(enrolment=enrolment, title=title, text=PLAN, by=by)
    filings.decide(filing=filing, acknowledge=True, remarks="安排合理，同意备案。", by=superior)
    filed = enrolment.starts_on + timedelta(9)
    PlanFiling.objects.filter(pk=filing.pk).update(filed_at=moment(filed), decided_at=moment(filed + timedelta(3)))
    Enrolment.objects.filter(pk=enrolment.pk).update(plan_filed_on=filed + timedelta(3))


def backdate(enrolment: Enrolment) -> None:
    """The start was as planned, not today: the demonstration lets the past be past."""
    runs = list(enrolment.runs.order_by("phase__number"))
    Enrolment.objects.filter(pk=enrolment.pk).update(started_on=runs[1].starts_on)
    PhaseRun.objects.filter(pk=runs[0].pk).update(completed_on=runs[0].ends_on)
    enrolment.refresh_from_db()
