"""Who is reached: members and basic organisations, each counted from one definition (S2 三2: 覆盖面)."""

from dataclasses import dataclass, fields

from django.db.models import Case, Count, Exists, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Substr

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


def takes_part(campaign: Campaign) -> Exists:
    """A member who takes part in the campaign now, wherever."""
    return Exists(Participation.objects.active().filter(campaign=campaign, member=OuterRef("pk")))


def is_away() -> Exists:
    """A member who lives in another province and takes part there (S0 四)."""
    return Exists(Mobility.objects.filter(member=OuterRef("pk"), kind=Mobility.Kind.OUT_OF_PROVINCE, until=None))


def is_lost() -> Exists:
    """A member on the register of the lost (S2 三2)."""
    return Exists(Mobility.objects.filter(member=OuterRef("pk"), kind=Mobility.Kind.LOST, until=None))


def standing(campaign: Campaign) -> Combinable:
    """``here``, ``elsewhere`` or ``nowhere`` for a member on the roll."""
    return Case(
        When(takes_part(campaign), then=Value("here")),
        When(is_away(), then=Value("elsewhere")),
        default=Value("nowhere"),
    )


def coverage_by(campaign: Campaign, node: Organization, length: int) -> dict[str, Coverage]:
    """Coverage under ``node``, per organisation whose path has ``length`` characters (``len(node.path)``: of the node
    itself); two queries."""
    people = (
        Member.objects.under(node)
        .on_roll()
        .annotate(at=Substr("branch__path", 1, length), standing=standing(campaign), lost=is_lost())
        .order_by()
        .values("at")
        .annotate(
            on_roll=Count("pk"),
            taking_part=Count("pk", filter=Q(standing="here")),
            elsewhere=Count("pk", filter=Q(standing="elsewhere")),
            lost_count=Count("pk", filter=Q(lost=True)),
        )
    )
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
    found: dict[str, Coverage] = {}
    for row in people:
        found[row["at"]] = Coverage(row["on_roll"], row["taking_part"], row["elsewhere"], row["lost_count"])
    for row in places:
        there = Coverage(
            branches=row["branches"], enrolled=row["enrolled"], started=row["started"], postponed=row["postponed"]
        )
        found[row["at"]] = found.get(row["at"], Coverage()) + there
    return found


def coverage_of(campaign: Campaign, node: Organization) -> Coverage:
    """Coverage of ``node`` with everything below it."""
    return coverage_by(campaign, node, len(node.path)).get(node.path, Coverage())
