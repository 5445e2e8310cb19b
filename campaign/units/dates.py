"""Dates of batches and phases: proposals, and what is wrong with a proposal."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from members.dates import add_months

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """From one day to another, both included. ``name`` is what people call it."""

    name: str
    starts_on: date
    ends_on: date


def even(start: date, days: Sequence[int]) -> list[tuple[date, date]]:
    """Consecutive stretches of so many days each."""
    stretches = []
    for length in days:
        stretches.append((start, start + (length - 1) * DAY))
        start += length * DAY
    return stretches


def split(total: int, parts: int) -> list[int]:
    """``total`` days in ``parts`` nearly equal parts."""
    return [total * (n + 1) // parts - total * n // parts for n in range(parts)]


def propose(start: date, end: date, concentrated: Sequence[bool], months: int) -> list[tuple[date, date]]:
    """Even windows for consecutive phases (S0 四: 集中学习教育一般不少于3个月).

    Where that leaves the concentrated ones less than ``months`` together, the others give way, each keeping a day.
    """
    total = (end - start).days + 1
    days = split(total, len(concentrated))
    if total < len(concentrated):
        return [(start, end)] * len(concentrated)
    least = months * 31
    others = len(concentrated) - sum(concentrated)
    if (
        others
        and sum(concentrated)
        and sum(d for d, c in zip(days, concentrated, strict=True) if c) < least <= total - others
    ):
        long, short = split(least, sum(concentrated)), split(total - least, others)
        days = [long.pop() if c else short.pop() for c in concentrated]
    return even(start, days)


def too_short(stretches: Iterable[tuple[date, date]], months: int) -> bool:
    """Whether the concentrated phases together are shorter than ``months`` (S0 四); a warning, never a refusal."""
    known = sorted(stretches)
    if not known or not months:
        return False
    covered: set[date] = set()
    for start, end in known:
        covered |= {start + n * DAY for n in range((end - start).days + 1)}
    first = known[0][0]
    return len(covered) < (add_months(first, months) - first).days


def problems(outer: Stretch, inner: Sequence[Stretch], *, sequential: bool) -> list[tuple[int, str]]:
    """What is wrong with phases inside a batch or a unit's own time: position of the phase and a message."""
    found = []
    for position, each in enumerate(inner):
        before = inner[position - 1] if position else None
        if each.ends_on < each.starts_on:
            found.append((position, f"“{each.name}”的结束日期早于开始日期，请检查。"))
        elif each.starts_on < outer.starts_on or each.ends_on > outer.ends_on:
            found.append((position, f"“{each.name}”超出{outer.name}的起止日期（{outer.starts_on}至{outer.ends_on}）。"))
        elif sequential and before and each.starts_on <= before.ends_on:
            found.append(
                (
                    position,
                    f"“{each.name}”应在“{before.name}”结束（{before.ends_on}）之后开始；本次活动各阶段依次进行。",
                )
            )
    return found


def concentrated_numbers(settings: dict[str, object]) -> Collection[int]:
    """Numbers of the campaign's concentrated phases."""
    numbers = settings.get("concentrated", [])
    return numbers if isinstance(numbers, list) else []
