"""Calendars: a branch's, one's own, a node's in numbers, and one's own for other programs."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe

from campaign.actions import calendar_feed as feeds
from campaign.models import CalendarFeed, Enrolment
from campaign.study.calendar import branch_items, counts_under, own_items, plans_on
from campaign.study.calendar_feed import feed_of, user_of
from campaign.study.plans import may_record, refusal
from campaign.supervision.tours import month_asked, month_weeks
from campaign.views.dashboard import place
from members.permissions import Permission
from members.tree import visible_trail
from portal.access import public, requires, signed_in
from portal.paging import paged


@signed_in
@require_safe
def study_calendar(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """The branch's month, for those who take part and those who may see its study."""
    user: Any = request.user
    rows = Enrolment.objects.visible_to(user).select_related("organization", "campaign")
    enrolment = get_object_or_404(rows, pk=enrolment_pk)
    takes_part = enrolment.participations.active().filter(member=user.member_id or 0).exists()
    if not takes_part and not user.can(Permission.VIEW_STUDY, at=enrolment.organization):
        raise PermissionDenied
    month = month_asked(request.GET.get("month", ""))
    items = branch_items(enrolment, month.first, month.last)
    records = may_record(user, enrolment)
    past = enrolment.planned_sessions.coming().filter(starts_at__lt=timezone.now() - timedelta(hours=1))
    context = {
        "enrolment": enrolment,
        "month": month,
        "weeks": month_weeks(month, items),
        "items": items,
        "plans": records and not refusal(enrolment),
        "unrecorded": past[:20] if records else [],
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/study_calendar.html", context)


def my_month(request: HttpRequest, **more: Any) -> HttpResponse:
    month = month_asked(request.GET.get("month", ""))
    items = own_items(request.user, month.first, month.last)
    context = {
        "month": month,
        "weeks": month_weeks(month, items),
        "items": items,
        "feed": CalendarFeed.objects.visible_to(request.user).first(),
    }
    return render(request, "campaign/my_calendar.html", context | more)


@signed_in
@require_safe
def my_calendar(request: HttpRequest) -> HttpResponse:
    """One's own month, and how to have it in another program."""
    return my_month(request)


@signed_in
@require_POST
def calendar_feed_create(request: HttpRequest) -> HttpResponse:
    """A new secret address, shown on this answer and never again."""
    token = feeds.give(by=request.user)
    return my_month(request, address=f"{settings.SITE_URL}{reverse('calendar-feed', args=[token])}")


@signed_in
@require_POST
def calendar_feed_withdraw(request: HttpRequest) -> HttpResponse:
    feeds.withdraw(by=request.user)
    messages.success(request, "订阅地址已作废，其他程序不能再读取您的日历。")
    return redirect("my-calendar")


@public
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar itself, for whoever knows the secret address."""
    user = user_of(token)
    if user is None:
        raise Http404
    response = HttpResponse(feed_of(user), content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, no-cache"
    response["Content-Disposition"] = 'inline; filename="calendar.ics"'
    return response


@requires(Permission.VIEW_STUDY)
@require_safe
def study_days(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """At a node: how much study there is on each day, and the sessions of one day (``?day=``, today without)."""
    campaign, node = place(request, campaign_pk, organization_pk)
    day = day_asked(request.GET.get("day", ""))
    month = month_asked(request.GET.get("month", "") or f"{day:%Y-%m}")
    counts = counts_under(campaign, node, month.first, month.last)
    context = {
        "campaign": campaign,
        "node": node,
        "month": month,
        "weeks": month_weeks(month, counts),
        "counts": counts,
        "day": day,
        "pager": paged(request, plans_on(campaign, node, day), ("starts_at", "pk"), 50),
        "trail": visible_trail(request.user, node),
    }
    return render(request, "campaign/study_days.html", context)


def day_asked(text: str) -> date:
    try:
        return parse_date(text) or timezone.localdate()
    except ValueError:
        return timezone.localdate()
