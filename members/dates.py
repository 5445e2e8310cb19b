"""Dates of which year, or year and month, may be all that is known: ``1998``, ``1998-07``, ``1998-07-01``.

They are compared as text: one that is known in part counts as the first day of its year or month.
"""

import calendar
from datetime import date


def in_words(partial: str) -> str:
    """``1998-07`` as 1998年7月; what is no such date stays as it is."""
    parts = partial.split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) > 3 or len(parts[0]) != 4:
        return partial
    return "".join(f"{int(part)}{unit}" for part, unit in zip(parts, "年月日", strict=False))


def years_after(partial: str, years: int) -> str:
    """The same day, as exactly as it is known, so many years on."""
    year = int(partial[:4]) + years
    if partial[4:] == "-02-29" and not calendar.isleap(year):
        return f"{year:04}-02-28"
    return f"{year:04}{partial[4:]}"


def years_before(day: date, years: int) -> str:
    """Who was born or joined on or before this date (as text) is, or has been in, for ``years`` full years on ``day``."""
    return f"{day.year - years:04}-{day:%m-%d}"


def add_months(day: date, months: int) -> date:
    """The same day so many months later (earlier, if negative), or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
