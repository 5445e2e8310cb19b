"""On the own page: plans that wait for the user's word, committees that the user's office leads."""

from typing import Any

from django.urls import reverse

from campaign.entries import SHOWN, gate_campaign
from campaign.models import PlanFiling
from campaign.units.own import own_committees
from members.permissions import Permission
from members.scope import within
from portal.menu import Panel, panels


def filings_panel(user: Any) -> dict[str, Any] | None:
    """Plans that wait for the user's acknowledgement in the latest running campaign, the longest waiting first."""
    campaign = gate_campaign(user)
    if campaign is None:
        return None
    mine = within(user.scopes(Permission.DECIDE_GATE), "enrolment__organization__path")
    rows = PlanFiling.objects.waiting().filter(mine, enrolment__campaign=campaign).exclude(filed_by=user.pk)
    first = list(rows.select_related("enrolment__organization").order_by("filed_at", "pk")[:SHOWN])
    if not first:
        return None
    places = [node for _, node in user.reach if campaign.organization.contains(node)] or [campaign.organization]
    url = reverse("listing", args=[campaign.pk, min(places, key=lambda node: node.depth).pk, "filings"])
    return {"filings": first, "number": rows.count(), "url": url}


def committees_panel(user: Any) -> dict[str, Any] | None:
    """The committees that take part themselves and that the user's office leads."""
    units = own_committees(user)
    return {"units": units} if units else None


panels.register(Panel("filings-waiting", "campaign/_filings_panel.html", filings_panel, order=16))
panels.register(Panel("own-committees", "campaign/_committees_panel.html", committees_panel, order=12))
