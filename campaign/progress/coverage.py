"""Who is reached: members and basic organisations, each counted from one definition (S2 三2: 覆盖面)."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from django.db.models import Count, Exists, F, Func, OuterRef, Q, Subquery
from django.db.models.functions import Substr
from django.db.models.query import QuerySet

from campaign.models import Campaign, Enrolment, Participation
from members.models import Member, Mobility, Organization
from members.scope import within

SHOWN = 100


@dataclass(frozen=True)
class Coverage:
    """Persons: ``on_roll`` = ``taking_part`` + ``elsewhere`` + ``without_place``; ``lost`` lies across them.
    Organisations: ``branches`` are the open basic ones; of these those enrolled, started, postponed, finished."""

    on_roll: int = 0
    taking_part: int = 0
    elsewhere: int = 0
    lost: int = 0
    branches: int = 0
    enrolled: int = 0
    started: int = 0
    postponed: int = 0
    finished: int = 0

    @property
    def without_place(self) -> int:
        return self.on_roll - self.taking_part - self.elsewhere

    @property
    def share(self) -> float | None:
        """Taking part here or elsewhere, in percent of the roll, cut to one decimal; ``None`` where nobody is on the
        roll."""
        return (self.taking_part + self.elsewhere) * 1000 // self.on_roll / 10 if self.on_roll else None

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


# A subtree, or some branches by id.
Where = Organization | Collection[int]


def at(where: Where, prefix: str) -> Q:
    """Rows whose organisation (``prefix`` leads there) lies in the subtree or is one of the branches."""
    if isinstance(where, Organization):
        return Q(**{f"{prefix}__path__startswith" if prefix else "path__startswith": where.path})
    return Q(**{f"{prefix}__in" if prefix else "pk__in": list(where)})


def on_roll(where: Where) -> QuerySet[Member]:
    """Members on the roll there."""
    return Member.objects.filter(at(where, "branch")).on_roll()


def taking_part(campaign: Campaign, where: Where) -> QuerySet[Participation]:
    """Members on the roll there who take part in the campaign now, wherever; one row each (a person takes part once)."""
    rows = Participation.objects.active().filter(campaign=campaign)
    return rows.filter(at(where, "member__branch"), member__ended_on=None)


def absent(campaign: Campaign, members: QuerySet[Member]) -> QuerySet[Member]:
    """Those of ``members`` (on the roll) who take part in no unit of the campaign: ``elsewhere`` or ``without_place``."""
    return members.exclude(Exists(Participation.objects.active().filter(campaign=campaign, member=OuterRef("pk"))))


def elsewhere(campaign: Campaign, where: Where) -> QuerySet[Member]:
    """Members on the roll there who live in another province and take part there (S0 四)."""
    return absent(campaign, on_roll(where).filter(pk__in=Mobility.objects.out_of_reach().values("member")))


def without_place(campaign: Campaign, where: Where) -> QuerySet[Member]:
    """Members on the roll there who take part neither here nor elsewhere."""
    return absent(campaign, on_roll(where).exclude(pk__in=Mobility.objects.out_of_reach().values("member")))


def lost(where: Where) -> QuerySet[Member]:
    """Members on the roll there who are on the register of the lost (S2 三2)."""
    return on_roll(where).filter(pk__in=Mobility.objects.filter(kind=Mobility.Kind.LOST, until=None).values("member"))


def basic(where: Where) -> QuerySet[Organization]:
    """Open basic organisations there, in tree order: each belongs in a batch."""
    found: QuerySet[Organization] = Organization.objects.filter(at(where, "")).branches().open()
    return found


def enrolment_in(campaign: Campaign) -> QuerySet[Enrolment]:
    """The enrolment of the organisation of the outer query."""
    return Enrolment.objects.filter(campaign=campaign, organization=OuterRef("pk"))


def without_batch(campaign: Campaign, branches: QuerySet[Organization]) -> QuerySet[Organization]:
    """Those of ``branches`` that are in no batch of the campaign yet."""
    return branches.exclude(Exists(enrolment_in(campaign)))


def numbers(rows: QuerySet[Any], key: Any) -> dict[Any, int]:
    """How many rows per ``key``."""
    return dict(rows.annotate(at=key).order_by().values("at").annotate(n=Count("pk")).values_list("at", "n"))


def count_by(campaign: Campaign, where: Where, cut: Callable[[str], Any]) -> dict[Any, Coverage]:
    """Coverage counted from the records, per what ``cut(prefix)`` makes of the organisation to which ``prefix`` leads: the one
    definition, in five queries."""
    people = {
        "on_roll": numbers(on_roll(where), cut("branch")),
        "taking_part": numbers(taking_part(campaign, where), cut("member__branch")),
        "elsewhere": numbers(elsewhere(campaign, where), cut("branch")),
        "lost": numbers(lost(where), cut("branch")),
    }
    enrolment = enrolment_in(campaign)
    places = (
        basic(where)
        .annotate(
            at=cut(""),
            is_enrolled=Exists(enrolment),
            is_started=Exists(enrolment.filter(started_on__isnull=False)),
            is_postponed=Exists(enrolment.filter(state=Enrolment.State.POSTPONED)),
            is_finished=Exists(enrolment.filter(state=Enrolment.State.FINISHED)),
        )
        .order_by()
        .values("at")
        .annotate(
            branches=Count("pk"),
            enrolled=Count("pk", filter=Q(is_enrolled=True)),
            started=Count("pk", filter=Q(is_started=True)),
            postponed=Count("pk", filter=Q(is_postponed=True)),
            finished=Count("pk", filter=Q(is_finished=True)),
        )
    )
    found = {at: Coverage(**{name: per.get(at, 0) for name, per in people.items()}) for at in people["on_roll"]}
    for row in places:
        there = Coverage(**{name: row[name] for name in ("branches", "enrolled", "started", "postponed", "finished")})
        found[row["at"]] = found.get(row["at"], Coverage()) + there
    return found


def count_coverage(campaign: Campaign, node: Organization) -> Coverage:
    """Coverage of ``node`` with everything below it, counted from the records."""
    length = len(node.path)
    found = count_by(campaign, node, lambda prefix: Substr(f"{prefix}__path" if prefix else "path", 1, length))
    return found.get(node.path, Coverage())


def reach_of(campaign: Campaign, branches: Collection[int]) -> dict[int, tuple[int, ...]]:
    """What the ready rows of these branches should say (the fields of ``Coverage``)."""
    found = count_by(campaign, branches, lambda prefix: F(f"{prefix}_id" if prefix else "pk"))
    return {pk: astuple(found.get(pk, Coverage())) for pk in branches}


@dataclass(frozen=True)
class Unplaced:
    """Who is still to be placed: branches in no batch, members of the others who take part in no unit; how many, and
    the first of each by name."""

    branches: int
    first_branches: list[Organization]
    members: int
    first_members: list[dict[str, Any]]

    @property
    def more_branches(self) -> int:
        return self.branches - len(self.first_branches)

    @property
    def more_members(self) -> int:
        return self.members - len(self.first_members)


def unplaced(campaign: Campaign, paths: Iterable[str], *, named: Iterable[str]) -> Unplaced:
    """Inside the subtrees ``paths`` of the campaign; members come by name inside the ``named`` subtrees only.

    Members of branches in no batch are left out: they get their place together with their branch.
    """
    branches = basic(campaign.organization).filter(within(paths))
    waiting = without_batch(campaign, branches)
    enrolled = branches.filter(Exists(enrolment_in(campaign)))
    people = absent(campaign, Member.objects.on_roll().filter(branch__in=enrolled.order_by()))
    shown = people.filter(within(named, "branch__path")).select_related("branch").order_by("branch__path", "pk")
    return Unplaced(waiting.count(), list(waiting[:SHOWN]), people.count(), with_reasons(list(shown[:SHOWN])))


def with_reasons(people: Sequence[Member]) -> list[dict[str, Any]]:
    """Why each takes part in no unit, in one query."""
    away = dict(Mobility.objects.out_of_reach().filter(member__in=people).values_list("member_id", "place"))
    return [{"member": member, "reason": reason(away.get(member.pk))} for member in people]


def reason(place: str | None) -> str:
    """In words, from the place in another province (``None``: not there)."""
    if place is None:
        return "没有参加记录，请核对名册"
    return f"流出外省市{f'（{place}）' if place else ''}，应在流入地参加，请联系落实"


def placed(campaign: Campaign, units: Sequence[Organization]) -> list[dict[str, Any]]:
    """Each unit, in tree order, with how many basic organisations it has, how many have a place and how many have none
    (``total`` = ``placed`` + ``left``), and its own enrolment."""
    below = Organization.objects.branches().open().filter(path__startswith=OuterRef("path"))
    total, left = counted(below), counted(without_batch(campaign, below))
    own = {e.organization_id: e for e in campaign.enrolments.filter(organization__in=units).select_related("batch")}
    return [
        {
            "unit": unit,
            "total": unit.total or 0,
            "placed": (unit.total or 0) - (unit.left or 0),
            "left": unit.left or 0,
            "enrolment": own.get(unit.pk),
        }
        for unit in Organization.objects.filter(pk__in=[u.pk for u in units]).annotate(total=total, left=left)
    ]


def counted(rows: QuerySet[Any]) -> Subquery:
    """How many rows of a correlated queryset."""
    return Subquery(rows.order_by().annotate(rows=Func(F("pk"), function="COUNT")).values("rows"))
