"""What the dashboard of a node shows, from ready figures; every function asks a fixed number of queries, however many
children there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.db.models.query import QuerySet

from campaign.models import Campaign, Enrolment, Gate, Phase, PhaseRun, Progress, ProgressDay, Requirement
from campaign.progress import ready
from campaign.progress.counting import share
from campaign.progress.coverage import Coverage
from campaign.progress.ledgers import beneath
from campaign.progress.ready import standing_of
from campaign.progress.writing import Figures
from members.models import Organization
from portal.charts import Span, TimeRow
from portal.indicators import Subject

BRANCHES = {"all-branches", "branches-with-leaders"}


StandingRows = Sequence[dict[str, Any]]


def main_phase(campaign: Campaign, node: Organization) -> Phase | None:
    """The phase that most units under ``node`` are in (the earlier one where two are level); the first where none has begun."""
    return fullest(list(campaign.phases.all()), standing_of(campaign, node))


def fullest(phases: Sequence[Phase], standing: StandingRows) -> Phase | None:
    """The phase in which most are."""
    there: dict[int, int] = {}
    for row in standing:
        number = row["sum_running"] + row["sum_preparing"] + row["sum_postponed"] + row["sum_finished"]
        there[row["phase_id"]] = there.get(row["phase_id"], 0) + number
    return max(phases, key=lambda phase: there.get(phase.pk, 0), default=None)


@dataclass(frozen=True)
class Board:
    """Everything ready that a dashboard shows of a node (coverage by 领域, requests waiting by phase id) and of the children on its page."""

    phases: Sequence[Phase]
    phase: Phase | None
    requirements: list[Requirement]
    figures: dict[int, Figures]
    by_child: dict[str, dict[int, Figures]]
    sectors: dict[str, Coverage]
    standing: StandingRows
    standing_by_child: StandingRows
    requests: dict[int, int]
    sequential: bool = True

    @property
    def coverage(self) -> Coverage:
        return sum(self.sectors.values(), Coverage())

    @property
    def is_asked(self) -> bool:
        """Whether anything is asked of anybody here in this phase."""
        return any(figures.total for figures in self.figures.values())


def board(campaign: Campaign, node: Organization, children: Sequence[Organization], number: int | None) -> Board:
    """In the phase with this number, or the one most units are in; six statements, whatever lies below."""
    phases = list(campaign.phases.annotate(requests=waiting(campaign, node)))
    reader = ready.Reader(campaign, node, children)
    own, below = ready.standing(reader, [phase.pk for phase in phases])
    phase = next((phase for phase in phases if phase.number == number), None) or fullest(phases, own)
    requirements = requirements_in(campaign, phase) if phase else []
    figures, by_child = ready.figures(reader, [r.pk for r in requirements])
    return Board(
        phases=phases,
        phase=phase,
        requirements=requirements,
        figures=figures,
        by_child=by_child,
        sectors=ready.coverage_by_sector(reader),
        standing=own,
        standing_by_child=below,
        requests={each.pk: each.requests for each in phases},
        sequential=campaign.sequential,
    )


def waiting(campaign: Campaign, node: Organization) -> Any:
    """How many requests under ``node`` to leave a phase wait for a decision: an expression on phases."""
    rows = Gate.objects.waiting().filter(enrolment__campaign=campaign, phase=OuterRef("pk"))
    mine = rows.filter(enrolment__organization__path__startswith=node.path).order_by().values("phase")
    return Coalesce(Subquery(mine.annotate(n=Count("pk")).values("n")), 0)


def requirements_in(campaign: Campaign, phase: Phase | None) -> list[Requirement]:
    """The requirements of a phase (``None``: of the whole campaign) in their order."""
    rows = Requirement.objects.in_force().filter(campaign=campaign)
    found = list(rows.filter(step__phase=phase).select_related("step") if phase else rows.select_related("step__phase"))
    for requirement in found:
        requirement.campaign = campaign
        if phase:
            requirement.step.phase = phase
    return found


def unit_of(requirement: Requirement) -> str:
    if requirement.subject == Subject.PERSON:
        return "人"
    return "个支部" if requirement.audience_code in BRANCHES else "个单位"


def incomplete(node: Organization, requirements: Sequence[Requirement]) -> QuerySet[Progress]:
    """Rows of units under ``node`` in which something is missing."""
    rows = Progress.objects.filter(kind=Progress.Kind.BRANCH, behind=1, requirement__in=[r.pk for r in requirements])
    return rows.filter(beneath(node.path))


@dataclass(frozen=True)
class Gatekeeping:
    """Organisations in a phase: how many, how many of them have everything, and requests that wait for a decision."""

    inside: int
    complete: int
    waiting: int

    @property
    def held_up(self) -> int:
        return self.inside - self.complete


def gatekeeping(board: Board, phase: Phase) -> Gatekeeping:
    """What stands before the next gate."""
    inside = [r for r in board.standing if r["phase_id"] == phase.pk and r["state"] == PhaseRun.State.ACTIVE]
    units, complete = (sum(r[f"sum_{what}"] for r in inside) for what in ("units", "complete"))
    return Gatekeeping(units, complete, board.requests[phase.pk])


@dataclass
class Stage:
    """Where one child stands: how many of its enrolments are in which phase, and from when to when its phases run."""

    phases: dict[str, int] = field(default_factory=dict)
    preparing: int = 0
    postponed: int = 0
    finished: int = 0
    spans: list[Span] = field(default_factory=list)

    @property
    def counts(self) -> list[tuple[str, int, str]]:
        """Where how many are: name, number, state; only where there are any."""
        state = Enrolment.State
        others = [
            ("准备中", self.preparing, state.PREPARING.value),
            ("暂缓", self.postponed, state.POSTPONED.value),
            ("已结束", self.finished, state.FINISHED.value),
        ]
        return [each for each in [*((k, n, state.RUNNING.value) for k, n in self.phases.items()), *others] if each[1]]

    @property
    def note(self) -> str:
        """In words: the phase, or how many are in which."""
        there = self.counts
        if len(there) == 1 and there[0][1] == 1:
            return there[0][0]
        return "，".join(f"{name}{n}个" for name, n, _ in there) or "未编入"

    def add(self, state: str, phase: str | None, number: int) -> None:
        if state == Enrolment.State.RUNNING and phase:
            self.phases[phase] = self.phases.get(phase, 0) + number
        elif state == Enrolment.State.POSTPONED:
            self.postponed += number
        elif state == Enrolment.State.FINISHED:
            self.finished += number
        else:
            self.preparing += number

    def join(self) -> None:
        """Of a campaign without phases one after the other: what goes on side by side as one."""
        self.phases = {"进行中": sum(self.phases.values())} if self.phases else {}
        if self.spans:
            states = {span.state for span in self.spans}
            state = states.pop() if len(states) == 1 else "active"
            first, last = min(s.starts_on for s in self.spans), max(s.ends_on for s in self.spans)
            self.spans = [Span("各项同步推进", first, last, state)]


def stages(
    every_phase: Sequence[Phase], children: Sequence[Organization], standing: StandingRows, *, sequential: bool = True
) -> dict[str, Stage]:
    """The stage of each child by path, from the children's rows of ``ready.standing``; where all goes on at once, as one stretch."""
    found = {child.path: Stage() for child in children}
    phases = {phase.pk: phase for phase in every_phase}
    together: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in standing:
        together.setdefault((row["at"], row["phase_id"]), []).append(row)
    for (path, phase_id), group in sorted(together.items(), key=lambda item: phases[item[0][1]].number):
        if path not in found:
            continue
        stage, phase = found[path], phases[phase_id]
        for state in ("running", "preparing", "postponed", "finished"):
            if number := sum(row[f"sum_{state}"] for row in group):
                stage.add(state, phase.name, number)
        if there := [row for row in group if row["sum_units"]]:
            first, last = min(row["starts_on"] for row in there), max(row["ends_on"] for row in there)
            states = {row["state"] for row in there}
            stage.spans.append(Span(phase.name, first, last, states.pop() if len(states) == 1 else "active"))
    if not sequential:
        for stage in found.values():
            stage.join()
    return found


def time_rows(children: Sequence[Organization], found: dict[str, Stage]) -> list[TimeRow]:
    """Lines of the time line, in tree order; children without dates are left to the table."""
    return [TimeRow(c.name, found[c.path].spans, found[c.path].note) for c in children if found[c.path].spans]


@dataclass(frozen=True)
class Trends:
    """Shares by kept day (whole percent of what is asked that was done or waived): of all requirements together, and of each by id."""

    together: list[tuple[date, int]]
    each: dict[int, list[tuple[date, int]]]


def trends(node: Organization, requirements: Sequence[Requirement], since: date) -> Trends:
    """One query. A figure holds until the next is kept; what a requirement replaced is its own past."""
    heir = {pk: r.pk for r in requirements for pk in r.family}
    rows = ProgressDay.objects.filter(organization=node, requirement__in=heir, day__gte=since)
    names = ("requirement_id", "day", "done", "waived", "total")
    known: dict[int, tuple[int, int]] = {}
    together: dict[date, int] = {}
    each: dict[int, dict[date, int]] = {}
    settled = asked = 0
    for requirement, day, done, waived, total in rows.order_by("day", "requirement").values_list(*names):
        own = heir[requirement]
        before = known.get(own, (0, 0))
        known[own] = (done + waived, total)
        settled, asked = settled + done + waived - before[0], asked + total - before[1]
        each.setdefault(own, {})[day] = share(done + waived, total)
        together[day] = share(settled, asked)
    return Trends(thinned(together), {pk: thinned(points) for pk, points in each.items()})


def thinned(points: dict[date, int]) -> list[tuple[date, int]]:
    """At most some fifty of them, the last always among them."""
    rows = list(points.items())
    step = len(rows) // 50 + 1
    return rows[::-1][::step][::-1]
