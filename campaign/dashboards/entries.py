"""Progress in the menu and on the own page of those who look after more than a branch of their own."""

from typing import Any

from django.urls import reverse

from campaign.dashboards.numbers import Number, coverage_numbers, gate_numbers
from campaign.models import Campaign
from campaign.reports import overview
from campaign.units.own import running_campaigns
from members.models import Organization
from members.permissions import GRANTS, Permission, Role
from portal.menu import MenuEntry, Panel, menu, panels

SHOWN = 12
OF_A_BRANCH = {Role.SECRETARY, Role.COMMITTEE}
View = tuple[Campaign, Organization]


def views_of(user: Any) -> list[View]:
    """Dashboards to begin with: of the latest running campaigns at the topmost places the user looks after."""
    tops = topmost(user)
    return [view for campaign in running_campaigns(user) for view in views_in(campaign, tops)] if tops else []


def topmost(user: Any) -> list[Organization]:
    """In tree order; a branch of one's own has a page of its own."""
    sees = [
        node
        for role, node in user.reach
        if Permission.VIEW_PROGRESS in GRANTS[role] and not (role in OF_A_BRANCH and node.is_branch)
    ]
    found: list[Organization] = []
    for node in sorted(sees, key=lambda node: node.path):
        if not any(top.contains(node) for top in found):
            found.append(node)
    return found


def views_in(campaign: Campaign, tops: list[Organization]) -> list[View]:
    if any(top.contains(campaign.organization) for top in tops):
        return [(campaign, campaign.organization)]
    return [(campaign, top) for top in tops if campaign.organization.contains(top)]


def address(view: View) -> str:
    return reverse("dashboard", args=[view[0].pk, view[1].pk])


def progress_panel(user: Any) -> dict[str, Any] | None:
    """Where the first place stands, in a few numbers, and the way to the others."""
    views = views_of(user)
    if not views:
        return None
    campaign, node = views[0]
    board = overview.board(campaign, node, [], None)
    names = user.can(Permission.VIEW_NAMES, at=node)
    return {
        "campaign": campaign,
        "node": node,
        "phase": board.phase,
        "numbers": told(campaign, node, board, names=names),
        "others": [(campaign, node, address((campaign, node))) for campaign, node in views[1:SHOWN]],
    }


def told(campaign: Campaign, node: Organization, board: overview.Board, *, names: bool) -> list[Number]:
    """Units before the next gate, and who has no place yet; of the latter only where there are any."""
    gates = gate_numbers(campaign, node, board, names=names) or {}
    covered = coverage_numbers(campaign, node, board.coverage, names=names)
    outside = [
        Number(f"{label}尚未编入", number.value, number.url)
        for label, kind in (("支部", "places"), ("党员", "people"))
        for number in covered[kind]
        if number.label == "尚未编入" and number.value
    ]
    return [*gates.values(), *outside]


menu.register(
    MenuEntry(
        "progress",
        "进展总览",
        lambda user: address(views_of(user)[0]),
        lambda user: bool(views_of(user)),
        icon="chart",
        order=18,
        areas=("/campaigns/*/progress/", "/campaigns/*/records/", "/campaigns/*/late/"),
    )
)
panels.register(Panel("progress", "campaign/_progress_panel.html", progress_panel, order=5))
