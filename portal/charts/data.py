"""What pictures are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Bar:
    """One requirement: how many have done it (``otherwise`` of them by another way), need not, and are asked, in ``unit`` (人, 个)."""

    label: str
    done: int
    waived: int
    total: int
    unit: str = ""
    otherwise: int = 0


@dataclass(frozen=True)
class Part:
    """One part of a whole; ``tone`` is ``dark``, ``middle``, ``hatched`` or ``pale``."""

    label: str
    number: int
    tone: str = "dark"


@dataclass(frozen=True)
class Span:
    """From one day to another (both included) in a state: ``done``, ``active`` or ``waiting``."""

    label: str
    starts_on: date
    ends_on: date
    state: str


@dataclass(frozen=True)
class TimeRow:
    """One line of a time line."""

    label: str
    spans: Sequence[Span]
    note: str = ""
