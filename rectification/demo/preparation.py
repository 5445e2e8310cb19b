"""From the blueprint to the start of a unit: the campaign, its batches, and what a branch does before it begins."""

from datetime import date, timedelta

from campaign.actions import enrolment as enrolments
from campaign.actions.campaign import batch_dates, open_campaign, set_up, windows
from campaign.blueprint import Blueprint, blueprints
from campaign.models import Campaign, Enrolment, Participation, PhaseRun, Requirement
from members.models import Mobility, Organization
from rectification.demo.district import District


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
    for requirement in Requirement.objects.filter(campaign=enrolment.campaign, indicator_code="member-in-contact"):
        if lost.exists():
            enrolments.waive(
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
            "plan_title": f"{enrolment.organization.name}先进性教育活动实施方案",
            "plan_filed_on": enrolment.starts_on + timedelta(12),
            "survey_note": "走访党员和群众，召开座谈会一次。党员普遍希望学习联系实际，群众最希望解决办事等候和环境卫生问题。",
        },
        phases={},
        by=secretary,
    )


def backdate(enrolment: Enrolment) -> None:
    """The start was as planned, not today: the demonstration lets the past be past."""
    runs = list(enrolment.runs.order_by("phase__number"))
    Enrolment.objects.filter(pk=enrolment.pk).update(started_on=runs[1].starts_on)
    PhaseRun.objects.filter(pk=runs[0].pk).update(completed_on=runs[0].ends_on)
    enrolment.refresh_from_db()
