"""What leaves the portal is a row first (docs/decisions/0009-outbox.md)."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

MAX_ATTEMPTS = 6
PAUSE = timedelta(minutes=10)


class State(models.TextChoices):
    """``UNCLEAR``: it was handed over and nobody heard the answer, so it may have arrived."""

    WAITING = "waiting", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    FAILED = "failed", "发送失败"
    UNCLEAR = "unclear", "结果不明"


class OutgoingQuerySet(models.QuerySet[Any]):
    def due(self, moment: datetime) -> Self:
        """What can be sent now: new, or refused and rested; never of another day."""
        rested = Q(lease_until=None) | Q(lease_until__lte=moment)
        return self.filter(rested, state=State.WAITING, day=timezone.localdate(moment), attempts__lt=MAX_ATTEMPTS)

    def interrupted(self) -> Self:
        """Of senders that died half way: nobody renews the lease any more."""
        return self.filter(state=State.SENDING, lease_until__lt=timezone.now())

    def overdue(self, today: date) -> Self:
        """Of a former day, and never sent."""
        return self.filter(state=State.WAITING, day__lt=today)


class Outgoing(models.Model):
    """One message, unique by whom it is for and its ``day``. Whoever sends it holds a lease on it and keeps that in the
    future; while it waits, ``lease_until`` is the end of its pause."""

    State = State

    day = models.DateField("日期")
    state = models.CharField("状态", max_length=12, choices=State, default=State.WAITING)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def number(self) -> str:
        """What the receiving side can tell a repetition by: the same for every attempt, and if the row is made anew."""
        raise NotImplementedError

    def claim(self, moment: datetime) -> bool:
        """Take the lease, if it is to be sent now and nobody else does: one conditional update."""
        token = uuid.uuid4()
        lease = timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        rows = type(self)._default_manager.filter(pk=self.pk)
        taken: int = rows.due(moment).update(  # type: ignore[attr-defined]
            state=State.SENDING, lease_token=token, lease_until=lease, attempts=F("attempts") + 1
        )
        if taken:
            self.refresh_from_db()
        return taken == 1

    def held(self) -> models.QuerySet[Any]:
        """This row, as long as the lease is still ours: every write of a sender goes through here."""
        return type(self)._default_manager.filter(pk=self.pk, state=State.SENDING, lease_token=self.lease_token)

    def mark_sent(self) -> None:
        self.held().update(state=State.SENT, sent_at=timezone.now(), lease_until=None, error="")

    def mark_unclear(self, why: str) -> None:
        """It may have arrived: it is not sent again."""
        self.held().update(state=State.UNCLEAR, lease_until=None, error=why[:300])

    def put_off(self, why: str, moment: datetime) -> None:
        """It certainly did not arrive: again after a pause that doubles each time, or no more after ``MAX_ATTEMPTS``."""
        last = self.attempts >= MAX_ATTEMPTS
        self.held().update(
            state=State.FAILED if last else State.WAITING,
            lease_until=None if last else moment + PAUSE * 2 ** (self.attempts - 1),
            error=why[:300],
        )
