"""Progress is ready before anyone asks, and never stale.

Whoever changes a record does it inside ``recording(enrolments)``: the enrolment rows are locked in tree order, the records change, and in a
later statement the branch's figures are recomputed from the records; the difference goes to the branch's roll-up point. Only
``campaign.rollups``, under the same locks, writes ``Progress`` besides.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Substr
from django.db.models.query import QuerySet
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Participation, Progress, Requirement, RollupPoint, Waiver
from members.models import Organization
from portal.indicators import Condition, Subject


@dataclass(frozen=True)
class Figures:
    """Done, waived and total of one requirement, in persons or organisations."""

    done: int = 0
    waived: int = 0
    total: int = 0

    @property
    def missing(self) -> int:
        return self.total - self.done - self.waived

    @property
    def percent(self) -> int:
        """Done and waived out of the total, in whole percent; never rounded up to 100. Nothing asked of anyone: 100."""
        return (self.done + self.waived) * 100 // self.total if self.total else 100

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(self.done + other.done, self.waived + other.waived, self.total + other.total)

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(self.done - other.done, self.waived - other.waived, self.total - other.total)


NOTHING = Figures()
# Stands for the enrolment's id in a statement that is kept.
ANY_ENROLMENT = -2005_01_20
statements: dict[tuple[object, ...], tuple[str, list[Any]]] = {}


def subjects(requirement: Requirement) -> QuerySet:
    """Rows of the requirement's audience: participations of people who take part now, or enrolments."""
    rows: QuerySet[Any]
    if requirement.subject == Subject.PERSON:
        rows = Participation.objects.filter(campaign=requirement.campaign_id).active()
    else:
        rows = Enrolment.objects.counted().filter(campaign=requirement.campaign_id)
    return rows.filter(requirement.audience.applies())


def is_done(requirement: Requirement) -> Condition:
    """The indicator's expression with the requirement's parameters."""
    return Q(requirement.indicator.condition(requirement.params))


def is_waived(requirement: Requirement) -> Exists:
    waivers = Waiver.objects.filter(requirement=requirement)
    if requirement.subject == Subject.PERSON:
        return Exists(waivers.filter(participation=OuterRef("pk")))
    return Exists(waivers.filter(enrolment=OuterRef("pk"), participation=None))


def unmet(requirement: Requirement) -> QuerySet:
    """Who or what still owes it: the rows of the audience that are neither done nor waived."""
    return subjects(requirement).exclude(is_done(requirement)).exclude(is_waived(requirement))


def tally(requirement: Requirement, enrolments: Collection[int]) -> QuerySet:
    """Rows ``(enrolment, outcome, requirement, n)``, read from the records: the one place where anything is counted."""
    own = "enrolment_id" if requirement.subject == Subject.PERSON else "pk"
    outcome = Case(
        When(is_done(requirement), then=Value("done")),
        When(is_waived(requirement), then=Value("waived")),
        default=Value("missing"),
    )
    return (
        subjects(requirement)
        .filter(**{f"{own}__in": enrolments})
        .annotate(counted_in=F(own), outcome=outcome, requirement=Value(requirement.pk, IntegerField()))
        .order_by()
        .values_list("counted_in", "outcome", "requirement")
        .annotate(n=Count("pk"))
    )


def figures_from(rows: Iterable[tuple[int, str, int, int]]) -> dict[tuple[int, int], Figures]:
    """Figures by (requirement, enrolment)."""
    figures: dict[tuple[int, int], Figures] = {}
    for enrolment, outcome, requirement, n in rows:
        counted = Figures(n if outcome == "done" else 0, n if outcome == "waived" else 0, n)
        figures[(requirement, enrolment)] = figures.get((requirement, enrolment), NOTHING) + counted
    return figures


def count(requirement: Requirement, enrolments: Collection[int]) -> dict[int, Figures]:
    """Figures of one requirement per enrolment."""
    return {
        enrolment: figures for (_, enrolment), figures in figures_from(tally(requirement, list(enrolments))).items()
    }


def count_all(requirements: Collection[Requirement], enrolment: int) -> dict[tuple[int, int], Figures]:
    """Figures of all requirements for one enrolment, in one statement.

    Putting the statement together costs twenty times what running it costs, so it is kept for the day (indicators may speak of today).
    """
    if not requirements:
        return {}
    asked = tuple((r.pk, r.indicator_code, r.audience_code, json.dumps(r.params, sort_keys=True)) for r in requirements)
    key = (connection.vendor, timezone.localdate(), asked)
    if key not in statements:
        if len(statements) > 50:
            statements.clear()
        parts = [tally(requirement, [ANY_ENROLMENT]).query.sql_with_params() for requirement in requirements]
        statements[key] = (
            " UNION ALL ".join(sql for sql, _ in parts),
            [value for _, params in parts for value in params],
        )
    sql, params = statements[key]
    with connection.cursor() as cursor:
        cursor.execute(sql, [enrolment if value == ANY_ENROLMENT else value for value in params])
        return figures_from(cursor.fetchall())


def lock(enrolments: Iterable[int]) -> list[Enrolment]:
    """Lock the rows in tree order; on the embedded database the immediate transaction is the lock."""
    rows = Enrolment.objects.filter(pk__in=list(enrolments)).in_tree_order()
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",))
    return list(rows.select_related("organization"))


@contextmanager
def recording(enrolments: Iterable[int]) -> Iterator[list[Enrolment]]:
    """A transaction in which records of these enrolments may change; yields the locked rows, recomputes their figures at the end."""
    with transaction.atomic():
        locked = lock(enrolments)
        yield locked
        recompute(locked)


def recompute(locked: list[Enrolment]) -> None:
    """Bring the figures of locked enrolments in line with their records and pass the differences to their roll-up points."""
    if not locked:
        return
    by_campaign: dict[int, list[Enrolment]] = {}
    for enrolment in locked:
        by_campaign.setdefault(enrolment.campaign_id, []).append(enrolment)
    for campaign_id, group in by_campaign.items():
        kept = {
            (row.requirement_id, row.organization_id): row
            for row in Progress.objects.filter(
                requirement__campaign=campaign_id,
                organization__in=[e.organization_id for e in group],
                kind=Progress.Kind.BRANCH,
            )
        }
        differences: dict[tuple[int, int], Figures] = {}
        requirements = list(Requirement.objects.filter(campaign=campaign_id))
        figures: dict[tuple[int, int], Figures] = {}
        for enrolment in group:
            figures |= count_all(requirements, enrolment.pk)
        for requirement in requirements:
            for enrolment in group:
                store(enrolment, requirement, figures.get((requirement.pk, enrolment.pk), NOTHING), kept, differences)
        add_to_rollups(differences)


def store(
    enrolment: Enrolment,
    requirement: Requirement,
    now: Figures,
    kept: dict[tuple[int, int], Progress],
    differences: dict[tuple[int, int], Figures],
) -> None:
    """Write one branch figure if it changed, and note the difference for its roll-up point."""
    row = kept.get((requirement.pk, enrolment.organization_id))
    before = Figures(row.done, row.waived, row.total) if row else NOTHING
    if row is None:
        Progress.objects.create(
            organization_id=enrolment.organization_id,
            requirement=requirement,
            kind=Progress.Kind.BRANCH,
            standalone=enrolment.rollup_id is None,
            done=now.done,
            waived=now.waived,
            total=now.total,
        )
    elif now != before:
        Progress.objects.filter(pk=row.pk).update(done=now.done, waived=now.waived, total=now.total)
    if enrolment.rollup_id is not None and now != before:
        key = (requirement.pk, enrolment.rollup_id)
        differences[key] = differences.get(key, NOTHING) + (now - before)


def add_to_rollups(differences: dict[tuple[int, int], Figures]) -> None:
    """Add differences, by (requirement, roll-up point), to the points' rows, always in the same order.

    The points are looked up only now: a statement that waited for the enrolment's lock knows the enrolment's new point, but not that row.
    """
    points = RollupPoint.objects.filter(pk__in={point for _, point in differences})
    places = dict(points.values_list("pk", "organization_id")) if differences else {}
    for requirement_id, organization_id, change in sorted(
        (requirement, places[point], change) for (requirement, point), change in differences.items()
    ):
        Progress.objects.get_or_create(
            requirement_id=requirement_id, organization_id=organization_id, kind=Progress.Kind.ROLLUP
        )
        Progress.objects.filter(
            requirement_id=requirement_id, organization_id=organization_id, kind=Progress.Kind.ROLLUP
        ).update(done=F("done") + change.done, waived=F("waived") + change.waived, total=F("total") + change.total)


def inside_rollup(campaign: Campaign, node: Organization) -> bool:
    """Whether a roll-up point lies strictly above ``node``."""
    above = [node.path[:n] for n in range(node.steplen, len(node.path), node.steplen)]
    return RollupPoint.objects.filter(campaign=campaign, organization__path__in=above).exists()


def figures_of(campaign: Campaign, node: Organization) -> dict[int, Figures]:
    """Figures of ``node`` per requirement id, from ready rows."""
    rows = Progress.objects.filter(requirement__campaign=campaign).covering(
        node, inside_rollup=inside_rollup(campaign, node)
    )
    sums = rows.order_by().values("requirement_id").annotate(d=Sum("done"), w=Sum("waived"), t=Sum("total"))
    return {row["requirement_id"]: Figures(row["d"], row["w"], row["t"]) for row in sums}


def figures_by_child(campaign: Campaign, node: Organization) -> dict[str, dict[int, Figures]]:
    """Figures per child path and requirement id, from ready rows, in one query (two below a roll-up point)."""
    length = len(node.path) + node.steplen
    below = inside_rollup(campaign, node) or RollupPoint.objects.filter(campaign=campaign, organization=node).exists()
    rows = Progress.objects.filter(requirement__campaign=campaign).covering(node, inside_rollup=below)
    sums = (
        rows.annotate(child=Substr("organization__path", 1, length))
        .order_by()
        .values("child", "requirement_id")
        .annotate(d=Sum("done"), w=Sum("waived"), t=Sum("total"))
    )
    figures: dict[str, dict[int, Figures]] = {}
    for row in sums:
        figures.setdefault(row["child"], {})[row["requirement_id"]] = Figures(row["d"], row["w"], row["t"])
    return figures
