"""Where one is signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.access import signed_in
from portal.actions import session as actions
from portal.models import Session

SHOWN = 50


@signed_in
def session_list(request: HttpRequest) -> HttpResponse:
    sessions = list(Session.objects.visible_to(request.user)[:SHOWN])
    here = request.session.session_key
    context = {
        "here": next((session for session in sessions if session.pk == here), None),
        "others": [session for session in sessions if session.pk != here],
    }
    return render(request, "portal/session_list.html", context)


@signed_in
@require_POST
def session_end(request: HttpRequest, number: str) -> HttpResponse:
    """Sign out one of the others; here one signs out by the usual button."""
    others = Session.objects.visible_to(request.user).exclude(pk=request.session.session_key)
    session = get_object_or_404(others, number=number)
    actions.end_one(session=session, by=request.user)
    messages.success(request, f"已退出 {session.browser or '那台设备'} 上的登录。")
    return redirect("session-list")


@signed_in
@require_POST
def session_end_others(request: HttpRequest) -> HttpResponse:
    number = actions.end_others(keep=request.session.session_key, by=request.user)
    messages.success(request, f"已退出其他 {number} 处登录，只保留这台设备。" if number else "没有其他登录。")
    return redirect("session-list")
