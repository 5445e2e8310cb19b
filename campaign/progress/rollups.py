"""Choosing roll-up points and keeping their sums right while organisations come, go and move.

A point lies wherever at most ``limit`` units are below and more below its parent; points lie inside points, so that a node's numbers are
mostly one row. Higher up everybody's writes would wait for one another: there the topmost points are added up when they are read.
Whoever changes points or paths is alone with the ready rows (``hold_shape``), for a moment each time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Subquery, Sum

from campaign.models import Campaign, Reach, Ready, RollupPoint
from campaign.progress.ledgers import LEDGERS, Bucket, Ledger, Points, Sums, add, ancestors, beneath
from members.models import Organization
from members.tree_lock import hold_shape

LIMIT = 1000
# In a campaign too large for it the topmost points are so many that writers do not wait for each other there, and no more.
TOPS = 5


def choose(campaign: Campaign, limit: int = LIMIT) -> dict[str, int]:
    """The organisations that should be points, path → id: two or more units and basic organisations below them, but more below their
    parent, and at most ``limit`` (in a very large campaign more, so that the topmost stay few)."""
    below: dict[str, int] = defaultdict(int)
    paths = unit_paths(campaign)
    limit = max(limit, len(paths) // TOPS)
    for path in paths:
        for above in ancestors(path):
            below[above] += 1
    root, step = campaign.organization.path, Organization.steplen
    chosen = {
        path
        for path, number in below.items()
        if 1 < number <= limit and path.startswith(root) and (path == root or below[path[:-step]] > number)
    }
    nodes = Organization.objects.filter(path__startswith=root).exclude(kind__in=Organization.BRANCH_KINDS)
    return {path: pk for path, pk in nodes.order_by().values_list("path", "pk").iterator() if path in chosen}


def unit_paths(campaign: Campaign) -> set[str]:
    """Where units and basic organisations are."""
    rows = Organization.objects.filter(path__startswith=campaign.organization.path)
    kept = rows.filter(Q(closed_on=None, kind__in=Organization.BRANCH_KINDS) | Q(enrolments__campaign=campaign))
    return set(kept.order_by().values_list("path", flat=True).iterator())


def rebalance(campaign: Campaign, limit: int = LIMIT) -> tuple[int, int]:
    """Give up points that are no longer right and set up those that are missing, each in its own transaction, so that sums are right at
    every moment; returns how many were given up and set up. Runs at the same time do no harm."""
    wanted = choose(campaign, limit)
    if wanted and not RollupPoint.objects.filter(campaign=campaign).exists():
        return 0, set_up_all(campaign, wanted)
    old = dict(RollupPoint.objects.filter(campaign=campaign).values_list("organization_id", "pk"))
    gone = sum(give_up(campaign, organization) for organization in sorted(old.keys() - set(wanted.values())))
    missing = [pk for _, pk in sorted(wanted.items(), key=lambda place: (-len(place[0]), place)) if pk not in old]
    return gone, sum(set_up(campaign, organization) for organization in missing)


@transaction.atomic
def give_up(campaign: Campaign, organization_id: int) -> bool:
    """What is directly within the point counts in the one above again; ``False`` when there is no such point any more."""
    hold_shape()
    if not RollupPoint.objects.filter(campaign=campaign, organization=organization_id).delete()[0]:
        return False
    place = Organization.objects.get(pk=organization_id)
    above = Points(campaign.pk, [place.path]).nearest(place.path)
    for ledger in LEDGERS:
        rows = ledger.rows(campaign.pk)
        rows.filter(kind=Ready.Kind.ROLLUP, organization=organization_id).delete()
        rows.filter(within=organization_id).update(within=above)
    return True


@transaction.atomic
def set_up(campaign: Campaign, organization_id: int) -> bool:
    """What lies below the organisation counts in its sum, and the sum in the point above; ``False`` when it is one already."""
    hold_shape()
    _, made = RollupPoint.objects.get_or_create(campaign=campaign, organization_id=organization_id)
    if not made:
        return False
    place = Organization.objects.get(pk=organization_id)
    above = Points(campaign.pk, [place.path]).nearest(place.path)
    for ledger in LEDGERS:
        rows = ledger.rows(campaign.pk).filter(beneath(place.path), within=above).exclude(path=place.path)
        sums = summed(ledger, rows)
        rows.update(within=organization_id)
        ledger.model._default_manager.bulk_create(
            ledger.model(
                organization_id=organization_id,
                path=place.path,
                kind=Ready.Kind.ROLLUP,
                within_id=above,
                **{ledger.own: own},
                **dict(zip(ledger.columns, (*bucket, *total), strict=True)),
            )
            for (own, bucket), total in sums.items()
        )
    return True


@transaction.atomic
def set_up_all(campaign: Campaign, wanted: dict[str, int]) -> int:
    """All points of a campaign that has none yet, level by level from below; nobody else writes meanwhile."""
    hold_shape()
    if RollupPoint.objects.filter(campaign=campaign).exists():
        return 0
    RollupPoint.objects.bulk_create(
        (RollupPoint(campaign=campaign, organization_id=pk) for pk in wanted.values()), batch_size=1000
    )
    points = Points(campaign.pk)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE place (id bigint PRIMARY KEY, path varchar(255), within_id bigint)")
        places = Organization.objects.under(campaign.organization)
        for portion in batched(places.order_by().values_list("pk", "path").iterator()):
            values = [value for pk, path in portion for value in (pk, path, points.nearest(path))]
            marks = ", ".join(["(%s, %s, %s)"] * len(portion))
            cursor.execute(f"INSERT INTO place VALUES {marks}", values)  # noqa: S608
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE place")
        for ledger in LEDGERS:
            put_in_place(ledger, campaign)
            for length in sorted({len(path) for path in wanted}, reverse=True):
                roll_up(ledger, campaign, length)
        cursor.execute("DROP TABLE place")
    return len(wanted)


def batched(rows: Iterable[Any], size: int = 300) -> Iterator[list[Any]]:
    remaining = iter(rows)
    while portion := list(islice(remaining, size)):
        yield portion


def put_in_place(ledger: Ledger, campaign: Campaign) -> None:
    """Every row of a unit lies within the nearest point."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {ledger.table} SET within_id = place.within_id FROM place "  # noqa: S608
            f"WHERE place.id = organization_id AND {ledger.table}.within_id IS NULL AND place.within_id IS NOT NULL "
            f"AND {in_campaign(ledger)}",
            [campaign.pk],
        )


def roll_up(ledger: Ledger, campaign: Campaign, length: int) -> None:
    """Sums of the points whose paths have this length, of what is within them."""
    own = ", ".join([ledger.own, *ledger.bucket])
    sums = ", ".join(f"SUM({column})" for column in ledger.numbers)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {ledger.table} (organization_id, path, kind, within_id, {own}, {', '.join(ledger.numbers)}) "  # noqa: S608
            f"SELECT place.id, place.path, 'rollup', place.within_id, {own}, {sums} FROM {ledger.table} "
            f"JOIN place ON place.id = {ledger.table}.within_id WHERE LENGTH(place.path) = %s AND {in_campaign(ledger)} "
            f"GROUP BY place.id, place.path, place.within_id, {own}",
            [length, campaign.pk],
        )


def in_campaign(ledger: Ledger) -> str:
    """Rows of one campaign, in SQL with one placeholder."""
    if ledger.campaign == "campaign":
        return f"{ledger.table}.campaign_id = %s"
    related = ledger.model._meta.get_field(ledger.own).related_model
    return f"{ledger.table}.{ledger.own} IN (SELECT id FROM {related._meta.db_table} WHERE campaign_id = %s)"  # type: ignore[union-attr]  # noqa: S608


def summed(ledger: Ledger, rows: Any) -> dict[tuple[int, Bucket], list[int]]:
    """The rows added up by key and bucket."""
    names = [f"sum_{name}" for name in ledger.numbers]
    groups = (
        rows.order_by()
        .values_list(ledger.own, *ledger.bucket)
        .annotate(**{f"sum_{name}": Sum(name) for name in ledger.numbers})
    )
    width = 1 + len(ledger.bucket)
    return {(row[0], tuple(row[1:width])): list(row[width : width + len(names)]) for row in groups}


def follow(node: Organization) -> None:
    """``node`` has moved with everything below it: its rows have new paths, and count in the points above it now and in no others.
    Where it is no longer inside a campaign that goes on, its rows are no more."""
    hold_shape()
    inside = Organization.objects.under(node).order_by().values("pk")
    for ledger in LEDGERS:
        rows = ledger.model._default_manager.filter(organization__in=inside)
        tops = rows.exclude(within__in=inside)
        for campaign_id, left in list(tops.order_by().values_list(ledger.campaign, "within").distinct()):
            mine = tops.filter(**{ledger.campaign: campaign_id}, within=left)
            transfer(ledger, campaign_id, node, left, summed(ledger, mine))
            mine.update(within=Points(campaign_id, [node.path]).nearest(node.path))
        own_path = Organization.objects.filter(pk=OuterRef("organization_id")).order_by().values("path")[:1]
        rows.update(path=Subquery(own_path))
    left_behind = Campaign.objects.exclude(state=Campaign.State.CLOSED).exclude(
        organization__path__in=[*ancestors(node.path), node.path]
    )
    for campaign in left_behind.exclude(organization__path__startswith=node.path):
        leave(campaign, node)


def transfer(
    ledger: Ledger, campaign_id: int, node: Organization, left: int | None, moved: dict[tuple[int, Bucket], list[int]]
) -> None:
    """Out of the sums of the point ``left`` and those above it, into those above ``node``."""
    now = Points(campaign_id, [node.path])
    old: list[int] = []
    if left is not None:
        path = Organization.objects.values_list("path", flat=True).get(pk=left)
        old = [*Points(campaign_id, [path]).above(path), left]
    sums: Sums = {}
    for (own, bucket), total in moved.items():
        for point, sign in (*((p, -1) for p in old), *((p, 1) for p in now.above(node.path))):
            known = sums.setdefault((point, own, bucket), [0] * len(total))
            for position, number in enumerate(total):
                known[position] += sign * number
    add(ledger, sums, now)


def leave(campaign: Campaign, node: Organization) -> None:
    """Nothing below ``node`` belongs to the campaign any more."""
    below = beneath(node.path)
    for ledger in LEDGERS:
        rows = ledger.rows(campaign.pk).filter(below)
        tops = rows.exclude(within__in=Organization.objects.under(node).order_by().values("pk"))
        for left in list(tops.order_by().values_list("within", flat=True).distinct()):
            if left is not None:
                moved = summed(ledger, tops.filter(within=left))
                transfer(ledger, campaign.pk, campaign.organization, left, moved)
        rows.delete()
    RollupPoint.objects.filter(campaign=campaign, organization__path__startswith=node.path).delete()


def unreached(node: Organization) -> list[int]:
    """Branches at or below ``node`` that some campaign has only now got inside it."""
    going_on = Campaign.objects.exclude(state=Campaign.State.CLOSED)
    found: set[int] = set()
    for campaign in going_on.filter(organization__path__in=[*ancestors(node.path), node.path]):
        rows = Reach.objects.filter(campaign=campaign, kind=Ready.Kind.BRANCH, organization=OuterRef("pk"))
        branches = Organization.objects.under(node).branches().exclude(Exists(rows))
        found |= set(branches.order_by().values_list("pk", flat=True))
    return sorted(found)
