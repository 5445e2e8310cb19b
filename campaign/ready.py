"""Reading ready numbers: of a node, and of its children; nothing is counted here, and cost does not grow with the subtree.

A roll-up point and a unit have rows of their own. Any other node is the sum of the rows below it that lie within the same point as
itself: the topmost points and those units that have none.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Substr
from django.utils import timezone

from campaign.counting import Figures
from campaign.coverage import Coverage
from campaign.ledgers import PROGRESS, REACH, STANDING, Ledger, ancestors, beneath, end_of
from campaign.models import Campaign, Ready, RollupPoint
from members.models import Organization


class Reader:
    """Where the rows of a node and its children are; what it finds out about roll-up points serves all ledgers."""

    def __init__(self, campaign: Campaign, node: Organization) -> None:
        self.campaign, self.node = campaign, node
        rows = RollupPoint.objects.filter(campaign=campaign, organization__path__in=[*ancestors(node.path), node.path])
        points = sorted(rows.values_list("organization__path", "organization_id"))
        self.is_point = bool(points) and points[-1][0] == node.path
        self.above = next((pk for path, pk in reversed(points) if path != node.path), None)
        self.inside = node.pk if self.is_point else self.above

    def own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Rows that add up to the node."""
        if self.is_point or self.node.is_branch:
            return rows.filter(organization=self.node)
        return rows.filter(beneath(self.node.path), within=self.above)

    def by_child(self, rows: QuerySet[Any], children: Sequence[Organization]) -> list[QuerySet[Any]]:
        """Rows that add up to these neighbouring children, each with the child's path ``at``; one query, or two."""
        length = len(children[0].path)
        cut = rows.annotate(at=Substr("path", 1, length))
        if self.inside is None:
            between = Q(path__gte=children[0].path, path__lte=end_of(children[-1].path))
            return [cut.filter(between, within=None)]
        keys = [c.pk for c in children]
        found = set(
            RollupPoint.objects.filter(campaign=self.campaign, organization__in=keys).values_list(
                "organization_id", flat=True
            )
        )
        ready = found | {c.pk for c in children if c.is_branch}
        parts = [cut.filter(organization__in=keys)]
        if others := [c for c in children if c.pk not in ready]:
            below = Q(path__gte=others[0].path, path__lte=end_of(others[-1].path))
            rest = cut.filter(below, within=self.inside, at__in=[c.path for c in others])
            parts.append(rest.exclude(organization__in=keys))
        return parts


def rows_of(ledger: Ledger, campaign: Campaign, own: Collection[int] | None) -> QuerySet[Any]:
    rows = ledger.model._default_manager.order_by()
    return ledger.rows(campaign.pk).order_by() if own is None else rows.filter(**{f"{ledger.own}__in": list(own)})


def totals(names: Sequence[str]) -> dict[str, Any]:
    return {f"sum_{name}": Sum(name) for name in names}


def figure_sums() -> dict[str, Any]:
    """What is summed of figures; overdue is what is missing where the last day is past, today."""
    past = Q(due_on__lte=timezone.localdate() - timedelta(1))
    return totals(PROGRESS.numbers) | {"overdue": Sum(F("total") - F("done") - F("waived"), filter=past)}


def figures_in(row: dict[str, Any]) -> Figures:
    return Figures(
        row["sum_done"],
        row["sum_waived"],
        row["sum_total"],
        row["sum_otherwise"],
        row["sum_behind"],
        row["overdue"] or 0,
    )


def figures_of(
    campaign: Campaign, node: Organization, requirements: Collection[int] | None = None, reader: Reader | None = None
) -> dict[int, Figures]:
    """Figures of ``node`` per requirement id (of these requirements only; nothing where nobody is asked), from ready rows."""
    rows = (reader or Reader(campaign, node)).own(rows_of(PROGRESS, campaign, requirements))
    found = {row["requirement_id"]: figures_in(row) for row in rows.values("requirement_id").annotate(**figure_sums())}
    return defaultdict(Figures, found)


def figures_by_child(
    campaign: Campaign,
    node: Organization,
    children: Sequence[Organization] | None = None,
    requirements: Collection[int] | None = None,
    reader: Reader | None = None,
) -> dict[str, dict[int, Figures]]:
    """Figures per child path and requirement id, from ready rows; ``children``: neighbours among the node's children (default: all,
    and what is the node's own under its path)."""
    every = rows_of(PROGRESS, campaign, requirements)
    figures: dict[str, dict[int, Figures]] = {}
    parts = (
        [] if children is not None else [every.filter(organization=node, kind=Ready.Kind.BRANCH).annotate(at=F("path"))]
    )
    children = list(node.children()) if children is None else children
    if children:
        parts += (reader or Reader(campaign, node)).by_child(every, children)
    for rows in parts:
        for row in rows.values("at", "requirement_id").annotate(**figure_sums()):
            of_child = figures.setdefault(row["at"], {})
            known = of_child.get(row["requirement_id"])
            of_child[row["requirement_id"]] = known + figures_in(row) if known else figures_in(row)
    return figures


def coverage_in(row: dict[str, Any]) -> Coverage:
    return Coverage(*(row[f"sum_{name}"] or 0 for name in REACH.numbers))


def coverage_of(campaign: Campaign, node: Organization, reader: Reader | None = None) -> Coverage:
    """Coverage of ``node`` with everything below it, from ready rows."""
    rows = (reader or Reader(campaign, node)).own(rows_of(REACH, campaign, [campaign.pk]))
    return coverage_in(rows.aggregate(**totals(REACH.numbers)))


def coverage_by_sector(campaign: Campaign, node: Organization, reader: Reader | None = None) -> dict[str, Coverage]:
    """Coverage of ``node`` per 领域 of the basic organisations (empty: none given), from ready rows."""
    rows = (reader or Reader(campaign, node)).own(rows_of(REACH, campaign, [campaign.pk]))
    return {row["sector"]: coverage_in(row) for row in rows.values("sector").annotate(**totals(REACH.numbers))}


def coverage_by_child(
    campaign: Campaign,
    node: Organization,
    children: Sequence[Organization] | None = None,
    reader: Reader | None = None,
) -> dict[str, Coverage]:
    """Coverage per child path, from ready rows."""
    children = list(node.children()) if children is None else children
    found: dict[str, Coverage] = {}
    if not children:
        return found
    for rows in (reader or Reader(campaign, node)).by_child(rows_of(REACH, campaign, [campaign.pk]), children):
        for row in rows.values("at").annotate(**totals(REACH.numbers)):
            found[row["at"]] = found.get(row["at"], Coverage()) + coverage_in(row)
    return found


def standing_of(campaign: Campaign, node: Organization, reader: Reader | None = None) -> list[dict[str, Any]]:
    """Of the units at and below ``node``: per phase, state and dates the numbers of ``Standing`` (``sum_units`` …)."""
    rows = (reader or Reader(campaign, node)).own(rows_of(STANDING, campaign, None))
    return list(rows.values("phase_id", *STANDING.bucket).annotate(**totals(STANDING.numbers)))


def standing_by_child(
    campaign: Campaign, node: Organization, children: Sequence[Organization], reader: Reader | None = None
) -> list[dict[str, Any]]:
    """The same per child: rows with the child's path ``at``."""
    if not children:
        return []
    parts = (reader or Reader(campaign, node)).by_child(rows_of(STANDING, campaign, None), children)
    return [
        row
        for rows in parts
        for row in rows.values("at", "phase_id", *STANDING.bucket).annotate(**totals(STANDING.numbers))
    ]
