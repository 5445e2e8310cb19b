"""What holds for a time: since, until, and the moment at which somebody ended it early."""

from typing import Any, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

T = TypeVar("T", bound=models.Model)


class TermQuerySet(models.QuerySet[T]):
    """Terms in force, and terms that are not over."""

    def live(self) -> Any:
        """Not over: in force or still to come."""
        return self.filter(Q(until=None) | Q(until__gte=timezone.localdate()), ended_at=None)

    def current(self) -> Any:
        """In force today."""
        return self.live().filter(since__lte=timezone.localdate())

    def end(self) -> int:
        """End those that nobody has ended yet, from this moment on; returns how many there were."""
        return self.filter(ended_at=None).update(ended_at=timezone.now())

    def make_room(self) -> None:
        """Close what has run out: only one of a kind may be open."""
        self.filter(until__lt=timezone.localdate()).end()


class Term(models.Model):
    """``until`` is planned and may be open; ``ended_at`` is when it was ended by hand, effective at once."""

    since = models.DateField("起始日期", default=timezone.localdate)
    until = models.DateField("结束日期", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_current(self) -> bool:
        return self.is_live and self.since <= timezone.localdate()

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and (self.until is None or self.until >= timezone.localdate())

    @property
    def term_in_words(self) -> str:
        """2005-07-01起；2005-07-01至2005-12-31；…（已结束）."""
        until = timezone.localdate(self.ended_at) if self.ended_at else self.until
        span = f"{self.since:%Y-%m-%d}至{until:%Y-%m-%d}" if until else f"{self.since:%Y-%m-%d}起"
        if not self.is_live:
            return f"{span}（已结束）"
        return span if self.is_current else f"{span}（未开始）"


def in_order(name: str) -> models.CheckConstraint:
    """The end is not before the beginning."""
    return models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name=name)
