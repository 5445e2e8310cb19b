"""The page that says where we are, who is late, and what stands in the way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaign.coverage import Coverage
from campaign.models import Campaign, Phase, Requirement
from campaign.progress import NOTHING, Figures
from campaign.reports import overview
from members.models import Organization
from members.permissions import Permission
from portal import charts
from portal.access import get_in_scope, requires

CHILDREN = 60
TREND_DAYS = 365


def phase_asked(request: HttpRequest) -> int | None:
    """The number in ``?phase=``."""
    number = request.GET.get("phase", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 5 else None


def place(request: HttpRequest, campaign_pk: int, organization_pk: int) -> tuple[Campaign, Organization]:
    """Campaign and node, both in scope, the node inside the campaign (else 404), with the view's permission there
    (else 403)."""
    node = get_in_scope(request, Organization.objects.visible_to(request.user), pk=organization_pk)
    campaign = get_object_or_404(
        Campaign.objects.visible_to(request.user).select_related("organization"), pk=campaign_pk
    )
    if not campaign.organization.contains(node):
        raise Http404
    return campaign, node


@requires(Permission.VIEW_PROGRESS)
def dashboard(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """A node in a campaign: coverage, figures, children by requirement, where they stand, what blocks the next gate,
    who is late."""
    campaign, node = place(request, campaign_pk, organization_pk)
    children, next_url = children_page(request, node)
    board = overview.board(campaign, node, children, phase_asked(request))
    context = {
        "campaign": campaign,
        "node": node,
        "phase": board.phase,
        "phases": board.phases,
        "trail": node.trail(),
        "coverage": board.coverage,
        "pictures": pictures(node, board),
        "late": late_rows(campaign, node, board.requirements, board.figures),
        "gates": overview.gatekeeping(campaign, node, board.phase, board.standing) if board.phase else None,
        "enrolment": campaign.enrolments.filter(organization=node).first(),
        "pager": {"next_url": next_url, "previous_url": ""},
        "may": rights(request.user, node),
    } | matrix(campaign, board, children)
    return render(request, "campaign/dashboard.html", context)


def rights(user: Any, node: Organization) -> dict[str, bool]:
    """What the page offers besides numbers."""
    wanted = {"names": Permission.VIEW_NAMES, "print": Permission.PRINT_REPORT, "export": Permission.EXPORT}
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


def pictures(node: Organization, board: overview.Board) -> dict[str, SafeString]:
    """The drawings of the node itself."""
    days = overview.trend_points(node, board.requirements, timezone.localdate() - timedelta(TREND_DAYS))
    return {
        "people": people_picture(board.coverage),
        "places": places_picture(board.coverage),
        "bars": charts.stacked_bars("各规定动作完成情况", bars(board.requirements, board.figures)),
        "trend": charts.trend("完成率变化", days) if len(days) > 1 else SafeString(),
    }


def bars(requirements: Sequence[Requirement], figures: dict[int, Figures]) -> list[charts.Bar]:
    rows = [(r, figures.get(r.pk, NOTHING)) for r in requirements]
    return [charts.Bar(r.label, f.done, f.waived, f.total, overview.unit_of(r)) for r, f in rows]


def people_picture(coverage: Coverage) -> SafeString:
    parts = [
        charts.Part("参加活动", coverage.taking_part, "dark"),
        charts.Part("在外地参加", coverage.elsewhere, "hatched"),
        charts.Part("尚未编入", coverage.without_place, "pale"),
    ]
    return charts.coverage_bar("党员覆盖情况", charts.Part("在册党员", coverage.on_roll), parts)


def places_picture(coverage: Coverage) -> SafeString:
    parts = [
        charts.Part("已启动", coverage.started, "dark"),
        charts.Part("已编入未启动", coverage.enrolled - coverage.started, "middle"),
        charts.Part("尚未编入", coverage.branches - coverage.enrolled, "pale"),
    ]
    return charts.coverage_bar("支部覆盖情况", charts.Part("党支部", coverage.branches), parts)


def late_rows(
    campaign: Campaign, node: Organization, requirements: Sequence[Requirement], figures: dict[int, Figures]
) -> list[dict[str, Any]]:
    """Requirements that somebody under ``node`` still owes: how many, how many of them past the date, and where to
    see who."""
    rows = []
    for requirement in requirements:
        here = figures.get(requirement.pk, NOTHING)
        if here.missing:
            rows.append(
                {
                    "label": requirement.label,
                    "missing": here.missing,
                    "branches": here.behind,
                    "overdue": here.overdue,
                    "unit": overview.unit_of(requirement),
                    "url": late_url(campaign, node, requirement),
                }
            )
    return rows


def late_url(campaign: Campaign, node: Organization, requirement: Requirement) -> str:
    return f"{reverse('late-list', args=[campaign.pk, node.pk])}?{urlencode({'requirement': requirement.pk})}"


def matrix(campaign: Campaign, board: overview.Board, children: Sequence[Organization]) -> dict[str, Any]:
    """Children × requirements as ready cells, in tree order, and the time line of the same children."""
    found = overview.stages(board.phases, children, board.standing_by_child)
    requirements, by_child, phase = board.requirements, board.by_child, board.phase
    pages = dict(campaign.enrolments.filter(organization__in=children).values_list("organization_id", "pk"))
    rows = []
    for child in children:
        cells = [
            cell(
                requirement,
                by_child.get(child.path, {}).get(requirement.pk, NOTHING),
                late_url(campaign, child, requirement),
            )
            for requirement in requirements
        ]
        rows.append(
            {
                "name": child.name,
                "url": child_url(campaign, child, phase, pages),
                "stage": found[child.path].note,
                "cells": cells,
            }
        )
    timed = overview.time_rows(children, found)
    today = timezone.localdate()
    return {
        "requirements": requirements,
        "rows": rows,
        "timeline": charts.timeline("各单位进展时间图", timed, today) if timed else SafeString(),
    }


def child_url(campaign: Campaign, child: Organization, phase: Phase | None, pages: dict[int, int]) -> str:
    """Down the tree: a branch's own page where it is enrolled, otherwise the child's dashboard."""
    if child.pk in pages:
        return reverse("enrolment-detail", args=[pages[child.pk]])
    query = f"?{urlencode({'phase': phase.number})}" if phase else ""
    return f"{reverse('dashboard', args=[campaign.pk, child.pk])}{query}"


def cell(requirement: Requirement, figures: Figures, url: str) -> SafeString:
    """One figure of the table: built here because a page has hundreds of them."""
    label = requirement.label
    if not figures.total:
        return format_html(
            '<td class="cell text-secondary" data-label="{}">—<span class="visually-hidden">无适用对象</span></td>',
            label,
        )
    told = [f"{word}{n}" for word, n in (("灵活", figures.otherwise), ("免", figures.waived)) if n]
    waived = format_html('<small class="text-secondary">（{}）</small>', "，".join(told)) if told else ""
    if not figures.missing:
        return format_html(
            '<td class="cell cell-done" data-label="{}">✓ {}/{}{}</td>', label, figures.done, figures.total, waived
        )
    return format_html(
        '<td class="cell" data-label="{}">{}/{}{} <a class="cell-gap" href="{}">差{}</a></td>',
        label,
        figures.done,
        figures.total,
        waived,
        url,
        figures.missing,
    )
