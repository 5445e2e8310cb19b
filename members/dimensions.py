"""By what members can be divided: one SQL expression per dimension, in one place.

A date that is known in part counts as the first day of its year or month; what is not known has a category of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.expressions import Combinable

from members.dates import years_before
from members.models import Member, MemberTag, Mobility, Occupation, Organization
from portal.registry import Registry

UNKNOWN = ""
Parts = Sequence[tuple[Q, Combinable]]


@dataclass(frozen=True)
class Dimension:
    """One way to divide members. ``parts(day)`` gives pairs of a condition and the expression that names the category of those who
    fit it; one pair that fits everybody divides the roll, several let a member stand in several categories (``overlaps``).
    Of many categories only those that occur are shown, and those in ``always``.

    ``categories`` are codes and labels in their order; without any, what is found is listed. The code ``""`` is the unknown.
    """

    code: str
    label: str
    parts: Callable[[date], Parts]
    categories: Sequence[tuple[str, str]] = ()
    overlaps: bool = False
    always: frozenset[str] = frozenset()
    unknown: str = "未填"


def by_expression(expression: Combinable) -> Callable[[date], Parts]:
    """Everybody by an expression that is the same on every day."""
    return lambda day: [(Q(), expression)]


def by_field(name: str) -> Callable[[date], Parts]:
    return by_expression(F(name))


def case(*branches: When, default: str) -> Case:
    return Case(*branches, default=Value(default), output_field=CharField())


AGES = [(60, "60岁及以上"), (55, "55至59岁"), (46, "46至54岁"), (36, "36至45岁"), (31, "31至35岁"), (0, "30岁及以下")]


def age_band(day: date) -> Case:
    """The band of full years of age on ``day``."""
    bands = (When(born__lte=years_before(day, age), then=Value(str(age))) for age, _ in AGES[:-1])
    return case(When(born="", then=Value(UNKNOWN)), *bands, default="0")


def by_age(day: date) -> Parts:
    return [(Q(), age_band(day))]


# A period ends before the next one begins; January is left out, since «1979» alone counts as its first day.
PERIODS = [
    ("1949-10", "1949年9月及以前"), ("1966-05", "1949年10月至1966年4月"), ("1976-11", "1966年5月至1976年10月"),
    ("1979", "1976年11月至1978年12月"), ("2002-11", "1979年1月至2002年10月"), ("2012-11", "2002年11月至2012年10月"),
    ("later", "2012年11月及以后"),
]  # fmt: skip


def by_joining(day: date) -> Parts:
    bands = (When(joined__lt=end, then=Value(end)) for end, _ in PERIODS[:-1])
    return [(Q(), case(When(joined="", then=Value(UNKNOWN)), *bands, default="later"))]


# Years of membership are counted from the day of becoming a full member; candidates have none yet.
SENIORITY = [
    (50, "50年及以上"), (40, "40至49年"), (30, "30至39年"), (20, "20至29年"), (10, "10至19年"), (5, "5至9年"), (0, "不满5年"),
]  # fmt: skip
CANDIDATE = "candidate"


def by_seniority(day: date) -> Parts:
    """The band of full years since ``confirmed`` on ``day``."""
    bands = (When(confirmed__lte=years_before(day, years), then=Value(str(years))) for years, _ in SENIORITY[:-1])
    candidate = When(status=Member.Status.PROBATIONARY, then=Value(CANDIDATE))
    return [(Q(), case(candidate, When(confirmed="", then=Value(UNKNOWN)), *bands, default="0"))]


# What stands in the roll is free text; the first line with a word that occurs in it decides.
LEVELS = [
    ("graduate", "研究生", ("研究生", "博士", "硕士")),
    ("secondary", "中专", ("中专", "中等专", "中师", "中技", "技校")),
    ("college", "大学专科", ("大专", "专科", "高职")),
    ("bachelor", "大学本科", ("本科", "大学", "学士")),
    ("high", "高中", ("高中", "职高")),
    ("basic", "初中及以下", ("初中", "小学", "文盲", "识字")),
]


def by_education(day: date) -> Parts:
    bands = []
    for code, _, words in LEVELS:
        condition = Q()
        for word in words:
            condition |= Q(education__contains=word)
        bands.append(When(condition, then=Value(code)))
    return [(Q(), case(When(education="", then=Value(UNKNOWN)), *bands, default="other"))]


def by_minority(day: date) -> Parts:
    unknown = When(ethnicity="", then=Value(UNKNOWN))
    return [(Q(), case(unknown, When(ethnicity__in=["汉", "汉族"], then=Value("han")), default="minority"))]


def by_ethnicity(day: date) -> Parts:
    return [(Q(), Case(When(ethnicity="汉", then=Value("汉族")), default=F("ethnicity"), output_field=CharField()))]


def by_trait(day: date) -> Parts:
    """Tags, and where members are now: being lost or away is a trait like others."""
    away = Q(mobilities__until=None, mobilities__isnull=False)
    return [(Q(tags__isnull=False), F("tags__kind")), (away, F("mobilities__kind"))]


EDUCATION = ("graduate", "bachelor", "college", "secondary", "high", "basic")
LEVEL_LABELS = {code: label for code, label, _ in LEVELS}

dimensions: Registry[Dimension] = Registry("dimension of the member statistics")
for each in (
    Dimension("sex", "性别", by_field("sex"), [(s.value, str(s.label)) for s in Member.Sex]),
    Dimension("minority", "民族", by_minority, [("han", "汉族"), ("minority", "少数民族")]),
    Dimension("ethnicity", "各民族", by_ethnicity),
    Dimension("age", "年龄", by_age, [(str(age), label) for age, label in reversed(AGES)]),
    Dimension("education", "学历", by_education, [*((c, LEVEL_LABELS[c]) for c in EDUCATION), ("other", "其他")]),
    Dimension("occupation", "职业", by_field("occupation"), [(o.value, str(o.label)) for o in Occupation]),
    Dimension("joined", "入党时间", by_joining, PERIODS),
    Dimension(
        "seniority",
        "党龄",
        by_seniority,
        [*((str(years), label) for years, label in reversed(SENIORITY)), (CANDIDATE, "预备党员")],
        unknown="转正时间未填",
    ),
    Dimension("status", "党员类别", by_field("status"), [(s.value, str(s.label)) for s in Member.Status]),
    Dimension(
        "sector", "所在支部领域", by_field("branch__sector"), [(s.value, str(s.label)) for s in Organization.Sector]
    ),
    Dimension(
        "trait",
        "标签和流动",
        by_trait,
        [(kind.value, str(kind.label)) for kind in (*MemberTag.Kind, *Mobility.Kind)],
        overlaps=True,
    ),
):
    dimensions.register(each)
