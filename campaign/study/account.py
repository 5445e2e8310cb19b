"""The account of study of people in one calendar year, wherever it was recorded; read from the same records as the indicators."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import ExtractYear
from django.utils import timezone

from campaign.models import (
    Attendance,
    Enrolment,
    Participation,
    Progress,
    Reading,
    Requirement,
    SelfStudy,
    StudyNote,
    StudySession,
    Training,
)
from campaign.study.records import DAY_HOURS
from members.models import Member, Organization

STUDY_DAYS = "study-days"


@dataclass
class Account:
    """One person's year. Minutes and times count what was attended or made up; ``by_form`` gives (times, minutes) per form."""

    by_form: dict[str, tuple[int, int]] = field(default_factory=dict)
    missed: int = 0
    made_up: int = 0
    self_minutes: int = 0
    trainings: int = 0
    training_days: Decimal = Decimal(0)
    training_hours: Decimal = Decimal(0)
    readings: int = 0
    notes: int = 0

    @property
    def times(self) -> int:
        return sum(times for times, _ in self.by_form.values())

    @property
    def minutes(self) -> int:
        return sum(minutes for _, minutes in self.by_form.values())

    @property
    def hours(self) -> str:
        """Hours in company, to one decimal."""
        return in_hours(self.minutes)

    @property
    def self_hours(self) -> str:
        return in_hours(self.self_minutes)

    @property
    def all_hours(self) -> str:
        """In company, alone and in training."""
        return in_hours(self.minutes + self.self_minutes + int(self.training_hours * 60))

    @property
    def forms(self) -> list[tuple[str, int, str]]:
        """(form, times, hours), in the order of the forms; those that occurred."""
        return [
            (str(form.label), self.by_form[form][0], in_hours(self.by_form[form][1]))
            for form in StudySession.Form
            if form in self.by_form
        ]

    def collective_days(self, day_hours: int) -> Decimal:
        """Days of collective education with training (S4 三(四)), cut to one decimal: never more than there were."""
        there = sum(minutes for form, (_, minutes) in self.by_form.items() if form in StudySession.COLLECTIVE_FORMS)
        return (Decimal(there) / (day_hours * 60) + self.training_days).quantize(Decimal("0.1"), rounding="ROUND_DOWN")


def in_hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class DayRule:
    """How many days are asked for, and how many hours make one; ``days`` is 0 where no campaign asks."""

    days: int = 0
    day_hours: int = DAY_HOURS

    def met(self, days: Decimal) -> bool:
        return bool(self.days) and days >= self.days


def day_requirements(year: int) -> Any:
    """What campaigns of that year ask in days."""
    asked = Requirement.objects.in_force().filter(indicator_code=STUDY_DAYS)
    return asked.filter(campaign__starts_on__year__lte=year, campaign__ends_on__year__gte=year).exclude(
        campaign__state="draft"
    )


def rule_for(organization: Organization, year: int) -> DayRule:
    """What is asked of people of this organisation; of several campaigns the latest one's word."""
    rows = day_requirements(year).select_related("campaign__organization").order_by("-campaign__starts_on", "number")
    for requirement in rows:
        inside = organization.path.startswith(requirement.campaign.organization.path)
        if inside and (not requirement.sectors or organization.sector in requirement.sectors):
            values = {p.name: p.default for p in requirement.indicator.parameters} | requirement.params
            return DayRule(int(values["days"]), int(values["day_hours"]))
    return DayRule()


def bounds(year: int) -> tuple[datetime, datetime]:
    """From the beginning of the year until that of the next."""
    first, after = (timezone.make_aware(datetime(y, 1, 1)) for y in (year, year + 1))
    return first, after


def notes_in(enrolment: Enrolment) -> int:
    """How many notes there are in a unit, whoever may read them."""
    return StudyNote.objects.filter(participation__enrolment=enrolment).count()


def entries(member: Member, year: int) -> dict[str, Any]:
    """The records behind the numbers, the latest first."""
    begin, end = bounds(year)
    rows = Attendance.objects.filter(participation__member=member)
    attended = rows.filter(session__held_at__gte=begin, session__held_at__lt=end)
    alone = SelfStudy.objects.filter(participation__member=member, on__year=year)
    return {
        "attendances": attended.select_related("session", "make_up").order_by("-session__held_at")[:200],
        "trainings": member.trainings.filter(ends_on__year__gte=year - 2, ends_on__year__lte=year),
        "self_studies": alone.select_related("material")[:100],
        "note_titles": StudyNote.objects.filter(participation__member=member, written_on__year=year).count(),
        "participations": member.participations.select_related("campaign")[:5],
    }


def accounts(members: Collection[int], year: int) -> dict[int, Account]:
    """Accounts by member; six queries, however many they are."""
    found = {pk: Account() for pk in members}
    begin, end = bounds(year)
    first, last = date(year, 1, 1), date(year, 12, 31)
    held = Attendance.objects.filter(
        participation__member__in=members, session__held_at__gte=begin, session__held_at__lt=end
    ).order_by()
    rows = held.counted().values("participation__member", "session__form")
    for row in rows.annotate(n=Count("pk"), minutes=Sum("session__minutes_long")):
        found[row["participation__member"]].by_form[row["session__form"]] = (row["n"], row["minutes"])
    missed = held.filter(state__in=Attendance.MISSED_STATES)
    made_up = Count("pk", filter=Q(make_up__isnull=False))
    owing = dict(held.owed().values_list("participation__member").annotate(n=Count("pk")))
    for pk, number in missed.values_list("participation__member").annotate(made_up=made_up):
        found[pk].made_up, found[pk].missed = number, owing.get(pk, 0)
    alone = SelfStudy.objects.filter(participation__member__in=members, on__range=(first, last)).order_by()
    for pk, minutes in alone.values_list("participation__member").annotate(n=Sum("minutes")):
        found[pk].self_minutes = minutes
    trained = Training.objects.filter(member__in=members, ends_on__range=(first, last)).order_by()
    for pk, number, days, hours in trained.values_list("member").annotate(n=Count("pk"), d=Sum("days"), h=Sum("hours")):
        found[pk].trainings, found[pk].training_days, found[pk].training_hours = number, days, hours
    read = Reading.objects.filter(participation__member__in=members, at__gte=begin, at__lt=end).order_by()
    for pk, number in read.values_list("participation__member").annotate(n=Count("pk")):
        found[pk].readings = number
    notes = StudyNote.objects.filter(participation__member__in=members, written_on__range=(first, last)).order_by()
    for pk, number in notes.values_list("participation__member").annotate(n=Count("pk")):
        found[pk].notes = number
    return found


def years_of(members: Collection[int]) -> list[int]:
    """Years in which something may be on record, this one first."""
    this = timezone.localdate().year
    taking_part = Participation.objects.filter(member__in=members)
    seen = taking_part.annotate(year=ExtractYear("joined_on")).values_list("year", flat=True).order_by().distinct()
    return list(range(this, min([this, *seen]) - 1, -1))


@dataclass
class SectorLine:
    """People of one 领域 of whom days are asked: how many, fulfilled, excused; from the ready figures."""

    label: str
    days: str
    total: int
    done: int
    waived: int

    @property
    def missing(self) -> int:
        return self.total - self.done - self.waived

    @property
    def percent(self) -> int:
        """Fulfilled or excused, in whole percent, cut."""
        return (self.done + self.waived) * 100 // self.total if self.total else 100


def sector_lines(node: Organization, year: int, campaigns: Any) -> list[SectorLine]:
    """By 领域, in their order; the sum of ready rows of the units under the node, nobody is counted anew."""
    asked = {r.pk: r for r in day_requirements(year).filter(campaign__in=campaigns)}
    rows = Progress.objects.filter(
        requirement__in=list(asked), kind=Progress.Kind.BRANCH, path__startswith=node.path, total__gt=0
    )
    labels = {"": "未填领域"} | dict(Organization.Sector.choices)
    found: dict[str, SectorLine] = {}
    sums = rows.order_by().values("organization__sector", "requirement")
    for row in sums.annotate(t=Sum("total"), d=Sum("done"), w=Sum("waived")):
        sector, params = row["organization__sector"], asked[row["requirement"]].params
        line = found.setdefault(sector, SectorLine(str(labels.get(sector, sector)), "", 0, 0, 0))
        line.days = "、".join(dict.fromkeys([*filter(None, line.days.split("、")), str(params.get("days", 12))]))
        line.total, line.done, line.waived = line.total + row["t"], line.done + row["d"], line.waived + row["w"]
    order = list(labels)
    return [found[sector] for sector in sorted(found, key=order.index)]
