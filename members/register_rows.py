"""Whom the registers list, and what their cells say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import DateField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from members.dates import add_months, in_words
from members.models import Member, MemberTag, Mobility, Organization, SearchAttempt
from members.models.member import GUEST, MemberQuerySet
from members.permissions import Permission
from members.scope import within

# Who floats and has not been heard of for longer than this is overdue.
CONTACT_MONTHS = 3
OUT = (Mobility.Kind.IN_CITY, Mobility.Kind.OUT_OF_PROVINCE)


@dataclass(frozen=True)
class Circle:
    """Everybody below ``node`` whose name ``user`` may see."""

    node: Organization
    user: Any

    def holds(self, path: str) -> Q:
        """Rows whose organisation lies there; plain prefixes, since a subquery beside another condition is never hashed."""
        return within(self.user.scopes(Permission.VIEW_NAMES), path) & Q(**{f"{path}__startswith": self.node.path})

    def either(self, one: Q, other: Q) -> Q:
        """Stretches of either kind; for a branch looked up apart, as a choice between two tables reads all that is open."""
        if not self.node.is_branch:
            return one | other
        pks = [Mobility.objects.filter(each).values("pk") for each in (one, other)]
        return Q(pk__in=pks[0].union(pks[1]))

    @property
    def members(self) -> MemberQuerySet:
        return Member.objects.filter(self.holds("branch__path")).on_roll()


def day(value: date | None) -> str:
    return f"{value.year}年{value.month}月{value.day}日" if value else ""


def last_contact(row: Mobility, today: date) -> str:
    said = day(row.last_contact) or "还没有联系记录"  # type: ignore[attr-defined]
    return f"{said}，已超过三个月" if is_silent(row, today) else said


def latest(row: Mobility) -> SearchAttempt | None:
    return next(iter(row.attempts.all()), None)


def tried(row: Mobility, today: date) -> str:
    last = latest(row)
    return f"{len(row.attempts.all())}次，最近{day(last.made_on)}{last.get_how_display()}" if last else "还没有查找"


def absences(whose: Q, kinds: Sequence[str]) -> QuerySet[Mobility]:
    """Stretches of these kinds, with the tries and the day of the last contact."""
    reached = SearchAttempt.objects.filter(mobility=OuterRef("pk"), reached=True).order_by("-made_on")
    rows = Mobility.objects.filter(whose, kind__in=kinds, member__ended_on=None).select_related(
        "member__branch", "host"
    )
    rows = rows.annotate(last_contact=Subquery(reached.values("made_on")[:1], output_field=DateField()))
    return rows.defer("member__identity", "member__phone").prefetch_related(
        Prefetch("attempts", SearchAttempt.objects.order_by("-made_on", "-pk"))
    )


def lost(of: Circle, show: str, today: date) -> QuerySet[Mobility]:
    rows = absences(of.holds("member__branch__path"), [Mobility.Kind.LOST])
    if show == "untried":
        return rows.filter(until=None, attempts=None)
    return rows.filter(until__isnull=show == "open")


def floating(of: Circle, show: str, today: date) -> QuerySet[Mobility]:
    """Members of the circle who are away or guests, and those of other branches who live at one of its own (``host``)."""
    own, guests = of.holds("member__branch__path"), of.holds("host__path")
    if show in OUT:
        rows = absences(own, [show])
    elif show == Mobility.Kind.INFLOW:
        found = absences(of.either(own & Q(kind=Mobility.Kind.INFLOW), guests), [*OUT, Mobility.Kind.INFLOW])
        rows = found.filter(GUEST)  # says nothing more, but names the index
    else:
        rows = absences(of.either(own, guests), [*OUT, Mobility.Kind.INFLOW])
    if show == "silent":
        heard = Coalesce("last_contact", "since", output_field=DateField())
        return rows.filter(until=None).annotate(heard=heard).filter(heard__lt=add_months(today, -CONTACT_MONTHS))
    return rows.filter(until__isnull=show != "ended")


def is_silent(row: Mobility, today: date) -> bool:
    """Away and not heard of for more than three months."""
    return not row.until and (row.last_contact or row.since) < add_months(today, -CONTACT_MONTHS)  # type: ignore[attr-defined]


def tagged(*kinds: str) -> Callable[[Circle, str, date], QuerySet[Member]]:
    """Members with one of the tags; ``show`` narrows to one of them, or to those whom nobody looks after."""

    def rows(of: Circle, show: str, today: date) -> QuerySet[Member]:
        wanted = [show] if show in kinds else kinds
        found = of.members.filter(pk__in=MemberTag.objects.filter(kind__in=wanted).values("member"))
        return found.filter(helper="") if show == "alone" else found

    return rows


def probationary(of: Circle, show: str, today: date) -> QuerySet[Member]:
    if show == "over":
        return of.members.probation_over(today)
    return of.members.filter(status=Member.Status.PROBATIONARY)


def is_over(row: Member, today: date) -> bool:
    ends = row.probation_ends
    return bool(ends) and ends <= str(today)


def probation_ends(row: Member, today: date) -> str:
    said = in_words(row.probation_ends) or "入党时间未填"
    return f"{said}，已满" if is_over(row, today) else said
