"""Checking every ready figure against the records."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from campaign.models import Campaign, Enrolment, Progress, Requirement, RollupPoint
from campaign.progress import NOTHING, Figures, count, lock, recompute
from campaign.rollups import branch_rows, rollup_rows, settle, sums

CHUNK = 200


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
