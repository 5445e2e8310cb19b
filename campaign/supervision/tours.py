"""Who goes where when: lists of visits, and a team's month."""

from calendar import Calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from campaign.models import Campaign, Visit
from campaign.models.visit import VisitQuerySet
from members.models import Organization


def visits_in(user: Any, campaign: Campaign, node: Organization, *, state: str = "", team: int = 0) -> VisitQuerySet:
    """Visits at ``node`` and below that the user sees; ``state``: one of ``Visit.State``, ``overdue``, or
    ``lapsed``."""
    rows = Visit.objects.visible_to(user).under(node).filter(campaign=campaign)
    if state == "overdue":
        rows = rows.expected().filter(on__lt=timezone.localdate())
    elif state == "lapsed":
        rows = rows.lapsed()
    elif state in Visit.State.values:
        rows = rows.filter(state=state)
    return rows.filter(team=team) if team else rows


@dataclass(frozen=True)
class Month:
    """One month of the calendar."""

    first: date

    @property
    def last(self) -> date:
        return (self.first + timedelta(31)).replace(day=1) - timedelta(1)

    @property
    def code(self) -> str:
        """2005-08, as it stands in addresses."""
        return f"{self.first:%Y-%m}"

    @property
    def previous(self) -> str:
        return Month(self.first - timedelta(1)).code

    @property
    def following(self) -> str:
        return Month(self.last + timedelta(1)).code

    def of(self, visits: VisitQuerySet) -> VisitQuerySet:
        """Visits of this month that are not cancelled, day by day."""
        rows = visits.exclude(state=Visit.State.CANCELLED).filter(on__gte=self.first, on__lte=self.last)
        return rows.order_by("on", "-part", "organization__path", "pk")


def month_asked(code: str) -> Month:
    """``2005-08``; this month for anything else."""
    try:
        first = date.fromisoformat(f"{code}-01")
    except ValueError:
        first = timezone.localdate().replace(day=1)
    return Month(first if 1990 <= first.year <= 2100 else timezone.localdate().replace(day=1))


def month_weeks(month: Month, rows: Iterable[Any]) -> list[list[dict[str, Any]]]:
    """Weeks of seven days from Monday on, each day with what falls ``on`` it."""
    by_day: dict[date, list[Any]] = {}
    for row in rows:
        by_day.setdefault(row.on, []).append(row)
    today = timezone.localdate()
    return [
        [
            {"day": day, "inside": day.month == month.first.month, "today": day == today, "rows": by_day.get(day, [])}
            for day in week
        ]
        for week in Calendar().monthdatescalendar(month.first.year, month.first.month)
    ]
