"""What does not go by the book: committees as units, pilot units, plans on their way, a unit that is put off, people who
take part at home, requests that wait or came back."""

from datetime import timedelta

from campaign.actions import enrolment as enrolments
from campaign.actions import filing as filings
from campaign.actions import gate as gates
from campaign.actions import postponement as postponements
from campaign.actions import route as routes
from campaign.models import Campaign, Enrolment, Participation
from campaign.supervision.teams import speaks_for, team_for
from campaign.units.gatekeeping import word_on
from campaign.units.unmet import gaps
from members.models import Organization, User
from rectification.demo.district import District
from rectification.demo.preparation import backdate, file_plan
from rectification.demo.texts import PLAN

WAYS = [
    ("home-delivery", "长期卧床，行动不便"),
    ("home-talk", "年过八旬，听力下降"),
    ("dictated", "眼疾手术后不能书写"),
]


def special_cases(district: District, campaign: Campaign) -> None:
    """Everything here is done by the same actions as in the portal."""
    leader = User.objects.get(username="leader")
    units = list(Enrolment.objects.filter(campaign=campaign).select_related("organization", "campaign").in_tree_order())
    lead_committees(district, [unit for unit in units if unit.is_committee], leader)
    branches = [unit for unit in units if not unit.is_committee]
    for unit in branches[:2]:
        enrolments.mark_pilot(enrolment=unit, pilot=True, by=district.office)
    help_at_home(district, campaign)
    put_off(district, branches)
    ask_for_more(district, [unit for unit in branches if is_behind(unit)])
    file_plans(district, [unit for unit in branches if unit.batch.number == 2])


def is_behind(unit: Enrolment) -> bool:
    return unit.state == Enrolment.State.RUNNING and unit.phase is not None and unit.phase.number == 1


def lead_committees(district: District, committees: list[Enrolment], leader: User) -> None:
    """The office prepares for committees, the leading group acknowledges the plan; those of the first batch begin."""
    for unit in committees:
        if unit.batch.number != 1:
            continue
        note = "所属支部和党员底数清楚，流动党员已逐人联系。"
        named = {} if unit.head else {"head": "赵明远", "office_members": "林晓、周岚"}
        values = named | {"survey_note": note}
        enrolments.prepare(enrolment=unit, values=values, by=district.office)
        file_plan(unit, by=district.office, superior=leader)
        enrolments.start(enrolment=unit, by=district.office)
        backdate(unit)


def help_at_home(district: District, campaign: Campaign) -> None:
    """How each of the old and frail takes part; the last is still to be settled."""
    people = Participation.objects.active().filter(campaign=campaign, route=Participation.Route.ALTERNATIVE)
    rows = list(people.select_related("enrolment", "member").in_roll_order())
    for position, person in enumerate(rows[:-1]):
        kind, reason = WAYS[position % len(WAYS)]
        secretary = district.secretary(person.enrolment)
        routes.set_alternative(
            participation=person, kind=kind, reason=reason, helper=secretary.name, approver="支部委员会", by=secretary
        )


def put_off(district: District, branches: list[Enrolment]) -> None:
    """The factory that stands still."""
    for unit in branches:
        if unit.organization.condition == Organization.Condition.STOPPED:
            until = district.today + timedelta(40)
            reason = "全厂停产检修，职工放假，复工后继续。"
            postponements.postpone(enrolment=unit, reason=reason, until=until, by=district.office)


def ask_for_more(district: District, behind: list[Enrolment]) -> None:
    """Of the branches that are behind one asks too early and is sent back, the next waits for its answer."""
    for position, unit in enumerate(behind[:2]):
        gate = gates.request(
            enrolment=unit,
            assessment="动员和部分集中学习已完成，因业务高峰还有补课没有做完。",
            by=district.secretary(unit),
        )
        if position:
            continue
        team, inspector = team_for(unit), User.objects.get(username="inspector")
        if team is not None and speaks_for(inspector, unit):
            gates.speak(gate=gate, team=team, agrees=False, text="集中学习次数不够，补课没有落实。", by=inspector)
        demands = [(gap.requirement_id, gap.in_words) for gap in gaps(unit)[:2]]
        gates.decide(
            gate=gate,
            approve=False,
            remarks="请补齐后重新申请。",
            word_reason="情况清楚，先行退回。" if word_on(gate).needs_reason(False) else "",
            demands=[*demands, (None, "补记动员大会的会议记录")],
            by=district.office,
        )


def file_plans(district: District, later: list[Enrolment]) -> None:
    """The second batch prepares: plans that wait, and one that came back."""
    for position, unit in enumerate(later[:3]):
        name = unit.organization.name
        filing = filings.file(
            enrolment=unit, title=f"{name}先进性教育活动实施方案", text=PLAN, by=district.secretary(unit)
        )
        if position == 2:
            remarks = "请结合农时安排学习时间，注明流动党员怎样参加。"
            filings.decide(filing=filing, acknowledge=False, remarks=remarks, by=district.office)
