"""Weekends and holidays are free, 补班 days are not, and what was entered by hand goes before both."""

from datetime import date, datetime
from typing import Any

import pytest
from django.utils import timezone

from portal.models import DayException
from portal.working_days import (
    add_working_days,
    eve_of_work,
    is_working_day,
    is_working_time,
    known,
    stretches,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 20), True),  # a Friday
        (date(2026, 11, 21), False),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),  # Wednesday, given in exchange
        (date(2026, 10, 10), True),  # Saturday, 补班
        (date(2026, 2, 14), True),
        (date(2026, 2, 17), False),
        (date(2005, 10, 8), True),  # the first campaign's own autumn: Saturday and Sunday after 国庆 were worked
        (date(2005, 10, 9), True),
        (date(2005, 12, 31), True),
    ],
)
def test_what_the_state_councils_notices_say(day: date, working: bool) -> None:
    assert is_working_day(day) is working


def test_what_was_entered_goes_before() -> None:
    DayException.objects.create(day=date(2026, 10, 1), working=True)
    DayException.objects.create(day=date(2026, 11, 20), working=False)
    assert is_working_day(date(2026, 10, 1))
    assert not is_working_day(date(2026, 11, 20))
    assert add_working_days(date(2026, 11, 19), 1) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "n", "then"),
    [
        (date(2026, 9, 30), 0, date(2026, 9, 30)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 10, 9), 1, date(2026, 10, 10)),
        (date(2026, 10, 9), 2, date(2026, 10, 12)),
        (date(2026, 10, 12), -1, date(2026, 10, 10)),
        (date(2026, 10, 8), -5, date(2026, 9, 23)),
    ],
)
def test_counting_in_working_days(day: date, n: int, then: date) -> None:
    assert add_working_days(day, n) == then


def test_counting_asks_the_database_once(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        add_working_days(date(2026, 1, 1), 60)


def test_looking_ahead_over_free_days() -> None:
    assert eve_of_work(date(2026, 11, 18)) == date(2026, 11, 18)
    assert eve_of_work(date(2026, 11, 20)) == date(2026, 11, 22)
    assert eve_of_work(date(2026, 9, 30)) == date(2026, 10, 7)


def test_hours(settings: Any) -> None:
    settings.WORKING_HOURS = (9, 18)

    def at(day: int, hour: int) -> bool:
        return is_working_time(timezone.make_aware(datetime(2026, 11, day, hour)))

    assert [at(20, hour) for hour in (8, 9, 17, 18)] == [False, True, True, False]
    assert not at(21, 10)


def test_a_year_whose_notice_is_not_out_is_said_to_be_unknown() -> None:
    assert [known(year) for year in (2005, 2026, 2030)] == [True, True, False]
    assert not is_working_day(date(2030, 10, 1))


def test_a_year_as_people_read_it() -> None:
    read = [(s.first, s.days, s.name) for s in stretches(2026) if not s.working]
    assert (date(2026, 2, 15), 9, "春节") in read
    assert (date(2026, 10, 1), 7, "国庆节") in read
    assert [s.first for s in stretches(2026) if s.working][-1] == date(2026, 10, 10)
