"""An indicator is one expression; dashboard, gate, reminder, late list and report are read from it and count nothing themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.db.models.expressions import Combinable

from portal.registry import Registry

Params = Mapping[str, Any]
Condition = Q | Combinable


class Subject(StrEnum):
    """Of whom a requirement is asked: ``PERSON`` = one row of Participation, ``ORGANIZATION`` = one row of Enrolment."""

    PERSON = "person"
    ORGANIZATION = "organization"


@dataclass(frozen=True)
class Parameter:
    """One number or list that a campaign may set on an indicator; a list takes its values out of ``choices``."""

    name: str
    label: str
    default: Any
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Indicator:
    """Whether one participation or enrolment has done what is asked.

    ``fulfilled(params)`` gives a boolean SQL expression over the queryset of the subject: a row of Participation offers ``member``
    and ``enrolment``, a row of Enrolment offers ``organization``. ``link(row)`` is the page where the row's owner does it;
    ``evidence(row)`` the page with the records that it is read from, for those who look after the row.
    """

    code: str
    label: str
    subject: Subject
    fulfilled: Callable[[Params], Condition]
    parameters: tuple[Parameter, ...] = field(default=())
    link: Callable[[Any], str] | None = None
    evidence: Callable[[Any], str] | None = None

    def condition(self, params: Params) -> Condition:
        """The expression with defaults filled in."""
        return self.fulfilled({p.name: p.default for p in self.parameters} | dict(params))


@dataclass(frozen=True)
class Audience:
    """To whom a requirement applies: a boolean SQL expression over the same rows as the indicator's."""

    code: str
    label: str
    subject: Subject
    applies: Callable[[], Condition]


indicators: Registry[Indicator] = Registry("indicator")
audiences: Registry[Audience] = Registry("audience")
