"""Notices to oneself, and how they leave the portal."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import public, signed_in
from portal.actions import notice as actions
from portal.forms.notice import NoticeSettingsForm
from portal.letters import reader_of, takes_mail
from portal.models import Digest, Notice
from portal.paging import paged

UNREAD_SHOWN = 100
PAGE = 50
RECENT = 5


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


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def notice_settings(request: HttpRequest) -> HttpResponse:
    """提醒设置: whether and where e-mail comes to. The portal's own notices always come."""
    user = request.user
    now = {"by_mail": bool(user.email) and takes_mail(user), "email": user.email}  # type: ignore[union-attr]
    form = NoticeSettingsForm(request.POST or None, initial=now)
    if form.is_valid():
        if form.cleaned_data["by_mail"]:
            actions.accept_mail(user=user, address=form.cleaned_data["email"])
        else:
            actions.refuse_mail(user=user)
        messages.success(request, "提醒设置已保存。")
        return redirect("notice-settings")
    first, last = settings.WORKING_HOURS
    sent = Digest.objects.visible_to(user).order_by("-day")[:RECENT]
    return render(request, "portal/notice_settings.html", {"form": form, "first": first, "last": last, "sent": sent})


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mail_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The link in a letter: looking at it changes nothing, as mail programs look at links by themselves; one click, or the
    mail program's own button, does (RFC 8058: a POST without cookies)."""
    user = reader_of(token)
    if user is not None and request.method == "POST":
        actions.refuse_mail(user=user)
    context = {"known": user is not None, "refused": user is not None and not takes_mail(user)}
    return render(request, "portal/mail_unsubscribe.html", context, status=200 if user else 404)
