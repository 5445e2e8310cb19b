"""补录: what was written down some days after it happened counts the same, and says when it was written down."""

from datetime import date, datetime, timedelta

from django.utils import timezone

LATE_AFTER = timedelta(days=3)


def is_late(entered: datetime, happened: date | datetime) -> bool:
    """Whether it was entered more than three days after the day on which it happened."""
    day = timezone.localdate(happened) if isinstance(happened, datetime) else happened
    return timezone.localdate(entered) - day > LATE_AFTER
