"""What stands on a calendar: study, ends of phases, days by which something is due; for a branch, a person, a node."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from campaign.entries import owed
from campaign.models import Campaign, Enrolment, Participation, PhaseRun, PlannedSession, Requirement, StudySession
from campaign.study.plans import expected_in, own_places
from campaign.units.own import own_branch, own_committees
from members.models import Organization
from portal.indicators import Subject
from portal.registry import Hooks


@dataclass(frozen=True)
class Item:
    """One line of a calendar. ``kind``: study, held, cancelled, phase or due; ``uid`` is the same as long as it is the
    same thing; ``start`` is empty for what concerns a whole day."""

    on: date
    text: str
    url: str
    kind: str
    uid: str
    start: datetime | None = None
    end: datetime | None = None
    place: str = ""
    changed: datetime | None = None

    @property
    def order(self) -> tuple[date, bool, datetime | date]:
        """Day by day, what has a time of day last."""
        return self.on, self.start is not None, self.start or self.on


# Asked with a user and the first and last day: what else of their own falls into these days, without names of others.
calendar_sources: Hooks[Callable[[Any, date, date], Iterable[Item]]] = Hooks("calendar items")


def plan_item(plan: PlannedSession) -> Item:
    url = reverse("study-plan-detail", args=[plan.pk])
    kind = "cancelled" if plan.is_cancelled else "held" if plan.is_recorded else "study"
    return Item(
        plan.day, plan.topic, url, kind, f"plan-{plan.pk}", plan.starts_at, plan.ends_at, plan.place, plan.updated_at
    )


def held_items(enrolments: Iterable[int], first: date, last: date) -> list[Item]:
    """Sessions that were held without having been planned."""
    rows = StudySession.objects.between(first, last).filter(enrolment__in=enrolments, plan=None)
    return [
        Item(
            timezone.localdate(row.held_at),
            row.topic,
            reverse("study-session-detail", args=[row.pk]),
            "held",
            f"session-{row.pk}",
            row.held_at,
            row.held_at + timedelta(minutes=row.minutes_long),
            row.place,
            row.updated_at,
        )
        for row in rows
    ]


def runs_of(enrolments: Iterable[int]) -> list[PhaseRun]:
    going = PhaseRun.objects.filter(enrolment__in=enrolments, enrolment__state__in=["preparing", "running"])
    return list(going.exclude(state=PhaseRun.State.DONE).select_related("phase", "enrolment"))


def phase_items(runs: Iterable[PhaseRun], first: date, last: date) -> list[Item]:
    """Last days of phases."""
    return [
        Item(
            run.ends_on,
            f"“{run.phase}”阶段结束",
            reverse("enrolment-detail", args=[run.enrolment_id]),
            "phase",
            f"phase-{run.pk}",
        )
        for run in runs
        if first <= run.ends_on <= last
    ]


def due_items(rows: Any, row: Any, runs: Iterable[PhaseRun], subject: Subject, span: tuple[date, date]) -> list[Item]:
    """Days by which a person, or a unit, has to do what they still owe; two queries."""
    by_phase = {run.phase_id: run for run in runs}
    wanted = Requirement.objects.in_force().filter(step__phase__in=list(by_phase)).select_related("step", "campaign")
    due = {r: r.due_on(by_phase[r.step.phase_id]) for r in wanted if r.subject == subject}
    soon = [r for r, day in due.items() if span[0] <= day <= span[1]]
    noun = "p" if subject == Subject.PERSON else "e"
    url = reverse("home")
    return [
        Item(due[r], f"“{r.label}”到期", url, "due", f"due-{r.pk}-{noun}{row.pk}") for r in owed(rows, soon, row.pk)
    ]


def branch_items(enrolment: Enrolment, first: date, last: date) -> list[Item]:
    """Everything of one branch; who may see the page sees all of it."""
    plans = enrolment.planned_sessions.between(first, last)
    runs = runs_of([enrolment.pk])
    due = due_items(Enrolment.objects.all(), enrolment, runs, Subject.ORGANIZATION, (first, last))
    items = [*map(plan_item, plans), *held_items([enrolment.pk], first, last), *phase_items(runs, first, last), *due]
    return sorted(items, key=lambda item: item.order)


def own_items(user: Any, first: date, last: date, *, held: bool = True) -> list[Item]:
    """One's own days, in all running campaigns: sessions for which one is expected or where one lectures, those of the branch one leads, and
    what is due from oneself or from that unit."""
    own, places = own_places(user)
    branch, mine = own_branch(user), {person.pk for person in own}
    led = [*([branch] if branch else []), *own_committees(user)]
    units = {person.enrolment_id for person in own} | {unit.pk for unit in led}
    concern_me = Q(enrolment__in=units | places) | Q(lecturer__in=mine)
    plans = list(PlannedSession.objects.between(first, last).with_unit().filter(concern_me))
    others = [plan for plan in plans if plan.enrolment_id not in {unit.pk for unit in led}]
    expected = expected_in(others)
    left_out = {p.pk for p in others if not mine & {p.lecturer_id, *(person.pk for person in expected[p.pk])}}
    runs = runs_of(units)
    items = [plan_item(plan) for plan in plans if plan.pk not in left_out]
    items += phase_items(runs, first, last)
    items += held_items(units, first, last) if held else []
    for person in own:
        here = [run for run in runs if run.enrolment_id == person.enrolment_id]
        items += due_items(Participation.objects.all(), person, here, Subject.PERSON, (first, last))
    for unit in led:
        here = [run for run in runs if run.enrolment_id == unit.pk]
        items += due_items(Enrolment.objects.all(), unit, here, Subject.ORGANIZATION, (first, last))
    for source in calendar_sources:
        items += source(user, first, last)
    return sorted(items, key=lambda item: item.order)


@dataclass(frozen=True)
class DayCount:
    """How many branches' sessions fall on a day: planned ones that are not cancelled, and those recorded."""

    on: date
    planned: int
    held: int


def counts_under(campaign: Campaign, node: Organization, first: date, last: date) -> list[DayCount]:
    """Per day, at a node and below; two queries, never a name."""
    plans = PlannedSession.objects.under(node).filter(enrolment__campaign=campaign).between(first, last)
    by_plan = dict(per_day(plans.filter(state=PlannedSession.State.PLANNED), "starts_at"))
    held = StudySession.objects.between(first, last).filter(
        enrolment__campaign=campaign, enrolment__organization__path__startswith=node.path
    )
    by_session = dict(per_day(held, "held_at"))
    days = sorted({*by_plan, *by_session})
    return [DayCount(day, by_plan.get(day, 0), by_session.get(day, 0)) for day in days]


def per_day(rows: Any, moment: str) -> Any:
    return rows.order_by().annotate(day=TruncDate(moment)).values("day").annotate(n=Count("pk")).values_list("day", "n")


def plans_on(campaign: Campaign, node: Organization, day: date) -> Any:
    """The day's sessions at a node and below."""
    rows = PlannedSession.objects.under(node).between(day, day).filter(Q(state="planned"), enrolment__campaign=campaign)
    return rows.select_related("enrolment__organization")
