"""What becomes of contact points and planned visits when an organisation is merged away or closed."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from campaign.actions import contact_point as contact_points
from campaign.models import Campaign, ContactPoint, TeamAssignment, Visit
from members.models import Organization
from members.registry import Effect, Reshaping, TreeChange, tree_effects, tree_observers

GONE = (Reshaping.MERGE, Reshaping.CLOSE)


def points_at(node: Organization) -> Any:
    points = ContactPoint.objects.held().filter(organization=node).with_people()
    return points.exclude(participation__campaign__state=Campaign.State.CLOSED).order_by("pk")


@tree_observers.register
def tree_changed(change: TreeChange) -> None:
    """Planned visits are cancelled; contact points go on at the branch that took the members in, or end."""
    if change.kind not in GONE:
        return
    planned = Visit.objects.planned().filter(organization=change.node)
    planned.update(state=Visit.State.CANCELLED, cancelled_why="受访单位已合并或撤销")
    for point in points_at(change.node):
        known = point.participation.contact_points.held().filter(organization=change.other) if change.other else None
        if known is not None and not known.exists():
            ContactPoint.objects.filter(pk=point.pk).update(organization=change.other)
        else:
            contact_points.end(point=point, on=timezone.localdate(), by=change.by)


@tree_effects.register
def effects(change: TreeChange) -> Iterator[Effect]:
    """Said before it is done."""
    if change.kind not in GONE:
        return
    if points := points_at(change.node).count():
        then = "改为并入的支部" if change.kind == Reshaping.MERGE else "结束，请为他们另定联系点"
        yield Effect(f"有{points}名领导干部把{change.node}作为联系点，将{then}。")
    if planned := Visit.objects.planned().filter(organization=change.node).count():
        yield Effect(f"已安排的{planned}次走访将取消。")
    if TeamAssignment.objects.live().filter(organization=change.node).exists():
        yield Effect(f"{change.node}单独列在督导组的督导单位里，请由活动办公室结束或改派。")
