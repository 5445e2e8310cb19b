"""A day's figures, kept for trends."""

from collections import defaultdict
from datetime import date
from itertools import islice

from django.db.models import F, Q
from django.db.models.functions import Length

from campaign.models import Campaign, Progress, ProgressDay, RollupPoint
from campaign.progress.ledgers import ancestors
from campaign.progress.writing import Figures
from members.models import Organization

Key = tuple[int, int]


def keep_day(day: date) -> int:
    """Keep the figures of every node above a branch in running campaigns, where they differ from those kept last;
    returns how many were kept.
    Running it again on the same day brings that day up to date."""
    kept = 0
    for campaign in Campaign.objects.running():
        now = node_figures(campaign)
        last = last_kept(campaign, day)
        rows = iter(
            ProgressDay(organization_id=o, requirement_id=r, day=day, **numbers(f))
            for (o, r), f in now.items()
            if last.get((o, r)) != f
        )
        while portion := list(islice(rows, 500)):
            ProgressDay.objects.bulk_create(
                portion,
                update_conflicts=True,
                unique_fields=["requirement", "organization", "day"],
                update_fields=["done", "waived", "otherwise", "total"],
            )
            kept += len(portion)
    return kept


def node_figures(campaign: Campaign) -> dict[Key, Figures]:
    """Figures per (organisation, requirement) of every node above a unit: roll-up points have theirs, the others are the sum of what
    lies below them within the same point."""
    root = campaign.organization.path
    points = dict(
        RollupPoint.objects.filter(campaign=campaign).values_list("organization_id", "organization__path").iterator()
    )
    rows = Progress.objects.filter(requirement__campaign=campaign).order_by()
    # A unit directly below its point adds to no other node.
    rows = rows.annotate(length=Length("path"), inside=Length("within__path"))
    alone = Q(within=None) | Q(kind=Progress.Kind.ROLLUP) | Q(length__gt=F("inside") + Organization.steplen)
    alone |= ~Q(organization__kind__in=Organization.BRANCH_KINDS)
    found: dict[tuple[str, int], Figures] = defaultdict(Figures)
    names = ("path", "organization__kind", "within_id", "requirement_id", "done", "waived", "total", "otherwise")
    for path, kind, within, requirement, *numbers in rows.filter(alone).values_list(*names).iterator():
        figures = Figures(*numbers)
        if kind not in Organization.BRANCH_KINDS:
            found[path, requirement] += figures
        inside = len(points[within]) if within else 0
        for above in ancestors(path):
            if len(above) > inside and above.startswith(root):
                found[above, requirement] += figures
    nodes = dict(Organization.objects.filter(path__startswith=root).values_list("path", "pk"))
    return {(nodes[path], requirement): figures for (path, requirement), figures in found.items()}


def last_kept(campaign: Campaign, day: date) -> dict[Key, Figures]:
    """The figures kept last on or before ``day``."""
    rows = ProgressDay.objects.filter(requirement__campaign=campaign, day__lte=day).order_by("day")
    return {
        (o, r): Figures(*numbers)
        for o, r, *numbers in rows.values_list(
            "organization_id", "requirement_id", "done", "waived", "total", "otherwise"
        ).iterator()
    }


def numbers(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in ("done", "waived", "otherwise", "total")}
