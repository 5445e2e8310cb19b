"""Who still owes what, in tree order: branches whose ready figures miss something, and only there the indicator's own
expression."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.core import signing
from django.db import connection
from django.db.models import F, QuerySet, Value
from django.utils import timezone

from campaign.models import Campaign, PhaseRun, Requirement
from campaign.progress.counting import identity
from campaign.progress.ledgers import end_of
from campaign.progress.writing import unmet
from members.models import Organization
from portal import statements
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
    person_url: str = ""
    record_url: str = ""

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


# Behind every row of a unit.
LAST = 2**62
WIDTHS = (1, 4, 16, 64)


@dataclass(frozen=True)
class Behind:
    """A unit in which a requirement misses something, from its ready row."""

    path: str
    organization_id: int
    requirement_id: int
    missing: int


def behind(node: Organization, requirements: Sequence[Requirement], start: str, number: int) -> list[Behind]:
    """The ready rows of the first ``number`` units under ``node`` from the path ``start`` on in which something is missing, in tree
    order; one statement, which looks at no more than it gives, wherever it starts."""
    one = (
        "SELECT * FROM (SELECT path, organization_id, requirement_id, total - done - waived AS missing FROM campaign_progress "
        "WHERE kind = 'branch' AND behind = 1 AND requirement_id = %s AND path >= %s AND path <= %s ORDER BY path LIMIT %s) AS r{}"
    )
    first, last = max(start, node.path), end_of(node.path)
    if not requirements:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(one.format(n) for n in range(len(requirements))),
            [value for r in requirements for value in (r.pk, first, last, number)],
        )
        rows = sorted((Behind(*row) for row in cursor.fetchall()), key=lambda row: row.path)
    shown = sorted({row.path for row in rows})[:number]
    return [row for row in rows if row.path <= shown[-1]] if shown else []


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

    One query for the units, one per requirement that is missing in them, two for the rest; the same however many units there are.
    """
    order = {r.pk: n for n, r in enumerate(requirements)}
    found: list[Late] = []
    while True:
        rows = behind(node, requirements, start.path if start else "", limit + 1)
        taken = enough(rows, start, limit - len(found)) if names else rows
        if names:
            for requirement in requirements:
                places = [row.organization_id for row in taken if row.requirement_id == requirement.pk]
                found += [
                    line for line in named(requirement, order[requirement.pk], places) if line.position.follows(start)
                ]
        else:
            found += [line for line in counted(taken, requirements, order) if line.position.follows(start)]
        if not taken or len(found) >= limit or (len(taken) == len(rows) and len({row.path for row in rows}) <= limit):
            break
        # Figures that hang on today's date can be ahead of the records: these units owed nothing after all.
        start = Position(taken[-1].path, len(requirements), LAST)
    found.sort(key=lambda line: line.position.key)
    return with_dates(campaign, found[:limit], requirements)


def enough(rows: Sequence[Behind], start: Position | None, wanted: int) -> list[Behind]:
    """The rows of the first units that together miss ``wanted``, besides the one at which the page starts."""
    taken: list[Behind] = []
    for row in rows:
        if wanted <= 0 and row.path != taken[-1].path:
            break
        taken.append(row)
        if start is None or row.path != start.path:
            wanted -= row.missing
    return taken


def named(requirement: Requirement, order: int, places: Sequence[int]) -> list[Late]:
    """The persons or organisations in these units that owe one requirement. The statement is kept for the day: putting it together
    costs more than running it."""
    if not places:
        return []
    width = next(n for n in (*WIDTHS, len(places)) if n >= len(places))
    key = ("owing", timezone.localdate(), identity(requirement), width)
    ids = [places[min(n, len(places) - 1)] for n in range(width)]
    return [
        Late(
            position=Position(path, order, pk),
            organization=organization,
            organization_id=organization_id,
            name=name,
            requirement=requirement.label,
            missing=1,
            due=None,
            enrolment_id=enrolment,
        )
        for pk, path, organization, organization_id, enrolment, name in statements.run(
            key, lambda: [owing(requirement, width)], *ids
        )
    ]


def owing(requirement: Requirement, width: int) -> QuerySet[Any]:
    """Who still owes it in ``width`` organisations, with the place."""
    person = requirement.subject == Subject.PERSON
    place = "enrolment__organization" if person else "organization"
    name = F("member__name") if person else Value("")
    rows = unmet(requirement).filter(**{f"{place}__in": [statements.stand_in(n) for n in range(width)]}).order_by()
    unit = "enrolment_id" if person else "pk"
    return rows.annotate(shown=name).values_list(
        "pk", f"{place}__path", f"{place}__name", f"{place}__pk", unit, "shown"
    )


def counted(rows: Sequence[Behind], requirements: Sequence[Requirement], order: dict[int, int]) -> list[Late]:
    """Numbers instead of names, from the ready rows."""
    titles = dict(
        Organization.objects.filter(pk__in={r.organization_id for r in rows}).order_by().values_list("pk", "name")
    )
    return [
        Late(
            position=Position(row.path, order[row.requirement_id], 0),
            organization=titles[row.organization_id],
            organization_id=row.organization_id,
            name="",
            requirement=requirements[order[row.requirement_id]].label,
            missing=row.missing,
            due=None,
            enrolment_id=0,
        )
        for row in rows
    ]


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
