"""Links to figures for people without an account: made, listed, revoked, opened."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from campaign.actions import shared_view as shares
from campaign.dashboards import matrix
from campaign.forms.shared_view import SharedViewForm
from campaign.models import SharedView
from campaign.reports import overview
from campaign.reports.pictures import bars, people_picture, places_picture
from campaign.views.dashboard import children_page, place
from members.permissions import Permission
from portal import charts
from portal.access import get_in_scope, public, requires

SHOWN = 50


@requires(Permission.EXPORT)
def shared_view_list(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """Links of this node, and a form for a new one. A single branch has none: its figures are about too few people."""
    campaign, node = place(request, campaign_pk, organization_pk)
    form = SharedViewForm(request.POST or None, campaign=campaign)
    if request.method == "POST" and node.is_branch:
        raise PermissionDenied
    if form.is_valid():
        shares.share(campaign=campaign, organization=node, **form.cleaned_data, by=request.user)
        messages.success(request, "只读链接已生成，请复制下面的地址发给对方。")
        return redirect("shared-view-list", campaign.pk, node.pk)
    rows = SharedView.objects.visible_to(request.user).filter(campaign=campaign, organization=node)
    rows = rows.select_related("by", "phase", "revoked_by")[:SHOWN]
    context = {
        "campaign": campaign,
        "node": node,
        "trail": node.trail(),
        "form": form,
        "lines": [(row, address(request, row) if row.is_open else "") for row in rows],
    }
    return render(request, "campaign/shared_view_list.html", context)


def address(request: HttpRequest, shared: SharedView) -> str:
    return request.build_absolute_uri(reverse("shared-view-open", args=[shared.token]))


@requires(Permission.EXPORT)
@require_POST
def shared_view_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    shared = get_in_scope(request, SharedView.objects.visible_to(request.user).select_related("organization"), pk=pk)
    if shares.revoke(shared=shared, by=request.user):
        messages.success(request, "链接已撤销，即刻失效。")
    else:
        messages.info(request, "这个链接已经失效。")
    return redirect("shared-view-list", shared.campaign_id, shared.organization_id)


@public
@never_cache
@require_GET
def shared_view_open(request: HttpRequest, token: str) -> HttpResponse:
    """Figures alone, for whoever has the link; not found once it has run out, was revoked, or its maker lost the right."""
    shared = shares.opened(token)
    if shared is None:
        raise Http404
    shares.note_opening(shared=shared)
    response = render(request, "campaign/shared_view.html", figures_shown(request, shared))
    response["Referrer-Policy"] = "no-referrer"
    return response


def figures_shown(request: HttpRequest, shared: SharedView) -> dict[str, Any]:
    """Numbers of the node and its children; no names, no links into the portal."""
    node = shared.organization
    children, next_url = children_page(request, node)
    board = overview.board(shared.campaign, node, children, shared.phase.number if shared.phase else None)
    found, cells = matrix.placed(board, children), matrix.veiled(board, children)
    return {
        "shared": shared,
        "node": node,
        "phase": board.phase,
        "requirements": board.requirements,
        "pictures": [
            "" if matrix.few(board.coverage.on_roll) else people_picture(board.coverage),
            places_picture(board.coverage),
            charts.stacked_bars("各规定动作完成情况", bars(matrix.shown_openly(board), board.figures)),
        ],
        "rows": [
            (c.name, found[c.path].note, [(r, cells[c.path, r.pk]) for r in board.requirements]) for c in children
        ],
        "pager": {"next_url": next_url, "previous_url": ""},
    }
