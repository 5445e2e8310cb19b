"""Working days: weekends and public holidays are free, 补班 Saturdays and Sundays are not, and what the administrator
entered (``DayException``) goes before both.

Holidays and 补班 come from the ``holidays`` package, which has the State Council's yearly notice from 2001 on. For a year
whose notice it does not have yet (``known``), weekends and the statutory holidays themselves are free, until somebody
enters the rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from holidays import HolidayBase, country_holidays

from portal.models import DayException

DAY = timedelta(days=1)
SATURDAY = 5
NEW_YEAR_EVE = "农历除夕"
Exceptions = Mapping[date, bool]


@lru_cache(maxsize=16)
def notice_of(year: int) -> HolidayBase:
    """The year's free days by name, and its ``weekend_workdays``."""
    return country_holidays("CN", years=year, expand=False, language="zh_CN")


def known(year: int) -> bool:
    """Whether the year's notice is in the library: every notice since 2001 has moved some working days."""
    return any(day.year == year for day in notice_of(year).weekend_workdays)


def by_notice(day: date) -> bool:
    """Whether the library has it as a working day."""
    notice = notice_of(day.year)
    return day in notice.weekend_workdays or (day.weekday() < SATURDAY and day not in notice)


def entered() -> dict[date, bool]:
    """What was entered by hand, few rows: whether the day is worked."""
    return dict(DayException.objects.values_list("day", "working"))


def is_working_day(day: date, exceptions: Exceptions | None = None) -> bool:
    """One query, unless the ``exceptions`` are at hand."""
    by_hand = entered() if exceptions is None else exceptions
    return by_hand.get(day, by_notice(day))


def add_working_days(day: date, n: int) -> date:
    """The ``n``-th working day after ``day``, or before it where ``n`` is negative; ``day`` itself for 0. One query."""
    by_hand, step = entered(), DAY if n > 0 else -DAY
    for _ in range(abs(n)):
        day += step
        while not is_working_day(day, by_hand):
            day += step
    return day


def eve_of_work(day: date) -> date:
    """The last day before the next working day after ``day``: ``day`` itself in midweek, Sunday on a Friday.

    Who looks ahead from there overlooks nothing that falls into a free stretch.
    """
    return add_working_days(day, 1) - DAY


def is_working_time(moment: datetime) -> bool:
    """Whether people may be written to at this local moment: on a working day, within ``WORKING_HOURS``."""
    first, last = settings.WORKING_HOURS
    return first <= moment.hour < last and is_working_day(moment.date())


@dataclass(frozen=True)
class Stretch:
    """Days on end that are free (or worked) for one reason."""

    first: date
    last: date
    name: str
    working: bool

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def stretches(year: int) -> list[Stretch]:
    """The year's notice as people read it: free days that hang together, and single 补班 days, in order."""
    found: list[Stretch] = []
    for day, name, working in unusual(year):
        last = found[-1] if found else None
        if last and not working and not last.working and last.last + DAY == day:
            # 除夕 begins what everybody calls 春节.
            found[-1] = Stretch(last.first, day, name if last.name in {"", NEW_YEAR_EVE} else last.name, False)
        else:
            found.append(Stretch(day, day, name, working))
    return [each for each in found if each.working or each.name]


def unusual(year: int) -> Iterator[tuple[date, str, bool]]:
    """Free days, weekends too, and worked weekend days; the name is empty where it is only a weekend or a day given
    in exchange."""
    notice, day = notice_of(year), date(year, 1, 1)
    while day.year == year:
        if day in notice.weekend_workdays:
            yield day, "补班", True
        elif not by_notice(day):
            named = notice.get(day, "")
            yield day, "" if "调休" in named else named.split("（")[0], False
        day += DAY
