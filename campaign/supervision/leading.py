"""At which levels a leading group is named, and who should head it."""

from typing import Any

from django.db.models import Exists, OuterRef

from campaign.models import Campaign, LeadingGroup
from members.models import CommitteePost, Organization

# Code → label, and whether only branches (``None``: every level).
LEVELS: dict[str, tuple[str, bool | None]] = {
    "": ("全部层级", None),
    "above": ("党委、党总支等", False),
    "branches": ("支部", True),
}


def other_head(node: Organization, people: dict[str, list[tuple[str, str]]]) -> str:
    """The head is the one in charge of the organisation (S2 四); says so where the roll names somebody else."""
    secretary = CommitteePost.objects.held().filter(organization=node, title=CommitteePost.Title.SECRETARY)
    name, own = people["head"][0][0], secretary.values_list("name", flat=True).first()
    if not own or own == name:
        return ""
    return f"登记的组长是{name}，而{node}现任书记是{own}。组长应由党组织主要负责人担任，请核对。"


def places(campaign: Campaign, node: Organization, level: str, missing: bool) -> Any:
    """Open organisations at and below ``node`` that should have a leading group; ``missing``: those that have none."""
    here = LeadingGroup.objects.named().filter(campaign=campaign, organization=OuterRef("pk"))
    rows = Organization.objects.under(node).open().exclude(kind=Organization.Kind.GROUP).annotate(led=Exists(here))
    branches = LEVELS[level][1] if level in LEVELS else None
    if branches is not None:
        rows = (
            rows.filter(kind__in=Organization.BRANCH_KINDS)
            if branches
            else rows.exclude(kind__in=Organization.BRANCH_KINDS)
        )
    return rows.filter(led=False) if missing else rows
