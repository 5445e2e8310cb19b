"""What a committee must have to count as complete, and when its term ends: the rule is here and nowhere else.

* A branch or joint branch with fewer than 3 full members cannot stand alone: it should join a neighbour (党章第三十条).
* With 3 to 6 full members it has a secretary, and a deputy where that is wanted; with 7 or more a committee of 3 to 5
  people with a secretary, 7 at most.
* A general branch or committee has at least 3 people with a secretary.
* Party groups (党组) are appointed, and groups (党小组) have none: nothing is asked of them, nor of what is closed.

Seats are people: who holds two posts counts once. Members on probation cannot be elected and do not count.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils import timezone

from members.models import CommitteePost, Member, Organization

Kind = Organization.Kind
SOON = timedelta(days=90)
LEAST_MEMBERS = 3
COMMITTEE_FROM = 7
SEATS = (3, 5, 7)  # at least, as a rule at most, at most
WITH_COMMITTEE = (Kind.COMMITTEE, Kind.WORK_COMMITTEE, Kind.GENERAL_BRANCH, *Organization.BRANCH_KINDS)
# Years of a term (党章第三十条: 支部、总支三年, 党委三至五年); each election may say otherwise.
TERM_YEARS = {Kind.COMMITTEE: 5, Kind.WORK_COMMITTEE: 5}
USUAL_TERM = 3

GAPS = {
    "few-members": f"正式党员不足{LEAST_MEMBERS}人，应与邻近单位组成联合党支部",
    "nobody": "还没有登记班子成员",
    "no-secretary": "没有书记",
    "too-small": f"班子成员不足{SEATS[0]}人",
    "too-large": f"班子成员超过{SEATS[2]}人",
}


def term_years(kind: str) -> int:
    return TERM_YEARS.get(Kind(kind), USUAL_TERM)


def counted(rows: QuerySet[Any], what: Any) -> Coalesce:
    """How many there are of ``what`` among the rows of one organisation."""
    found = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=what).values("n")
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


def with_committee(organizations: QuerySet[Organization]) -> QuerySet[Organization]:
    """Each with ``full_members``, ``seats`` (people), ``has_secretary``, ``term_end`` (the earliest) and ``gap`` (a key of
    ``GAPS``, or empty)."""
    held = CommitteePost.objects.held().filter(organization=OuterRef("pk"))
    full = Member.objects.on_roll().filter(branch=OuterRef("pk"), status=Member.Status.FULL)
    person = Coalesce(Cast("member_id", CharField()), F("name"), output_field=CharField())
    term = held.order_by().annotate(one=Value(1)).values("one").annotate(end=Min("until")).values("end")
    return organizations.annotate(
        full_members=counted(full, Count("pk")),
        seats=counted(held, Count(person, distinct=True)),
        has_secretary=Exists(held.filter(title=CommitteePost.Title.SECRETARY)),
        term_end=Subquery(term, output_field=DateField()),
    ).annotate(gap=gap())


def gap() -> Case:
    """The first thing that is missing, as a key of ``GAPS``; empty where nothing is."""
    is_branch = Q(kind__in=Organization.BRANCH_KINDS)
    wants_committee = ~is_branch | Q(GreaterThanOrEqual(F("full_members"), COMMITTEE_FROM))
    return Case(
        When(~Q(kind__in=WITH_COMMITTEE) | Q(closed_on__isnull=False), then=Value("")),
        When(is_branch & Q(LessThan(F("full_members"), LEAST_MEMBERS)), then=Value("few-members")),
        When(seats=0, then=Value("nobody")),
        When(has_secretary=False, then=Value("no-secretary")),
        When(wants_committee & Q(seats__lt=SEATS[0]), then=Value("too-small")),
        When(is_branch & Q(seats__gt=SEATS[2]), then=Value("too-large")),
        default=Value(""),
        output_field=CharField(),
    )


def wanting(organizations: QuerySet[Organization], today: date, kind: str = "") -> QuerySet[Organization]:
    """Those with a gap (``gap``), an ended term (``over``), one that ends within 90 days (``soon``), or any (empty)."""
    over, soon = Q(term_end__lt=today), Q(term_end__gte=today, term_end__lte=today + SOON)
    conditions = {"gap": ~Q(gap=""), "over": over, "soon": soon}
    return with_committee(organizations.open()).filter(  # type: ignore[attr-defined]
        conditions.get(kind) or ~Q(gap="") | over | soon
    )


@dataclass(frozen=True)
class Standing:
    """Where one organisation's committee stands today."""

    full_members: int
    seats: int
    gap: str
    term_end: date | None

    @classmethod
    def of(cls, row: Any) -> "Standing":
        """From a row of ``with_committee``."""
        return cls(row.full_members, row.seats, row.gap, row.term_end)

    @property
    def gap_label(self) -> str:
        return GAPS.get(self.gap, "")

    @property
    def is_over(self) -> bool:
        return self.term_end is not None and self.term_end < timezone.localdate()

    @property
    def ends_soon(self) -> bool:
        today = timezone.localdate()
        return self.term_end is not None and today <= self.term_end <= today + SOON

    @property
    def is_fine(self) -> bool:
        return not (self.gap or self.is_over or self.ends_soon)


def standing_of(node: Organization) -> Standing | None:
    """Of one organisation; ``None`` where no committee is asked for. One query."""
    if node.kind not in WITH_COMMITTEE:
        return None
    return Standing.of(with_committee(Organization.objects.filter(pk=node.pk)).get())
