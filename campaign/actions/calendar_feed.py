"""The secret address of one's own calendar: given once, replaced by a new one, withdrawn."""

import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign.models import CalendarFeed
from campaign.study.calendar_feed import digest_of
from portal.actions.log import audit


@transaction.atomic
def give(*, by: Any) -> str:
    """A new secret, which is kept nowhere; an earlier one opens nothing any more."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest_of(token), "created_at": timezone.now()}
    feed, _ = CalendarFeed.objects.update_or_create(user=by, defaults=values)
    audit(by=by, verb="订阅日历", target=feed)
    return token


@transaction.atomic
def withdraw(*, by: Any) -> None:
    feed = CalendarFeed.objects.filter(user=by).first()
    if feed is not None:
        audit(by=by, verb="停止订阅日历", target=feed)
        feed.delete()
