"""A person's calendar for other programs (RFC 5545): what concerns themselves, without names of other people."""

from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event

from campaign.models import CalendarFeed
from campaign.study.calendar import Item, own_items
from portal.ciphers import blind_index

CONTEXT = "calendar-feed"
BEFORE, AFTER = timedelta(days=60), timedelta(days=400)
HOURS = "PT4H"
WORDS = {"study": "学习", "held": "学习", "cancelled": "学习取消", "phase": "阶段", "due": "期限"}


def digest_of(token: str) -> str:
    return blind_index(token, CONTEXT)


def user_of(token: str) -> Any:
    """Whose calendar a secret address opens; ``None`` for one that was withdrawn or never given, and for closed accounts."""
    feed = CalendarFeed.objects.filter(digest=digest_of(token), user__is_active=True).select_related("user").first()
    return feed.user if feed else None


def feed_of(user: Any) -> bytes:
    """The calendar's text: sessions to come, ends of phases, and last days, from two months ago to a year ahead."""
    today = timezone.localdate()
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.PORTAL_NAME}//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "教育活动日历")
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    calendar.add("x-published-ttl", HOURS)
    for item in own_items(user, today - BEFORE, today + AFTER, held=False):
        calendar.add_component(event(item))
    return bytes(calendar.to_ical())


def event(item: Item) -> Event:
    entry = Event()
    entry.add("uid", f"{item.uid}@{urlsplit(settings.SITE_URL).hostname}")
    entry.add("dtstamp", (item.changed or timezone.now()).astimezone(UTC))
    entry.add("summary", f"{WORDS[item.kind]}：{item.text}")
    entry.add("url", f"{settings.SITE_URL}{item.url}")
    if item.start and item.end:
        entry.add("dtstart", item.start.astimezone(UTC))
        entry.add("dtend", item.end.astimezone(UTC))
    else:
        entry.add("dtstart", item.on)
        entry.add("dtend", item.on + timedelta(days=1))
        entry.add("transp", "TRANSPARENT")
    if item.place:
        entry.add("location", item.place)
    if item.kind == "cancelled":
        entry.add("status", "CANCELLED")
    return entry
