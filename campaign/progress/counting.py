"""What the records say: the one place where anything is counted. Everything else is kept from here (``campaign.progress.writing``)."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.db.models.query import QuerySet
from django.utils import timezone

from campaign.models import Enrolment, Participation, Requirement, Waiver
from portal import statements
from portal.indicators import Condition, Subject


def share(part: int, whole: int) -> int:
    """Whole percent, never rounded up; of nothing: 100."""
    return part * 100 // whole if whole else 100


@dataclass(frozen=True)
class Figures:
    """Done, waived and total of one requirement, in persons or organisations.

    ``otherwise`` is the part of ``done`` that took another route (送学上门). Read from ready rows, ``behind`` says in how many units
    something is missing, ``overdue`` how much of ``missing`` is past its last day, ``soon`` how much has it within a week.
    """

    done: int = 0
    waived: int = 0
    total: int = 0
    otherwise: int = 0
    behind: int = field(default=0, compare=False)
    overdue: int = field(default=0, compare=False)
    soon: int = field(default=0, compare=False)

    @property
    def missing(self) -> int:
        return self.total - self.done - self.waived

    @property
    def percent(self) -> int:
        """Done and waived out of the total, in whole percent; never rounded up to 100. Nothing asked of anyone: 100."""
        return share(self.done + self.waived, self.total)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.done + other.done,
            self.waived + other.waived,
            self.total + other.total,
            self.otherwise + other.otherwise,
            self.behind + other.behind,
            self.overdue + other.overdue,
            self.soon + other.soon,
        )


NOTHING = Figures()


def subjects(requirement: Requirement) -> QuerySet:
    """Rows of the requirement's audience: participations of people who take part now, or enrolments."""
    rows: QuerySet[Any]
    if requirement.subject == Subject.PERSON:
        rows = Participation.objects.filter(campaign=requirement.campaign_id).active()
    else:
        rows = Enrolment.objects.counted().filter(campaign=requirement.campaign_id)
    return rows.filter(requirement.concerns())


def is_done(requirement: Requirement) -> Condition:
    """The indicator's expression with the requirement's parameters."""
    return Q(requirement.indicator.condition(requirement.params))


def is_waived(requirement: Requirement) -> Exists:
    waivers = Waiver.objects.in_force().filter(requirement__in=requirement.family)
    if requirement.subject == Subject.PERSON:
        return Exists(waivers.filter(participation=OuterRef("pk")))
    return Exists(waivers.filter(enrolment=OuterRef("pk"), participation=None))


def unmet(requirement: Requirement) -> QuerySet:
    """Who or what still owes it: the rows of the audience that are neither done nor waived."""
    return subjects(requirement).exclude(is_done(requirement)).exclude(is_waived(requirement))


def tally(requirement: Requirement, enrolments: Collection[int]) -> QuerySet:
    """Rows ``(enrolment, outcome, requirement, n)``, read from the records."""
    person = requirement.subject == Subject.PERSON
    own = "enrolment_id" if person else "pk"
    done = is_done(requirement)
    # Who takes the other route and has done it counts as done, and is told apart.
    way: Any = Value("done")
    if person:
        way = Case(When(route=Participation.Route.ALTERNATIVE, then=Value("otherwise")), default=way)
    outcome = Case(
        When(done, then=way),
        When(is_waived(requirement), then=Value("waived")),
        default=Value("missing"),
    )
    return (
        subjects(requirement)
        .filter(**{f"{own}__in": enrolments})
        .annotate(counted_in=F(own), outcome=outcome, requirement=Value(requirement.pk, IntegerField()))
        .order_by()
        .values_list("counted_in", "outcome", "requirement")
        .annotate(n=Count("pk"))
    )


def figures_from(rows: Iterable[tuple[int, str, int, int]]) -> dict[tuple[int, int], Figures]:
    """Figures by (requirement, enrolment)."""
    figures: dict[tuple[int, int], Figures] = {}
    for enrolment, outcome, requirement, n in rows:
        other = n if outcome == "otherwise" else 0
        counted = Figures(n if outcome == "done" else other, n if outcome == "waived" else 0, n, other)
        known = figures.get((requirement, enrolment))
        figures[requirement, enrolment] = known + counted if known else counted
    return figures


def count(requirement: Requirement, enrolments: Collection[int]) -> dict[int, Figures]:
    """Figures of one requirement per enrolment."""
    return {
        enrolment: figures for (_, enrolment), figures in figures_from(tally(requirement, list(enrolments))).items()
    }


def count_all(requirements: Collection[Requirement], enrolment: int) -> dict[tuple[int, int], Figures]:
    """Figures of all requirements for one enrolment, in one statement that is kept for the day (indicators may speak of today)."""
    if not requirements:
        return {}
    key = ("tally", timezone.localdate(), *(identity(r) for r in requirements))
    return figures_from(
        statements.run(key, lambda: (tally(r, [statements.stand_in()]) for r in requirements), enrolment)
    )


def identity(requirement: Requirement) -> str:
    """Everything that its tally depends on."""
    r = requirement
    known: str | None = vars(r).get("identity")
    if known is None:
        known = json.dumps(
            [r.pk, r.campaign_id, r.indicator_code, r.audience_code, r.params, r.sectors, r.family], sort_keys=True
        )
        vars(r)["identity"] = known
    return known
