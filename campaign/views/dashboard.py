"""The page that says where we are, who is late, and what stands in the way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString

from campaign.dashboards import matrix
from campaign.dashboards.helping import needs
from campaign.dashboards.numbers import coverage_numbers, gate_numbers, owing_rows, sector_rows
from campaign.dashboards.records import Links
from campaign.models import Campaign, Phase
from campaign.reports import overview
from campaign.reports.categories import breakdown, is_small
from campaign.reports.pictures import TREND_DAYS, bars, people_picture, places_picture, trend_picture
from members.models import Organization
from members.permissions import Permission
from portal import charts
from portal.access import get_in_scope, requires

CHILDREN = 60


def phase_asked(request: HttpRequest) -> int | None:
    """The number in ``?phase=``."""
    number = request.GET.get("phase", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 5 else None


def place(request: HttpRequest, campaign_pk: int, organization_pk: int) -> tuple[Campaign, Organization]:
    """Campaign (``own_unit``: the node's own enrolment) and node, both in scope, the node inside the campaign (else 404), with the view's
    permission there (else 403)."""
    node = get_in_scope(request, Organization.objects.visible_to(request.user), pk=organization_pk)
    rows = Campaign.objects.visible_to(request.user).select_related("organization").with_unit_of(node)
    campaign = get_object_or_404(rows, pk=campaign_pk)
    if not campaign.organization.contains(node):
        raise Http404
    return campaign, node


@requires(Permission.VIEW_PROGRESS)
def dashboard(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """A node in a campaign: coverage, figures, children by requirement, where they stand, what blocks the next gate,
    who can be helped first."""
    campaign, node = place(request, campaign_pk, organization_pk)
    children, next_url = children_page(request, node)
    board = overview.board(campaign, node, children, phase_asked(request))
    found = matrix.placed(board, children)
    timed = overview.time_rows(children, found)
    may = rights(request.user, node)
    context = {
        "campaign": campaign,
        "node": node,
        "phase": board.phase,
        "phases": board.phases,
        "requirements": board.requirements,
        "trail": node.trail(),
        "coverage": coverage_numbers(campaign, node, board.coverage, names=may["names"]),
        "pictures": pictures(node, board, timed),
        "asked": board.is_asked,
        "owing": owing_rows(campaign, node, board),
        "gates": gate_numbers(campaign, node, board, names=may["names"]),
        "sectors": sector_rows(campaign, node, board, names=may["names"]),
        "needs": needs(campaign, board, children, names=may["names"]),
        "unit": vars(campaign)["own_unit"],
        "pager": {"next_url": next_url, "previous_url": ""},
        "may": may,
        "address": request.build_absolute_uri(),
        "rows": matrix.lines(campaign, board, children, found, names=may["names"]),
        "sum": matrix.cells_of(board.requirements, board.figures, Links(campaign), node.pk),
    }
    return render(request, "campaign/dashboard.html", context)


def rights(user: Any, node: Organization) -> dict[str, bool]:
    """What the page offers besides numbers."""
    wanted = {"names": Permission.VIEW_NAMES, "print": Permission.PRINT_REPORT, "export": Permission.EXPORT}
    wanted["study"] = Permission.VIEW_STUDY
    return {name: user.can(permission, at=node) for name, permission in wanted.items()}


def children_page(request: HttpRequest, node: Organization) -> tuple[list[Organization], str]:
    """The next children in tree order after ``?after=`` (a path), and the address of the following ones."""
    if node.is_branch:
        return [], ""
    after = request.GET.get("after", "")
    rows = list(node.children().open().filter(path__gt=after if after.isalnum() else "")[: CHILDREN + 1])
    if len(rows) <= CHILDREN:
        return rows, ""
    query = request.GET.copy()
    query["after"] = rows[CHILDREN - 1].path
    return rows[:CHILDREN], f"?{query.urlencode()}"


def pictures(node: Organization, board: overview.Board, timed: Sequence[charts.TimeRow]) -> dict[str, SafeString]:
    """The drawings of the node, and the time line of its children."""
    today = timezone.localdate()
    return {
        "people": people_picture(board.coverage),
        "places": places_picture(board.coverage),
        "bars": charts.stacked_bars("各规定动作完成情况", bars(board.requirements, board.figures)),
        "trend": trend_picture(node, board),
        "timeline": charts.timeline("各单位进展时间图", timed, today) if timed else SafeString(),
    }


def phase_shown(request: HttpRequest, campaign: Campaign, node: Organization) -> tuple[list[Phase], Phase | None]:
    """All phases, and the one that was asked for or that most units are in."""
    phases = list(campaign.phases.all())
    asked = next((phase for phase in phases if phase.number == phase_asked(request)), None)
    return phases, asked or overview.main_phase(campaign, node)


@requires(Permission.VIEW_PROGRESS)
def dashboard_trends(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """How the share of each requirement changed over a year."""
    campaign, node = place(request, campaign_pk, organization_pk)
    phases, phase = phase_shown(request, campaign, node)
    requirements = overview.requirements_in(campaign, phase) if phase else []
    found = overview.trends(node, requirements, timezone.localdate() - timedelta(TREND_DAYS))
    drawn = [
        (r, charts.trend(f"{r.label}完成率变化", found.each[r.pk]))
        for r in requirements
        if len(found.each.get(r.pk, [])) > 1
    ]
    context = {
        "campaign": campaign,
        "node": node,
        "trail": node.trail(),
        "phases": phases,
        "phase": phase,
        "together": charts.trend("全部规定动作完成率变化", found.together) if len(found.together) > 1 else "",
        "drawn": drawn,
        "still": [r for r in requirements if r not in [d[0] for d in drawn]],
    }
    return render(request, "campaign/dashboard_trends.html", context)


@requires(Permission.VIEW_PROGRESS)
def dashboard_breakdown(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """By 领域 and by member category; counted from the records at once where the node is small, as a file where it is large."""
    campaign, node = place(request, campaign_pk, organization_pk)
    phases, phase = phase_shown(request, campaign, node)
    small, may = is_small(campaign, node), rights(request.user, node)
    context = {
        "campaign": campaign,
        "node": node,
        "trail": node.trail(),
        "phases": phases,
        "phase": phase,
        "may": may,
        "small": small,
        "tables": breakdown(campaign, node, phase, categories=small, linked=True, names=may["names"]),
        "sheet_params": {"campaign": campaign.pk, "organization": node.pk} | ({"phase": phase.number} if phase else {}),
    }
    return render(request, "campaign/dashboard_breakdown.html", context)
