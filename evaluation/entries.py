"""The room's menu entries and home panels."""

from typing import Any

from django.urls import reverse

from campaign.models import Campaign
from campaign.units.own import own_participation
from evaluation.models import SelfAnalysis
from members.permissions import Permission
from portal.menu import MenuEntry, Panel, menu, panels

SHOWN = 8


def own_analysis(user: Any) -> str:
    own = own_participation(user)
    return reverse("self-analysis-edit", args=[own.pk]) if own else reverse("home")


def waiting_for(user: Any) -> dict[str, Any] | None:
    """Analyses that wait for the user's review, the longest waiting first."""
    if not user.scopes(Permission.REVIEW_ANALYSIS):
        return None
    waiting = SelfAnalysis.objects.to_review(user).filter(participation__campaign__state=Campaign.State.RUNNING)
    rows = list(waiting.with_author().order_by("submitted_at")[: SHOWN + 1])
    if not rows:
        return None
    return {"waiting": rows[:SHOWN], "number": waiting.count(), "more": len(rows) > SHOWN}


menu.register(
    MenuEntry(
        "self-analysis",
        "党性分析",
        own_analysis,
        lambda user: own_participation(user) is not None,
        icon="pen",
        order=35,
        own=True,
    )
)
panels.register(Panel("analyses-to-review", "evaluation/_to_review.html", waiting_for, order=20))
