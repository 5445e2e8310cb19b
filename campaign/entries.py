"""The room's menu entries, duties and home panels."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.urls import reverse

from campaign.models import Campaign, Enrolment, Gate, Participation, PhaseRun, Requirement
from campaign.progress.writing import is_done, is_waived
from campaign.units.own import own_branch, own_committees, own_participation, running_campaigns
from campaign.units.page import page_for, unit_links
from members.permissions import Permission
from members.scope import within
from portal.indicators import Subject
from portal.menu import Duty, MenuEntry, Panel, duties, menu, panels

SHOWN = 5
OFTEN = {
    "study-session-create",
    "make-up-list",
    "evaluation-records",
    "self-analysis-list",
    "task-list",
    "gate-request",
}


def gate_campaign(user: Any) -> Campaign | None:
    """The latest running campaign in which the user decides about moving on."""
    return next(iter(running_campaigns(user)), None) if user.can(Permission.DECIDE_GATE) else None


def page(name: str, row: Any) -> str:
    return reverse(name, args=[row.pk]) if row else reverse("campaign-list")


menu.register(
    MenuEntry(
        "campaigns",
        "教育活动",
        lambda user: reverse("campaign-list"),
        lambda user: bool(user.member_id or user.hats),
        icon="flag",
        order=20,
    )
)
menu.register(
    MenuEntry(
        "own-branch",
        "本支部",
        lambda user: page("enrolment-detail", own_branch(user)),
        lambda user: own_branch(user) is not None,
        icon="users",
        order=22,
    )
)
menu.register(
    MenuEntry(
        "gates",
        "转段审核",
        lambda user: page("gate-list", gate_campaign(user)),
        lambda user: gate_campaign(user) is not None,
        icon="gate",
        order=26,
    )
)
menu.register(
    MenuEntry(
        "my-study",
        "我的学习",
        lambda user: page("my-study", own_participation(user)),
        lambda user: own_participation(user) is not None,
        icon="book",
        order=32,
        own=True,
    )
)


def owed(rows: Any, requirements: list[Requirement], pk: int) -> list[Requirement]:
    """Which of ``requirements`` (all of one subject) the row still owes, neither done nor waived: one query."""
    expressions = {
        f"owes_{r.pk}": ExpressionWrapper(
            Q(r.concerns()) & ~Q(is_done(r)) & ~Q(is_waived(r)), output_field=BooleanField()
        )
        for r in requirements
    }
    if not expressions:
        return []
    row = rows.filter(pk=pk).annotate(**expressions).values(*expressions).first() or {}
    return [r for r in requirements if row.get(f"owes_{r.pk}")]


def present(enrolments: Iterable[int]) -> dict[int, dict[int, PhaseRun]]:
    """Per unit: its runs of the phases it is in, by phase."""
    found: dict[int, dict[int, PhaseRun]] = {}
    for run in PhaseRun.objects.filter(enrolment__in=enrolments, state=PhaseRun.State.ACTIVE):
        found.setdefault(run.enrolment_id, {})[run.phase_id] = run
    return found


def asked(phases: Iterable[int], subject: Subject) -> list[Requirement]:
    """What is asked of people, or of units, in these phases."""
    rows = Requirement.objects.in_force().filter(step__phase__in=list(phases)).select_related("step", "campaign")
    return [r for r in rows if r.subject == subject]


def duty(requirement: Requirement, row: Any, run: PhaseRun, group: str) -> Duty:
    due = requirement.due_on(run)
    return Duty(text=requirement.label, url=page_for(requirement, row), due=due, group=group, note=requirement.hint)


def own_duties(user: Any) -> list[Duty]:
    """What a member still owes in the present phases of the running campaigns they take part in."""
    if not user.member_id:
        return []
    own = Participation.objects.filter(member=user.member_id, campaign__state=Campaign.State.RUNNING).active()
    rows = list(own.exclude(enrolment__state=Enrolment.State.POSTPONED).select_related("campaign", "enrolment"))
    ends = present(row.enrolment_id for row in rows)
    found = []
    for row in rows:
        phases = ends.get(row.enrolment_id, {})
        for r in owed(Participation.objects.all(), asked(phases, Subject.PERSON), row.pk):
            found.append(duty(r, row, phases[r.step.phase_id], row.campaign.name))
    return found


def branch_duties(user: Any) -> list[Duty]:
    """What the units that the user acts for still owe as units."""
    unit = own_branch(user)
    acts = unit is not None and user.can(Permission.REQUEST_GATE, at=unit.organization)
    led = [unit] if acts and unit is not None else []
    return [each for unit in [*led, *own_committees(user)] for each in unit_duties(unit)]


def unit_duties(unit: Enrolment) -> list[Duty]:
    """What one unit owes in its present phases, a plan or a request that came back."""
    if unit.state == Enrolment.State.POSTPONED:
        return []
    phases = present([unit.pk]).get(unit.pk, {})
    group = f"{unit.organization.name}（{unit.noun}工作）"
    open_ones = owed(Enrolment.objects.all(), asked(phases, Subject.ORGANIZATION), unit.pk)
    return [duty(r, unit, phases[r.step.phase_id], group) for r in open_ones] + came_back(unit, phases, group)


def came_back(unit: Enrolment, phases: dict[int, PhaseRun], group: str) -> list[Duty]:
    """The latest request, or the latest plan, was sent back."""
    found = []
    last, filing = unit.gates.filter(phase=unit.phase_id).first(), unit.filings.first()
    if last is not None and last.state == Gate.State.RETURNED:
        due = phases[last.phase_id].ends_on if last.phase_id in phases else None
        said = "转段申请被退回，请按审核意见补课后重新申请"
        found.append(Duty(said, reverse("gate-detail", args=[last.pk]), due=due, group=group, note=last.remarks))
    if filing is not None and filing.state == filing.State.RETURNED:
        url = reverse("filing-create", args=[unit.pk])
        found.append(Duty("实施方案被退回，请修改后重新报送", url, group=group, note=filing.remarks))
    return found


@duties.register
def campaign_duties(user: Any) -> list[Duty]:
    """One's own duties and those of one's branch, the earliest first."""
    return sorted([*own_duties(user), *branch_duties(user)], key=lambda d: d.due or date.max)


def branch_panel(user: Any) -> dict[str, Any] | None:
    """The secretary's branch: where it stands and what is done most often; the rest is on its own page."""
    unit = own_branch(user)
    if unit is None:
        return None
    run = unit.runs.filter(state=PhaseRun.State.ACTIVE).select_related("phase").last()
    return {"enrolment": unit, "run": run, "links": [way for way in unit_links(unit, user) if way["name"] in OFTEN]}


def gates_panel(user: Any) -> dict[str, Any] | None:
    """Requests that wait for the user's word, the longest waiting first."""
    campaign = gate_campaign(user)
    if campaign is None:
        return None
    mine = within(user.scopes(Permission.DECIDE_GATE), "enrolment__organization__path")
    rows = Gate.objects.waiting().filter(mine, enrolment__campaign=campaign).exclude(requested_by=user.pk)
    first = list(rows.select_related("enrolment__organization", "phase").order_by("requested_at", "pk")[:SHOWN])
    return {"campaign": campaign, "gates": first, "number": rows.count()} if first else None


panels.register(Panel("own-branch", "campaign/_branch_panel.html", branch_panel, order=0))
panels.register(Panel("gates-waiting", "campaign/_gates_panel.html", gates_panel, order=15))
