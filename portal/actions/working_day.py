"""Days that differ from the known calendar, entered by hand."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.actions.log import audit
from portal.models import DayException


@transaction.atomic
def enter(*, days: Sequence[date], working: bool, note: str, by: Any) -> int:
    """These days are worked, or free, whatever was said of them before; how many."""
    now = timezone.now()
    for day in days:
        values = {"working": working, "note": note, "by": by, "at": now}
        row, _ = DayException.objects.update_or_create(day=day, defaults=values)
        audit(by=by, verb="设定工作日历", target=row)
    return len(days)


@transaction.atomic
def withdraw(*, exception: DayException, by: Any) -> None:
    """The known calendar holds again."""
    audit(by=by, verb="取消工作日历例外", target=exception)
    exception.delete()
