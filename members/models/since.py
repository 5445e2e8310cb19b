"""When something began, as exactly as anybody could say."""

from datetime import date

from django.db import models

from members.dates import in_words


class SinceKnown(models.TextChoices):
    """How much of the date ``since`` is known; of what is not known it is the day on which it was registered."""

    DAY = "day", "年月日"
    MONTH = "month", "年月"
    YEAR = "year", "年份"
    UNKNOWN = "unknown", "不详"


LENGTHS = {SinceKnown.DAY: 10, SinceKnown.MONTH: 7, SinceKnown.YEAR: 4, SinceKnown.UNKNOWN: 0}
BY_LENGTH = {length: known for known, length in LENGTHS.items()}


def since_of(partial: str, registered: date) -> tuple[date, SinceKnown]:
    """``2004-03`` as the first day of that month and how much of it is known; nothing: the day of registration."""
    if not partial:
        return registered, SinceKnown.UNKNOWN
    year, month, day = [*map(int, partial.split("-")), 1, 1][:3]
    return date(year, month, day), BY_LENGTH[len(partial)]


def partial_since(since: date, known: str) -> str:
    """The other way round: ``2004-03``; empty where it is not known."""
    return since.isoformat()[: LENGTHS[SinceKnown(known)]]


class Begun(models.Model):
    """A record with a day ``since``. What was imported without one began nobody knows when, and never says otherwise."""

    since_known = models.CharField(
        "起始日期所知", max_length=7, choices=SinceKnown, default=SinceKnown.DAY, editable=False
    )

    class Meta:
        abstract = True

    @property
    def since_shown(self) -> str:
        """«2004年3月1日», «2004年3月», or «登记于2005年9月16日» where the beginning is not known."""
        since: date = self.since  # type: ignore[attr-defined]
        partial = partial_since(since, self.since_known)
        return in_words(partial) if partial else f"登记于{in_words(since.isoformat())}"

    @property
    def since_in_table(self) -> str:
        """«2004-03-01» or «登记于2005-09-16», for tables with such dates."""
        since: date = self.since  # type: ignore[attr-defined]
        return partial_since(since, self.since_known) or f"登记于{since.isoformat()}"

    @property
    def since_in_words(self) -> str:
        """The same as part of a sentence: «2004年3月1日起»."""
        return self.since_shown if self.since_known == SinceKnown.UNKNOWN else f"{self.since_shown}起"
