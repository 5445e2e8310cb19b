"""The room's reminder rules."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse

from members.models import Appointment
from members.permissions import Permission, roles_with
from portal.models import DayException
from portal.notices import Draft, notice_sources
from portal.working_days import known

DECEMBER = 12


def calendar_unknown(today: date) -> Iterator[Draft]:
    """In December, when the next year's notice is out: who keeps the calendar, if neither the portal nor anybody knows."""
    coming = today.year + 1
    if today.month != DECEMBER or known(coming) or DayException.objects.filter(day__year=coming).exists():
        return
    keepers = Appointment.objects.current().filter(
        organization__depth=1, role__in=roles_with(Permission.MANAGE_CALENDAR), user__is_active=True
    )
    text = f"平台还不知道{coming}年的放假和补班安排，请按国务院办公厅的通知录入，否则提醒可能在放假时发出、补班日不发。"
    for user_id, place in keepers.order_by("pk").values_list("user_id", "organization_id"):
        url = f"{reverse('working-day-list', args=[place])}?year={coming}"
        yield Draft(user_id, f"calendar-unknown:{coming}:{user_id}", "工作日历", text, url)


notice_sources.register(calendar_unknown)
