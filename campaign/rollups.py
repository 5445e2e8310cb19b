"""Choosing roll-up points, checking every ready figure against the records, and keeping a day's figures for trends.

Besides ``campaign.progress`` this is the one place that writes ``Progress``, and it does so under the same locks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Sum
from django.db.models.query import QuerySet

from campaign.models import Campaign, Enrolment, Progress, ProgressDay, Requirement, RollupPoint
from campaign.progress import NOTHING, Figures, count, lock, recompute
from members.models import Organization

LIMIT = 1000
CHUNK = 200
Key = tuple[int, int]


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


@dataclass(frozen=True)
class Difference:
    """A ready figure that is not what the records say; ``what`` tells in words what is wrong."""

    organization: str
    requirement: str
    kept: Figures
    counted: Figures
    what: str = "数字不符"

    def __str__(self) -> str:
        kept, counted = self.kept, self.counted
        return (
            f"{self.organization}｜{self.requirement}｜{self.what}：保存 {kept.done}/{kept.waived}/{kept.total}，"
            f"记录 {counted.done}/{counted.waived}/{counted.total}"
        )


def chunks(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def recount(campaign: Campaign, *, mend: bool = False) -> Iterator[Difference]:
    """Every figure that differs from the records; with ``mend`` it is put right. A difference is looked at again
    under the lock, so that a
    write in between is not taken for one."""
    requirements = list(campaign.requirements.select_related("campaign"))
    for keys in chunks(list(campaign.enrolments.in_tree_order().values_list("pk", flat=True))):
        enrolments = list(
            Enrolment.objects.filter(pk__in=keys).in_tree_order().select_related("organization", "rollup")
        )
        suspects = {pk for pk, _ in branch_differences(enrolments, requirements)}
        if suspects:
            with transaction.atomic():
                locked = lock(suspects)
                yield from [difference for _, difference in branch_differences(locked, requirements)]
                if mend:
                    recompute(locked)
                    for enrolment in locked:
                        branch_rows(campaign, [enrolment]).update(standalone=enrolment.rollup_id is None)
    for point in RollupPoint.objects.filter(campaign=campaign).select_related("organization", "campaign"):
        with transaction.atomic():
            locked = lock(Enrolment.objects.filter(rollup=point).values_list("pk", flat=True))
            yield from rollup_differences(point, locked, requirements)
        if mend:
            settle(point)
    yield from strays(campaign, mend=mend)


def branch_differences(enrolments: list[Enrolment], requirements: list[Requirement]) -> list[tuple[int, Difference]]:
    """Differences of branch rows, with the enrolment each belongs to."""
    places = [e.organization_id for e in enrolments]
    kept = {
        (row.organization_id, row.requirement_id): row
        for row in Progress.objects.filter(
            kind=Progress.Kind.BRANCH, organization__in=places, requirement__in=requirements
        )
    }
    found = []
    for requirement in requirements:
        counted = count(requirement, [e.pk for e in enrolments])
        for e in enrolments:
            row = kept.get((e.organization_id, requirement.pk))
            now = counted.get(e.pk, NOTHING)
            before = Figures(row.done, row.waived, row.total) if row else NOTHING
            if now != before:
                found.append((e.pk, Difference(e.organization.name, requirement.label, before, now)))
            elif row and row.standalone != (e.rollup_id is None):
                found.append((e.pk, Difference(e.organization.name, requirement.label, before, now, "汇总方式不符")))
    return found


def rollup_differences(
    point: RollupPoint, enrolments: list[Enrolment], requirements: list[Requirement]
) -> list[Difference]:
    """Differences of a roll-up point from the sum of its branches, and branches that do not lie below it."""
    name = f"{point.organization.name}（汇总）"
    kept = {row.requirement_id: Figures(row.done, row.waived, row.total) for row in rollup_rows(point)}
    counted = sums(point.campaign_id, [e.organization_id for e in enrolments])
    found = [
        Difference(name, r.label, kept.get(r.pk, NOTHING), counted.get(r.pk, NOTHING))
        for r in requirements
        if kept.get(r.pk, NOTHING) != counted.get(r.pk, NOTHING)
    ]
    moved = [e for e in enrolments if not point.organization.contains(e.organization)]
    return found + [Difference(name, "全部", NOTHING, NOTHING, f"{e.organization.name}已不在其下") for e in moved]


def strays(campaign: Campaign, *, mend: bool) -> list[Difference]:
    """Figures of organisations that are not (or no longer) enrolled, and of roll-up points that are none."""
    rows = Progress.objects.filter(requirement__campaign=campaign)
    enrolled = Enrolment.objects.filter(campaign=campaign).values("organization")
    points = RollupPoint.objects.filter(campaign=campaign).values("organization")
    branch = rows.filter(kind=Progress.Kind.BRANCH).exclude(organization__in=enrolled)
    rollup = rows.filter(kind=Progress.Kind.ROLLUP).exclude(organization__in=points)
    lost = list((branch | rollup).select_related("organization", "requirement"))
    if mend:
        Progress.objects.filter(pk__in=[row.pk for row in lost]).delete()
    return [
        Difference(
            row.organization.name,
            row.requirement.label,
            Figures(row.done, row.waived, row.total),
            NOTHING,
            "多余的数字",
        )
        for row in lost
    ]


def keep_day(day: date) -> int:
    """Keep the figures of every node above a branch in running campaigns, where they differ from those kept last;
    returns how many were kept.
    Running it again on the same day brings that day up to date."""
    kept = 0
    for campaign in Campaign.objects.running():
        now = node_figures(campaign)
        last = last_kept(campaign, day)
        rows = [
            ProgressDay(organization_id=o, requirement_id=r, day=day, done=f.done, waived=f.waived, total=f.total)
            for (o, r), f in now.items()
            if last.get((o, r)) != f
        ]
        ProgressDay.objects.bulk_create(
            rows,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["requirement", "organization", "day"],
            update_fields=["done", "waived", "total"],
        )
        kept += len(rows)
    return kept


def node_figures(campaign: Campaign) -> dict[Key, Figures]:
    """Figures per (organisation, requirement) for every branch's ancestors inside the campaign, from the branch rows
    read once."""
    root = campaign.organization.path
    found: dict[tuple[str, int], Figures] = defaultdict(Figures)
    rows = Progress.objects.filter(requirement__campaign=campaign, kind=Progress.Kind.BRANCH).order_by()
    for path, requirement, done, waived, total in rows.values_list(
        "organization__path", "requirement_id", "done", "waived", "total"
    ).iterator():
        for above in ancestors(path):
            if above.startswith(root):
                found[above, requirement] += Figures(done, waived, total)
    nodes = dict(Organization.objects.filter(path__startswith=root).values_list("path", "pk"))
    return {(nodes[path], requirement): figures for (path, requirement), figures in found.items()}


def last_kept(campaign: Campaign, day: date) -> dict[Key, Figures]:
    """The figures kept last on or before ``day``."""
    rows = ProgressDay.objects.filter(requirement__campaign=campaign, day__lte=day).order_by("day")
    return {
        (o, r): Figures(d, w, t)
        for o, r, d, w, t in rows.values_list("organization_id", "requirement_id", "done", "waived", "total").iterator()
    }
