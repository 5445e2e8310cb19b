"""The numbers of a figure by name: what each means over ready rows, and over the records that it counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from campaign.audiences import tagged
from campaign.models import Participation, Requirement
from campaign.progress.counting import Figures, is_done, is_waived, subjects, unmet
from campaign.progress.ready import SOON_DAYS
from members.models import Member, MemberTag, Organization
from portal.indicators import Condition, Subject, audiences

# Stands for «no 领域 is given» in an address.
NO_SECTOR = "none"


@dataclass(frozen=True)
class Outcome:
    """One number of a figure. ``ready`` finds the units' ready rows in which it is above nothing, ``number`` is its name there (an
    expression over the row), ``records`` are what it counts."""

    code: str
    label: str
    ready: Callable[[], Q]
    number: Any
    records: Callable[[Requirement], QuerySet[Any]]
    of: Callable[[Figures], int]


MISSING = F("total") - F("done") - F("waived")


def finished(requirement: Requirement) -> QuerySet[Any]:
    return subjects(requirement).filter(is_done(requirement))


def otherwise(requirement: Requirement) -> QuerySet[Any]:
    """Done by another route; nobody where organisations are asked."""
    if requirement.subject != Subject.PERSON:
        return subjects(requirement).none()
    return finished(requirement).filter(route=Participation.Route.ALTERNATIVE)


def waived(requirement: Requirement) -> QuerySet[Any]:
    return subjects(requirement).filter(is_waived(requirement)).exclude(is_done(requirement))


def settled(requirement: Requirement) -> QuerySet[Any]:
    return subjects(requirement).filter(Q(is_done(requirement)) | Q(is_waived(requirement)))


def is_overdue() -> Q:
    return Q(behind=1, due_on__lt=timezone.localdate())


def is_soon() -> Q:
    today = timezone.localdate()
    return Q(behind=1, due_on__gte=today, due_on__lte=today + timedelta(SOON_DAYS))


OUTCOMES = {
    each.code: each
    for each in (
        Outcome("missing", "未完成", lambda: Q(behind=1), MISSING, unmet, lambda f: f.missing),
        Outcome("overdue", "未完成且已过期限", is_overdue, MISSING, unmet, lambda f: f.overdue),
        Outcome("soon", f"未完成且{SOON_DAYS}天内到期", is_soon, MISSING, unmet, lambda f: f.soon),
        Outcome(
            "settled",
            "完成或免除",
            lambda: Q(total__gt=0),
            F("done") + F("waived"),
            settled,
            lambda f: f.done + f.waived,
        ),
        Outcome("done", "完成", lambda: Q(done__gt=0), F("done"), finished, lambda f: f.done),
        Outcome(
            "otherwise", "以灵活方式完成", lambda: Q(otherwise__gt=0), F("otherwise"), otherwise, lambda f: f.otherwise
        ),
        Outcome("waived", "免除", lambda: Q(waived__gt=0), F("waived"), waived, lambda f: f.waived),
        Outcome("total", "应完成", lambda: Q(total__gt=0), F("total"), subjects, lambda f: f.total),
    )
}


@dataclass(frozen=True)
class Category:
    """A kind of member (they overlap); ``condition`` is over participations."""

    code: str
    label: str
    condition: Callable[[], Condition]


CATEGORIES = {
    each.code: each
    for each in (
        Category("full", "正式党员", lambda: Q(member__status=Member.Status.FULL)),
        Category("probationary", "预备党员", lambda: Q(member__status=Member.Status.PROBATIONARY)),
        Category("floating", "流动党员", lambda: audiences["floating"].applies()),
        Category("leader", "领导干部", lambda: tagged(MemberTag.Kind.LEADER)),
        Category("retired", "离退休", lambda: tagged(MemberTag.Kind.RETIRED)),
        Category("laid-off", "下岗失业", lambda: tagged(MemberTag.Kind.LAID_OFF)),
        Category("frail", "年老体弱", lambda: tagged(MemberTag.Kind.FRAIL)),
        Category("student", "学生", lambda: tagged(MemberTag.Kind.STUDENT)),
    )
}
SECTORS: dict[str, str] = {code: str(label) for code, label in Organization.Sector.choices} | {NO_SECTOR: "未填领域"}


@dataclass(frozen=True)
class Wanted:
    """Which records of a requirement: the number, and what narrows it. ``by_unit``: the units with their numbers instead of records."""

    outcome: Outcome = OUTCOMES["missing"]
    sector: str = ""
    category: str = ""
    by_unit: bool = False

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Wanted":
        """Out of a query string; what makes no sense is left aside."""
        sector, category = given.get("sector", ""), given.get("category", "")
        return cls(
            OUTCOMES.get(given.get("what", ""), OUTCOMES["missing"]),
            sector if sector in SECTORS else "",
            category if category in CATEGORIES else "",
            given.get("by") == "unit",
        )

    def without_category(self) -> "Wanted":
        return replace(self, category="")

    @property
    def query(self) -> dict[str, str]:
        found = {"what": self.outcome.code, "sector": self.sector, "category": self.category}
        return {name: value for name, value in found.items() if value} | ({"by": "unit"} if self.by_unit else {})

    @property
    def said(self) -> str:
        """What narrows it, in words."""
        parts = [SECTORS.get(self.sector, ""), CATEGORIES[self.category].label if self.category else ""]
        return "、".join(part for part in parts if part)

    def in_sector(self, prefix: str) -> Q:
        """Rows whose organisation (``prefix`` leads there) is of the 领域."""
        if not self.sector:
            return Q()
        return Q(**{f"{prefix}__sector": "" if self.sector == NO_SECTOR else self.sector})

    def records(self, requirement: Requirement) -> QuerySet[Any]:
        """What is counted, in the category."""
        rows = self.outcome.records(requirement)
        return rows.filter(CATEGORIES[self.category].condition()) if self.category else rows
