"""Reading ready numbers: of a node, and of its children. Nothing is counted here, and cost does not grow with the subtree.

A roll-up point and a unit have rows of their own. Any other node is the sum of the rows below it that lie within the same point as
itself: the topmost points, and those units that have none. Statements are written out: they are short, and every page waits for them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from datetime import date, timedelta
from operator import add
from typing import Any

from django.db import connection
from django.utils import timezone

from campaign.models import Campaign, RollupPoint
from campaign.progress.counting import Figures
from campaign.progress.coverage import Coverage
from campaign.progress.ledgers import PROGRESS, REACH, STANDING, Ledger, ancestors, end_of
from members.models import Organization

Row = tuple[Any, ...]
OVERDUE = "SUM(CASE WHEN due_on < %s THEN total - done - waived ELSE 0 END)"
SOON = "SUM(CASE WHEN due_on BETWEEN %s AND %s THEN total - done - waived ELSE 0 END)"
SOON_DAYS = 7


class Reader:
    """The rows of a node and of some neighbouring ``children`` (``complete``: these are all it has).

    What it finds out about roll-up points, in one query, serves every ledger.
    """

    def __init__(
        self, campaign: Campaign, node: Organization, children: Sequence[Organization] = (), *, complete: bool = True
    ) -> None:
        self.campaign, self.node, self.children, self.complete = campaign, node, list(children), complete
        above = [*ancestors(node.path), node.path]
        asked = [*above, *(child.path for child in self.children)]
        rows = RollupPoint.objects.filter(campaign=campaign, organization__path__in=asked)
        points: dict[str, int] = dict(rows.values_list("organization__path", "organization_id"))
        self.is_point = node.path in points
        self.above = next((points[path] for path in reversed(above[:-1]) if path in points), None)
        self.others = [c for c in self.children if c.path not in points and not c.is_branch]

    def alone(self) -> "Reader":
        """Of the node only."""
        found = copy(self)
        found.children, found.others = [], []
        return found

    def read(self, ledger: Ledger, own: Collection[int], split: Sequence[str] = ()) -> tuple[list[Row], list[Row]]:
        """Rows ``(own key, *split, *numbers)`` of the node, and ``(child's path, own key, *split, *numbers)`` of the children."""
        ask = Statement(ledger, own, split)
        node, children = self.node, self.children
        keys = [child.pk for child in children]
        length = len(node.path) + node.steplen
        if self.is_point or node.is_branch:
            rows = ask.of([node.pk, *keys])
            mine = [row[1:] for row in rows if row[0] == node.path]
            below = [row for row in rows if row[0] != node.path]
            return mine, below + self.rest(ask, node.pk if self.is_point else self.above, length)
        if self.above is None and children and self.complete:
            rows = ask.cut(length, None, node.path, node.path)
            return ask.together(row[1:] for row in rows), [row for row in rows if row[0] != node.path]
        mine = [row[1:] for row in ask.cut(len(node.path), self.above, node.path, node.path)]
        if not children:
            return mine, []
        if self.above is None:
            return mine, ask.cut(length, None, children[0].path, children[-1].path)
        return mine, ask.of(keys) + self.rest(ask, self.above, length)

    def rest(self, ask: "Statement", within: int | None, length: int) -> list[Row]:
        """Children inside a point that are none themselves: the rows below them."""
        if not self.others:
            return []
        places = {child.path for child in self.others}
        found = ask.cut(length, within, self.others[0].path, self.others[-1].path, below=True)
        return [row for row in found if row[0] in places]


SPAN = ["MIN(CASE WHEN units > 0 THEN starts_on END)", "MAX(CASE WHEN units > 0 THEN ends_on END)"]


def earliest(a: Any, b: Any) -> Any:
    return min(a, b) if a and b else a or b


def latest(a: Any, b: Any) -> Any:
    return max(a, b) if a and b else a or b


class Statement:
    """SELECT sums of one ledger, by place, own key and what ``split`` names."""

    def __init__(self, ledger: Ledger, own: Collection[int], split: Sequence[str]) -> None:
        self.ledger, self.own, self.split = ledger, list(own) or [0], list(split)
        sums = [f"SUM({name})" for name in ledger.numbers]
        self.params: list[Any] = []
        if ledger is PROGRESS:
            today = timezone.localdate()
            sums += [OVERDUE, SOON]
            self.params += [today, today, today + timedelta(SOON_DAYS)]
        self.folds: list[Any] = [add] * len(sums)
        if ledger is STANDING:
            sums += SPAN
            self.folds += [earliest, latest]
        self.sums = ", ".join(sums)
        self.group = ", ".join([ledger.own, *self.split])

    def run(self, place: str, where: str, params: Sequence[Any]) -> list[Row]:
        marks = ", ".join(["%s"] * len(self.own))
        sql = (
            f"SELECT {place} AS place, {self.group}, {self.sums} FROM {self.ledger.table} "  # noqa: S608
            f"WHERE {self.ledger.own} IN ({marks}) AND {where} GROUP BY place, {self.group}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [*self.params, *self.own, *params])
            return cursor.fetchall()

    def of(self, keys: Sequence[int]) -> list[Row]:
        """Rows of these organisations, by their paths; each kind has its own index."""
        if not keys:
            return []
        marks = ", ".join(["%s"] * len(keys))
        each = " OR ".join(f"(kind = '{kind}' AND organization_id IN ({marks}))" for kind in ("branch", "rollup"))
        return self.run("path", f"({each})", [*keys, *keys])

    def cut(self, length: int, within: int | None, first: str, last: str, *, below: bool = False) -> list[Row]:
        """Rows directly within a point (``None``: in none) from ``first`` to the end of ``last``, by their path's first ``length``
        characters."""
        inside = "within_id IS NULL" if within is None else "within_id = %s"
        deeper = f" AND LENGTH(path) > {int(length)}" if below else ""
        params = [*([within] if within is not None else []), first, end_of(last)]
        return self.run(f"SUBSTR(path, 1, {int(length)})", f"{inside} AND path >= %s AND path <= %s{deeper}", params)

    def together(self, rows: Iterable[Row]) -> list[Row]:
        """Rows of several places added up."""
        width = 1 + len(self.split)
        found: dict[Row, list[int]] = {}
        for row in rows:
            known = found.get(row[:width])
            numbers = row[width:]
            found[row[:width]] = (
                [fold(a, b) for fold, a, b in zip(self.folds, known, numbers, strict=True)] if known else list(numbers)
            )
        return [(*key, *numbers) for key, numbers in found.items()]


def figures_in(numbers: Sequence[int]) -> Figures:
    done, waived, otherwise, total, behind, overdue, soon = numbers
    return Figures(done, waived, total, otherwise, behind, overdue, soon)


def figures(reader: Reader, requirements: Collection[int]) -> tuple[dict[int, Figures], dict[str, dict[int, Figures]]]:
    """Figures per requirement id of the node, and per child path and requirement id; nothing where nobody is asked."""
    mine, below = reader.read(PROGRESS, requirements)
    own: dict[int, Figures] = defaultdict(Figures)
    by_child: dict[str, dict[int, Figures]] = {}
    for key, *numbers in mine:
        own[key] += figures_in(numbers)
    for path, key, *numbers in below:
        of_child = by_child.setdefault(path, {})
        found = figures_in(numbers)
        of_child[key] = of_child[key] + found if key in of_child else found
    return own, by_child


def coverage(reader: Reader) -> tuple[Coverage, dict[str, Coverage]]:
    """Coverage of the node, and per child path."""
    mine, below = reader.read(REACH, [reader.campaign.pk])
    by_child: dict[str, Coverage] = {}
    for path, _, *numbers in below:
        by_child[path] = by_child.get(path, Coverage()) + Coverage(*numbers)
    return sum((Coverage(*row[1:]) for row in mine), Coverage()), by_child


def standing(reader: Reader, phases: Collection[int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Where units are: rows with ``phase_id``, ``state``, ``sum_…`` of the numbers of ``Standing``, and the first and last day
    (``starts_on``, ``ends_on``), of the node, and of the children with the child's path ``at``."""
    names = [STANDING.own, "state", *(f"sum_{name}" for name in STANDING.numbers), "starts_on", "ends_on"]
    mine, below = reader.read(STANDING, phases, ["state"])
    own = [dict(zip(names, (*row[:-2], day(row[-2]), day(row[-1])), strict=True)) for row in mine]
    return own, [dict(zip(["at", *names], (*row[:-2], day(row[-2]), day(row[-1])), strict=True)) for row in below]


def day(value: Any) -> date | None:
    """The embedded database gives the first of many dates as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def every_requirement(campaign: Campaign) -> list[int]:
    return list(campaign.requirements.order_by().values_list("pk", flat=True))


def figures_of(
    campaign: Campaign, node: Organization, requirements: Collection[int] | None = None
) -> dict[int, Figures]:
    """Figures of ``node`` per requirement id (of these requirements only)."""
    return figures(Reader(campaign, node), every_requirement(campaign) if requirements is None else requirements)[0]


def figures_by_child(
    campaign: Campaign,
    node: Organization,
    children: Sequence[Organization] | None = None,
    requirements: Collection[int] | None = None,
) -> dict[str, dict[int, Figures]]:
    """Figures per child path and requirement id; ``children``: neighbours among the node's children (default: all, and under its own path
    what is the node's own as a unit)."""
    asked = every_requirement(campaign) if requirements is None else requirements
    every = list(node.children()) if children is None else children
    found = figures(Reader(campaign, node, every, complete=False), asked)[1] if every else {}
    if children is None:
        rows = Statement(PROGRESS, asked, ()).run("path", "kind = 'branch' AND organization_id = %s", [node.pk])
        found |= {node.path: {row[1]: figures_in(row[2:]) for row in rows}} if rows else {}
    return found


def coverage_of(campaign: Campaign, node: Organization) -> Coverage:
    """Coverage of ``node`` with everything below it."""
    return coverage(Reader(campaign, node))[0]


def coverage_by_child(
    campaign: Campaign, node: Organization, children: Sequence[Organization] | None = None
) -> dict[str, Coverage]:
    """Coverage per child path."""
    every = list(node.children()) if children is None else children
    return coverage(Reader(campaign, node, every, complete=False))[1] if every else {}


def coverage_by_sector(reader: Reader) -> dict[str, Coverage]:
    """Coverage of the node per 领域 of its basic organisations (empty: none given)."""
    mine, _ = reader.alone().read(REACH, [reader.campaign.pk], ["sector"])
    return {row[1]: Coverage(*row[2:]) for row in mine}


def standing_of(campaign: Campaign, node: Organization) -> list[dict[str, Any]]:
    """Where the units at and below ``node`` are."""
    return standing(Reader(campaign, node), [phase.pk for phase in campaign.phases.all()])[0]
