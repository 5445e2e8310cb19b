"""What the dashboard of a node shows, from ready figures; every function asks a fixed number of queries, however many
children there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Substr
from django.db.models.query import QuerySet

from campaign.models import Campaign, Enrolment, Gate, Phase, PhaseRun, Progress, ProgressDay, Requirement
from campaign.progress import NOTHING, Figures
from members.models import Organization
from portal.charts import Span, TimeRow
from portal.indicators import Condition, Subject

UNITS = {Subject.PERSON: "人", Subject.ORGANIZATION: "个支部"}


def main_phase(campaign: Campaign, node: Organization) -> Phase | None:
    """The phase that most enrolments under ``node`` are in (the earlier one where two are level); the first where
    none has begun."""
    phases = Phase.objects.filter(campaign=campaign)
    here = Enrolment.objects.filter(campaign=campaign, phase__isnull=False).under(node)
    most = here.order_by().values("phase").annotate(n=Count("pk")).order_by("-n", "phase__number").values("phase")[:1]
    return phases.filter(pk=Subquery(most)).first() or phases.first()


def requirements_in(campaign: Campaign, phase: Phase | None) -> list[Requirement]:
    """The requirements of a phase (``None``: of the whole campaign) in their order."""
    rows = Requirement.objects.filter(campaign=campaign).select_related("step__phase", "campaign")
    return list(rows.filter(step__phase=phase) if phase else rows)


def unit_of(requirement: Requirement) -> str:
    return UNITS[requirement.subject]


def incomplete(node: Organization, requirements: Sequence[Requirement]) -> QuerySet[Progress]:
    """Rows of branches under ``node`` in which something is missing."""
    rows = Progress.objects.filter(
        kind=Progress.Kind.BRANCH,
        requirement__in=[r.pk for r in requirements],
        organization__path__startswith=node.path,
    )
    return rows.filter(total__gt=F("done") + F("waived"))


def branches_missing(node: Organization, requirements: Sequence[Requirement]) -> dict[int, int]:
    """Per requirement id, in how many branches under ``node`` something is missing."""
    rows = incomplete(node, requirements).order_by().values("requirement")
    return {row["requirement"]: row["n"] for row in rows.annotate(n=Count("pk"))}


def overdue(campaign: Campaign, node: Organization, requirements: Sequence[Requirement], today: date) -> dict[int, int]:
    """Per requirement id, how many owe it although the last day of their own organisation's phase, with the
    requirement's offset, is past."""
    late: Condition = Q(pk__in=[])
    for key in {(r.step.phase_id, r.due_offset) for r in requirements}:
        past = PhaseRun.objects.filter(
            enrolment__campaign=campaign,
            enrolment__organization=OuterRef("organization"),
            phase=key[0],
            ends_on__lt=today - timedelta(key[1]),
        )
        late |= Q(requirement__in=[r.pk for r in requirements if (r.step.phase_id, r.due_offset) == key]) & Exists(past)
    rows = incomplete(node, requirements).filter(late).order_by().values("requirement")
    return {row["requirement"]: row["n"] for row in rows.annotate(n=Sum(F("total") - F("done") - F("waived")))}


@dataclass(frozen=True)
class Gatekeeping:
    """Organisations in a phase: how many, how many of them have everything, and requests that wait for a decision."""

    inside: int
    complete: int
    waiting: int

    @property
    def held_up(self) -> int:
        return self.inside - self.complete


def gatekeeping(
    campaign: Campaign, node: Organization, phase: Phase, requirements: Sequence[Requirement]
) -> Gatekeeping:
    """What stands before the next gate under ``node``."""
    missing = incomplete(node, requirements).filter(organization=OuterRef("organization"))
    units = Enrolment.objects.counted().under(node)
    inside = units.filter(campaign=campaign, runs__phase=phase, runs__state=PhaseRun.State.ACTIVE)
    sums = inside.annotate(missing=Exists(missing)).aggregate(
        all=Count("pk"), complete=Count("pk", filter=Q(missing=False))
    )
    waiting = Gate.objects.filter(
        enrolment__campaign=campaign, enrolment__organization__path__startswith=node.path, phase=phase
    )
    return Gatekeeping(sums["all"], sums["complete"], waiting.waiting().count())


def between(children: Sequence[Organization], field_name: str = "organization__path") -> Q:
    """Rows at or below the given neighbouring nodes (in tree order)."""
    if not children:
        return Q(pk__in=[])
    first, last = children[0].path, children[-1].path
    upper = Q(**{f"{field_name}__lte": last}) | Q(**{f"{field_name}__startswith": last})
    return Q(**{f"{field_name}__gte": first}) & upper


@dataclass
class Stage:
    """Where one child stands: how many of its enrolments are in which phase, and from when to when its phases run."""

    phases: dict[str, int] = field(default_factory=dict)
    preparing: int = 0
    postponed: int = 0
    finished: int = 0
    spans: list[Span] = field(default_factory=list)

    @property
    def note(self) -> str:
        """In words: the phase, or how many are in which."""
        counts = [*self.phases.items(), ("准备中", self.preparing), ("暂缓", self.postponed), ("已结束", self.finished)]
        there = [(name, n) for name, n in counts if n]
        if len(there) == 1 and there[0][1] == 1:
            return there[0][0]
        return "，".join(f"{name}{n}个" for name, n in there) or "未编入"

    def add(self, state: str, phase: str | None, number: int) -> None:
        if state == Enrolment.State.RUNNING and phase:
            self.phases[phase] = self.phases.get(phase, 0) + number
        elif state == Enrolment.State.POSTPONED:
            self.postponed += number
        elif state == Enrolment.State.FINISHED:
            self.finished += number
        else:
            self.preparing += number


def stages(campaign: Campaign, children: Sequence[Organization]) -> dict[str, Stage]:
    """The stage of each child by path, in two queries."""
    found = {child.path: Stage() for child in children}
    if not children:
        return found
    length = len(children[0].path)
    here = (
        Enrolment.objects.counted()
        .filter(between(children), campaign=campaign)
        .annotate(at=Substr("organization__path", 1, length))
    )
    counts = here.order_by("phase__number").values("at", "state", "phase__name").annotate(n=Count("pk"))
    for row in counts:
        found[row["at"]].add(row["state"], row["phase__name"], row["n"])
    runs = PhaseRun.objects.filter(between(children, "enrolment__organization__path"), enrolment__campaign=campaign)
    runs = runs.exclude(enrolment__state=Enrolment.State.CLOSED)
    grouped = (
        runs.annotate(at=Substr("enrolment__organization__path", 1, length))
        .order_by("phase__number")
        .values("at", "phase__name", "phase__number")
        .annotate(
            first=Min("starts_on"),
            last=Max("ends_on"),
            all=Count("pk"),
            done=Count("pk", filter=Q(state=PhaseRun.State.DONE)),
            waiting=Count("pk", filter=Q(state=PhaseRun.State.WAITING)),
        )
    )
    for run in grouped:
        state = "done" if run["done"] == run["all"] else "waiting" if run["waiting"] == run["all"] else "active"
        found[run["at"]].spans.append(Span(run["phase__name"], run["first"], run["last"], state))
    return found


def time_rows(children: Sequence[Organization], found: dict[str, Stage]) -> list[TimeRow]:
    """Lines of the time line, in tree order; children without dates are left to the table."""
    return [TimeRow(c.name, found[c.path].spans, found[c.path].note) for c in children if found[c.path].spans]


def trend_points(node: Organization, requirements: Sequence[Requirement], since: date) -> list[tuple[date, int]]:
    """Per kept day, the share (whole percent) of what the requirements ask for that was done or waived; a figure
    holds until the next is kept."""
    rows = ProgressDay.objects.filter(organization=node, requirement__in=[r.pk for r in requirements], day__gte=since)
    known: dict[int, Figures] = {}
    points: dict[date, int] = {}
    for row in rows.order_by("day"):
        known[row.requirement_id] = Figures(row.done, row.waived, row.total)
        points[row.day] = sum(known.values(), NOTHING).percent
    return list(points.items())
