"""A day's figures, kept for trends."""

from collections import defaultdict
from datetime import date

from campaign.models import Campaign, Progress, ProgressDay
from campaign.progress import Figures
from campaign.rollups import ancestors
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
