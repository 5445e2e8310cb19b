"""Ready numbers: rows of units, and sums over roll-up points that follow every difference.

A *ledger* is a table of ``Ready`` rows. Units keep one row per key (a requirement, a phase, a campaign); a roll-up point keeps the sum of
what lies strictly below it, split by the *bucket* (last day, dates, sector) so that questions about buckets need no look at units.
Nobody but this module and ``campaign.progress.rollups`` writes these tables.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from campaign.models import Progress, Reach, Ready, RollupPoint, Standing
from members.models import Organization
from portal import statements

Bucket = tuple[Any, ...]
Numbers = tuple[int, ...]
Entry = tuple[Bucket, Numbers]
# By organisation and own key (requirement, phase, campaign).
Entries = Mapping[tuple[int, int], Entry]
MANY = 1000


@dataclass(frozen=True)
class Ledger:
    """One table: its own key, how sums are split, what is summed, and the lookup that leads to the campaign."""

    model: type[Ready]
    own: str
    bucket: tuple[str, ...]
    numbers: tuple[str, ...]
    campaign: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.bucket, *self.numbers)

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def rows(self, campaign_id: int) -> QuerySet[Any]:
        """Everything kept for one campaign."""
        return self.model._default_manager.filter(**{self.campaign: campaign_id})


PROGRESS = Ledger(
    Progress, "requirement_id", ("due_on",), ("done", "waived", "otherwise", "total", "behind"), "requirement__campaign"
)
STANDING = Ledger(
    Standing,
    "phase_id",
    ("state", "starts_on", "ends_on"),
    ("units", "complete", "running", "preparing", "postponed", "finished"),
    "phase__campaign",
)
REACH = Ledger(
    Reach,
    "campaign_id",
    ("sector",),
    ("on_roll", "taking_part", "elsewhere", "lost", "branches", "enrolled", "started", "postponed", "finished"),
    "campaign",
)
LEDGERS = (PROGRESS, STANDING, REACH)


def ancestors(path: str) -> list[str]:
    """Paths from the root down to the parent of ``path``."""
    return [path[:n] for n in range(Organization.steplen, len(path), Organization.steplen)]


def end_of(path: str) -> str:
    """No path below ``path`` sorts behind this."""
    return path + "Z" * 40


def beneath(path: str) -> Q:
    """Rows at or below a path, as a range that an index on (…, path) serves."""
    return Q(path__gte=path, path__lte=end_of(path))


class Points:
    """The roll-up points of a campaign above some paths (``None``: all of them), read once; the shape must be held or shared."""

    def __init__(self, campaign_id: int, paths: Iterable[str] | None = None) -> None:
        rows = RollupPoint.objects.filter(campaign=campaign_id)
        above = {up for path in paths or () for up in ancestors(path)}
        if paths is not None and len(above) < MANY:
            rows = rows.filter(organization__path__in=above)
        self.places: dict[str, int] = dict(rows.values_list("organization__path", "organization_id"))
        self.paths = {pk: path for path, pk in self.places.items()}

    def above(self, path: str) -> list[int]:
        """Ids of the organisations of the points strictly above ``path``, from the top."""
        return [self.places[up] for up in ancestors(path) if up in self.places]

    def nearest(self, path: str) -> int | None:
        above = self.above(path)
        return above[-1] if above else None


Sums = dict[tuple[int, int, Bucket], list[int]]


def store(
    ledger: Ledger,
    campaign_id: int,
    places: Mapping[int, str],
    own: Collection[int],
    now: Entries,
    points: Points | None = None,
    *,
    pass_on: bool = True,
) -> None:
    """Make the rows of the locked units ``places`` (organisation → path) say ``now``, and pass the differences on to the points above."""
    kept: dict[tuple[int, int], Any] = {
        (row[1], row[2]): (row[0], row[3 : 3 + len(ledger.bucket)], row[3 + len(ledger.bucket) :])
        for row in kept_rows(ledger, list(places), sorted(own))
    }
    changed, gone, fresh = [], [], []
    sums: Sums = {}
    for key in sorted(kept.keys() | now.keys()):
        pk, *before = kept.get(key, (None,))
        after = now.get(key)
        if (tuple(before) or None) == after:
            continue
        points = points or Points(campaign_id, places.values())
        difference(sums, points.above(places[key[0]]), key[1], tuple(before) or None, after)
        if after is None:
            gone.append(pk)
        elif pk is None:
            fresh.append((key, after))
        else:
            changed.append((*after[0], *after[1], pk))
    rewrite(ledger, changed)
    if gone:
        ledger.model._default_manager.filter(pk__in=gone).delete()
    if points is not None:
        insert(ledger, places, fresh, points)
        if pass_on:
            add(ledger, sums, points)


def kept_rows(ledger: Ledger, places: list[int], own: list[int]) -> Iterable[tuple[Any, ...]]:
    """Rows of units: id, organisation, own key, bucket, numbers."""

    def asked(places: list[int]) -> QuerySet[Any, Any]:
        rows = ledger.model._default_manager.filter(kind=Ready.Kind.BRANCH, organization__in=places)
        names = ("pk", "organization_id", ledger.own, *ledger.columns)
        return rows.filter(**{f"{ledger.own}__in": own}).order_by().values_list(*names)

    if len(places) == 1 and own:
        key = ("kept rows", ledger.table, tuple(own))
        return statements.run(key, lambda: [asked([statements.stand_in()])], *places)
    return asked(places)


def difference(sums: Sums, above: Iterable[int], own: int, before: Entry | None, after: Entry | None) -> None:
    """Take ``before`` from every point above, and add ``after``."""
    for entry, sign in ((before, -1), (after, 1)):
        if entry is None or not any(entry[1]):
            continue
        for point in above:
            total = sums.setdefault((point, own, entry[0]), [0] * len(entry[1]))
            for position, number in enumerate(entry[1]):
                total[position] += sign * number


def rewrite(ledger: Ledger, changed: Sequence[tuple[Any, ...]]) -> None:
    if not changed:
        return
    settings = ", ".join(f"{column} = %s" for column in ledger.columns)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {ledger.table} SET {settings} WHERE id = %s", changed)  # noqa: S608


def insert(
    ledger: Ledger, places: Mapping[int, str], fresh: Iterable[tuple[tuple[int, int], Entry]], points: Points
) -> None:
    rows = [
        ledger.model(
            organization_id=organization,
            path=places[organization],
            kind=Ready.Kind.BRANCH,
            within_id=points.nearest(places[organization]),
            **{ledger.own: own},
            **dict(zip(ledger.columns, (*bucket, *numbers), strict=True)),
        )
        for (organization, own), (bucket, numbers) in fresh
    ]
    if rows:
        ledger.model._default_manager.bulk_create(rows, batch_size=500)


def add(ledger: Ledger, sums: Sums, points: Points) -> None:
    """Add differences to the points' rows, always in the same order, so that two writers never wait for each other."""
    found = [(key, total) for key, total in sorted(sums.items()) if any(total)]
    if not found:
        return
    where = " AND ".join(f"{column} = %s" for column in ("organization_id", ledger.own, *ledger.bucket))
    more = ", ".join(f"{column} = {column} + %s" for column in ledger.numbers)
    statement = f"UPDATE {ledger.table} SET {more} WHERE {where} AND kind = 'rollup'"  # noqa: S608
    with connection.cursor() as cursor:
        for (point, own, bucket), total in found:
            values = [*total, point, own, *bucket]
            cursor.execute(statement, values)
            if not cursor.rowcount:
                ledger.model._default_manager.bulk_create(
                    [sum_row(ledger, point, own, bucket, points)], ignore_conflicts=True
                )
                cursor.execute(statement, values)


def sum_row(ledger: Ledger, point: int, own: int, bucket: Bucket, points: Points) -> Ready:
    """An empty sum."""
    path = points.paths[point]
    return ledger.model(
        organization_id=point,
        path=path,
        kind=Ready.Kind.ROLLUP,
        within_id=points.nearest(path),
        **{ledger.own: own},
        **dict(zip(ledger.bucket, bucket, strict=True)),
    )
