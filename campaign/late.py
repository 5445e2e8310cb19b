"""Who still owes what, in tree order: branches whose ready figures miss something, and only there the indicator's own
expression."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.core import signing
from django.db.models import Exists, OuterRef, Q

from campaign.models import Campaign, Enrolment, PhaseRun, Progress, Requirement
from campaign.progress import unmet
from campaign.reports.overview import incomplete
from members.models import Organization
from portal.indicators import Subject

SALT = "late-list"


@dataclass(frozen=True)
class Position:
    """A place in the list: organisation's path, requirement's position, row's key."""

    path: str
    order: int
    pk: int

    @property
    def key(self) -> tuple[str, int, int]:
        return (self.path, self.order, self.pk)

    def follows(self, other: "Position | None") -> bool:
        return other is None or self.key > other.key


@dataclass(frozen=True)
class Late:
    """One line: a person or organisation that owes a requirement; without names, how many in the organisation do."""

    position: Position
    organization: str
    organization_id: int
    name: str
    requirement: str
    missing: int
    due: date | None
    enrolment_id: int

    def days_over(self, today: date) -> int:
        """Days since the last day, 0 when it is not past."""
        return max((today - self.due).days, 0) if self.due else 0


def mark(position: Position) -> str:
    """A position as text for an address."""
    return signing.dumps([position.path, position.order, position.pk], salt=SALT)


def unmark(text: str) -> Position | None:
    """The position of an address; ``None`` for anything else."""
    try:
        return Position(*signing.loads(text, salt=SALT))
    except (signing.BadSignature, TypeError):
        return None


def after(position: Position | None, order: int, prefix: str) -> Q:
    """Rows of the requirement at ``order`` that come after ``position``; ``prefix`` leads from the row to its
    organisation."""
    if position is None:
        return Q()
    further = Q(**{f"{prefix}path__gt": position.path})
    if order < position.order:
        return further
    same = Q(**{f"{prefix}path": position.path})
    return further | (same & Q(pk__gt=position.pk) if order == position.order else same)


# Behind every row of a branch.
LAST = 2**62


def late_rows(
    campaign: Campaign,
    node: Organization,
    requirements: Sequence[Requirement],
    *,
    names: bool,
    limit: int,
    start: Position | None = None,
) -> list[Late]:
    """At most ``limit`` lines under ``node`` after ``start``, in tree order and then that of the requirements (as
    ``requirements_in``).

    One query for the branches, one per requirement that is missing in them, one for the dates; the same however many
    branches there are.
    """
    order = {r.pk: n for n, r in enumerate(requirements)}
    missing = incomplete(node, requirements)
    waiting = Organization.objects.under(node).filter(Exists(missing.filter(organization=OuterRef("pk"))))
    found: list[Late] = []
    while True:
        here = waiting.filter(path__gte=start.path) if start is not None else waiting
        branches = list(here.order_by("path")[: limit + 1])
        rows = list(missing.filter(organization__in=branches).select_related("organization"))
        if names:
            for requirement in requirements:
                places = [row.organization_id for row in rows if row.requirement_id == requirement.pk]
                if places:
                    found += named(requirement, order[requirement.pk], places, limit, start)
        else:
            found += [line for row in rows if (line := counted(row, requirements, order)).position.follows(start)]
        if len(branches) <= limit or len(found) >= limit:
            break
        # Figures that hang on today's date can be ahead of the records: these branches owed nothing after all.
        start = Position(branches[-1].path, len(requirements), LAST)
    found.sort(key=lambda line: line.position.key)
    return with_dates(campaign, found[:limit], requirements)


def named(
    requirement: Requirement, order: int, branches: Sequence[int], limit: int, start: Position | None
) -> list[Late]:
    """The persons or organisations in these branches that owe one requirement."""
    person = requirement.subject == Subject.PERSON
    prefix = "enrolment__organization" if person else "organization"
    rows = unmet(requirement).filter(after(start, order, f"{prefix}__"), **{f"{prefix}__in": branches})
    rows = rows.select_related("member", "enrolment__organization") if person else rows.select_related("organization")
    found = []
    for row in rows.order_by(f"{prefix}__path", "pk")[:limit]:
        place: Enrolment = row.enrolment if person else row
        found.append(
            Late(
                position=Position(place.organization.path, order, row.pk),
                organization=place.organization.name,
                organization_id=place.organization_id,
                name=row.member.name if person else "",
                requirement=requirement.label,
                missing=1,
                due=None,
                enrolment_id=place.pk,
            )
        )
    return found


def counted(row: Progress, requirements: Sequence[Requirement], order: dict[int, int]) -> Late:
    """A number instead of names, from the ready figure of one branch and requirement."""
    position = Position(row.organization.path, order[row.requirement_id], 0)
    return Late(
        position=position,
        organization=row.organization.name,
        organization_id=row.organization_id,
        name="",
        requirement=requirements[position.order].label,
        missing=row.total - row.done - row.waived,
        due=None,
        enrolment_id=0,
    )


def with_dates(campaign: Campaign, rows: Sequence[Late], requirements: Sequence[Requirement]) -> list[Late]:
    """The lines with enrolment and last day of each, by the requirement's rule and the organisation's own phase."""
    runs = PhaseRun.objects.filter(
        enrolment__campaign=campaign,
        enrolment__organization__in={r.organization_id for r in rows},
        phase__in={r.step.phase_id for r in requirements},
    ).select_related("enrolment")
    found = {(run.enrolment.organization_id, run.phase_id): run for run in runs}
    dated = []
    for row in rows:
        requirement = requirements[row.position.order]
        run = found.get((row.organization_id, requirement.step.phase_id))
        dated.append(replace(row, enrolment_id=run.enrolment_id, due=requirement.due_on(run)) if run else row)
    return dated
