"""Choosing roll-up points and keeping them right while branches come, go and move.

Besides ``campaign.progress`` this is the one place that writes ``Progress``, and it does so under the same locks.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Sum
from django.db.models.query import QuerySet

from campaign.models import Campaign, Enrolment, Progress, RollupPoint
from campaign.progress import Figures, lock
from members.models import Organization

LIMIT = 1000


def ancestors(path: str) -> list[str]:
    """Paths from the root down to the parent of ``path``."""
    return [path[:n] for n in range(Organization.steplen, len(path), Organization.steplen)]


def choose(campaign: Campaign, limit: int = LIMIT) -> set[int]:
    """The organisations that should be roll-up points: at most ``limit`` enrolments below them, but more below their
    parent, and two or more
    (a single one is its own sum). A campaign that is no larger than ``limit`` needs none."""
    below: dict[str, int] = defaultdict(int)
    for path in campaign.enrolments.values_list("organization__path", flat=True).iterator():
        for above in ancestors(path):
            below[above] += 1
    root = campaign.organization.path
    step = Organization.steplen
    chosen = [
        path
        for path, number in below.items()
        if 1 < number <= limit and len(path) > len(root) and path.startswith(root) and below[path[:-step]] > limit
    ]
    return set(Organization.objects.filter(path__in=chosen).values_list("pk", flat=True))


def rebalance(campaign: Campaign, limit: int = LIMIT) -> tuple[int, int]:
    """Give up roll-up points that are no longer right and set up those that are missing, each in its own transaction, so that sums are right at
    every moment; returns how many were given up and set up. Runs at the same time wait for each other point by point."""
    wanted = choose(campaign, limit)
    old = RollupPoint.objects.filter(campaign=campaign).select_related("organization")
    given_up = sum(give_up(point) for point in old.exclude(organization__in=wanted))
    for point in old.filter(organization__in=wanted):
        settle(point)
    missing = Organization.objects.filter(pk__in=wanted).exclude(
        pk__in=RollupPoint.objects.filter(campaign=campaign).values("organization")
    )
    new = list(missing)
    for organization in new:
        settle(RollupPoint.objects.get_or_create(campaign=campaign, organization=organization)[0])
    return given_up, len(new)


def held(point: RollupPoint) -> bool:
    """Lock the point, before any of its branches, for the rest of the transaction: other runs wait here, and so does whoever enrols a branch
    into it. ``False`` when it has been given up."""
    return RollupPoint.objects.select_for_update().filter(pk=point.pk).first() is not None


@transaction.atomic
def give_up(point: RollupPoint) -> bool:
    """Let the branches of a roll-up point count by themselves again; ``False`` when they do already."""
    if not held(point):
        return False
    locked = lock(Enrolment.objects.filter(rollup=point).values_list("pk", flat=True))
    Enrolment.objects.filter(pk__in=[e.pk for e in locked]).update(rollup=None)
    branch_rows(point.campaign, locked).update(standalone=True)
    rollup_rows(point).delete()
    RollupPoint.objects.filter(pk=point.pk).delete()
    return True


@transaction.atomic
def settle(point: RollupPoint) -> None:
    """Make exactly the enrolments below the point its own and its figures their sum; a point that has been given up is left alone."""
    if not held(point):
        return
    below = Enrolment.objects.filter(campaign=point.campaign, organization__path__startswith=point.organization.path)
    below = below.exclude(organization=point.organization_id)
    mine = {*below.values_list("pk", flat=True), *Enrolment.objects.filter(rollup=point).values_list("pk", flat=True)}
    locked = lock(mine)
    inside = [
        e for e in locked if point.organization.contains(e.organization) and e.organization_id != point.organization_id
    ]
    outside = [e for e in locked if e not in inside]
    Enrolment.objects.filter(pk__in=[e.pk for e in inside]).update(rollup=point)
    Enrolment.objects.filter(pk__in=[e.pk for e in outside]).update(rollup=None)
    branch_rows(point.campaign, inside).update(standalone=False)
    branch_rows(point.campaign, outside).update(standalone=True)
    write_sums(point, [e.organization_id for e in inside])


def nearest(campaign_id: int, organization: Organization) -> RollupPoint | None:
    """The nearest roll-up point above an organisation."""
    above = RollupPoint.objects.filter(campaign=campaign_id, organization__path__in=ancestors(organization.path))
    return above.select_related("organization", "campaign").order_by("-organization__path").first()


@transaction.atomic
def follow(node: Organization) -> None:
    """``node`` has moved with everything below it: each enrolment counts in the point above it, and in that one only."""
    moved = Enrolment.objects.under(node)
    for campaign in Campaign.objects.filter(pk__in=moved.values("campaign")):
        points = RollupPoint.objects.filter(campaign=campaign).select_related("organization", "campaign")
        left = points.filter(enrolments__in=moved.filter(campaign=campaign)).distinct()
        for point in left.exclude(organization__path__startswith=node.path):
            settle(point)
        above = nearest(campaign.pk, node)
        if above is not None:
            for point in points.filter(organization__path__startswith=node.path):
                give_up(point)
            settle(above)


def branch_rows(campaign: Campaign, enrolments: Iterable[Enrolment]) -> QuerySet[Progress]:
    return Progress.objects.filter(
        requirement__campaign=campaign,
        kind=Progress.Kind.BRANCH,
        organization__in=[e.organization_id for e in enrolments],
    )


def rollup_rows(point: RollupPoint) -> QuerySet[Progress]:
    return Progress.objects.filter(
        requirement__campaign=point.campaign_id, kind=Progress.Kind.ROLLUP, organization=point.organization_id
    )


def sums(campaign_id: int, organizations: Iterable[int]) -> dict[int, Figures]:
    """Per requirement, the sum of the branch rows of these organisations."""
    rows = Progress.objects.filter(
        requirement__campaign=campaign_id, kind=Progress.Kind.BRANCH, organization__in=list(organizations)
    )
    totals = rows.order_by().values("requirement_id").annotate(d=Sum("done"), w=Sum("waived"), t=Sum("total"))
    return {row["requirement_id"]: Figures(row["d"], row["w"], row["t"]) for row in totals}


def write_sums(point: RollupPoint, organizations: Iterable[int]) -> None:
    """Replace the figures of a roll-up point, whose branches are locked."""
    rollup_rows(point).delete()
    Progress.objects.bulk_create(
        Progress(
            organization_id=point.organization_id,
            requirement_id=requirement_id,
            kind=Progress.Kind.ROLLUP,
            done=f.done,
            waived=f.waived,
            total=f.total,
        )
        for requirement_id, f in sums(point.campaign_id, organizations).items()
    )
