"""Signing out elsewhere."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction

from portal.actions.log import audit
from portal.models import Session


def store() -> Any:
    """The class that keeps sessions."""
    return import_module(settings.SESSION_ENGINE).SessionStore


def clear_expired() -> None:
    """Forget sessions that have run out, with what was noted of them."""
    store().clear_expired()


def close(sessions: Any) -> int:
    """Take the sessions out of the database and the cache; returns how many there were."""
    keys = list(sessions.values_list("session_key", flat=True))
    for key in keys:
        store()(key).delete()
    return len(keys)


@transaction.atomic
def end_one(*, session: Session, by: Any) -> None:
    close(Session.objects.filter(pk=session.pk))
    audit(by=by, verb="退出登录设备", target=by, browser=session.browser)


@transaction.atomic
def end_others(*, keep: str | None, by: Any) -> int:
    """Sign out everywhere but in the session with the key ``keep``; returns how many sessions that ended."""
    number = close(Session.objects.filter(user=by.pk).exclude(pk=keep))
    if number:
        audit(by=by, verb="退出其他登录设备", target=by, number=number)
    return number


def end_all(*, account: Any) -> None:
    """Nobody stays signed in with this account."""
    close(Session.objects.filter(user=account.pk))
