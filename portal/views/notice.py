"""Notices to oneself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal.access import signed_in
from portal.actions import notice as actions
from portal.models import Notice
from portal.paging import paged

UNREAD_SHOWN = 100
PAGE = 50


@signed_in
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    mine = Notice.objects.visible_to(request.user)
    page = paged(request, mine.exclude(read_at=None), ["-pk"], PAGE)
    unread = [] if page.previous_url else list(mine.unread()[: UNREAD_SHOWN + 1])
    context = {
        "new": unread[:UNREAD_SHOWN],
        "more_unread": len(unread) > UNREAD_SHOWN,
        "page": page,
    }
    return render(request, "portal/notice_list.html", context)


@signed_in
@require_safe
def notice_open(request: HttpRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    actions.mark_read(notices=[notice])
    safe = url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None)
    return redirect(notice.url) if notice.url.startswith("/") and safe else redirect("notice-list")


@signed_in
@require_POST
def notice_read_all(request: HttpRequest) -> HttpResponse:
    actions.mark_all_read(by=request.user)
    return redirect("notice-list")
