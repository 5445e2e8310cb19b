"""Who is reached: members and basic organisations, each counted from one definition (S2 三2: 覆盖面)."""

from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Substr
from django.db.models.query import QuerySet

from campaign.models import Campaign, Enrolment, Participation
from members.models import Member, Mobility, Organization


@dataclass(frozen=True)
class Coverage:
    """Persons: ``on_roll`` = ``taking_part`` + ``elsewhere`` + ``without_place``; ``lost`` lies across them.
    Organisations: open basic
    organisations, those enrolled, those started, those postponed."""

    on_roll: int = 0
    taking_part: int = 0
    elsewhere: int = 0
    lost: int = 0
    branches: int = 0
    enrolled: int = 0
    started: int = 0
    postponed: int = 0

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


def on_roll(node: Organization) -> QuerySet[Member]:
    """Members on the roll under ``node``."""
    return Member.objects.under(node).on_roll()


def taking_part(campaign: Campaign, node: Organization) -> QuerySet[Participation]:
    """Members on the roll under ``node`` who take part in the campaign now, wherever; one row each (a person takes
    part once)."""
    rows = Participation.objects.active().filter(campaign=campaign)
    return rows.filter(member__ended_on=None, member__branch__path__startswith=node.path)


def elsewhere(campaign: Campaign, node: Organization) -> QuerySet[Member]:
    """Members on the roll under ``node`` who live in another province and take part there (S0 四)."""
    away = Mobility.objects.filter(kind=Mobility.Kind.OUT_OF_PROVINCE, until=None).values("member")
    here = Participation.objects.active().filter(campaign=campaign, member=OuterRef("pk"))
    return on_roll(node).filter(pk__in=away).exclude(Exists(here))


def lost(node: Organization) -> QuerySet[Member]:
    """Members on the roll under ``node`` who are on the register of the lost (S2 三2)."""
    return on_roll(node).filter(pk__in=Mobility.objects.filter(kind=Mobility.Kind.LOST, until=None).values("member"))


def numbers(rows: QuerySet[Any], path: str, length: int) -> dict[str, int]:
    """How many rows per organisation whose path (``path`` leads there) has ``length`` characters."""
    cut = rows.annotate(at=Substr(path, 1, length)).order_by().values("at").annotate(n=Count("pk"))
    return dict(cut.values_list("at", "n"))


def coverage_by(campaign: Campaign, node: Organization, length: int) -> dict[str, Coverage]:
    """Coverage under ``node``, per organisation whose path has ``length`` characters (``len(node.path)``: of the node
    itself); five queries."""
    people = {
        "on_roll": numbers(on_roll(node), "branch__path", length),
        "taking_part": numbers(taking_part(campaign, node), "member__branch__path", length),
        "elsewhere": numbers(elsewhere(campaign, node), "branch__path", length),
        "lost": numbers(lost(node), "branch__path", length),
    }
    enrolment = Enrolment.objects.filter(campaign=campaign, organization=OuterRef("pk"))
    places = (
        Organization.objects.under(node)
        .branches()
        .open()
        .annotate(
            at=Substr("path", 1, length),
            is_enrolled=Exists(enrolment),
            is_started=Exists(enrolment.filter(started_on__isnull=False)),
            is_postponed=Exists(enrolment.filter(state=Enrolment.State.POSTPONED)),
        )
        .order_by()
        .values("at")
        .annotate(
            branches=Count("pk"),
            enrolled=Count("pk", filter=Q(is_enrolled=True)),
            started=Count("pk", filter=Q(is_started=True)),
            postponed=Count("pk", filter=Q(is_postponed=True)),
        )
    )
    found = {at: Coverage(**{name: per.get(at, 0) for name, per in people.items()}) for at in people["on_roll"]}
    for row in places:
        there = Coverage(
            branches=row["branches"], enrolled=row["enrolled"], started=row["started"], postponed=row["postponed"]
        )
        found[row["at"]] = found.get(row["at"], Coverage()) + there
    return found


def coverage_of(campaign: Campaign, node: Organization) -> Coverage:
    """Coverage of ``node`` with everything below it."""
    return coverage_by(campaign, node, len(node.path)).get(node.path, Coverage())
