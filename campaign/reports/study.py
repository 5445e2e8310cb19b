"""The study table: sessions by form, hours, attendance, make-ups; from the records, in a fixed number of queries."""

from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import TruncDate
from django.db.models.query import QuerySet

from campaign.models import Attendance, Campaign, Phase, PhaseRun, StudySession
from members.models import Organization


@dataclass(frozen=True)
class StudyLine:
    """Sessions of one form: how many, minutes in all, expected attendances, of these present, missed, made up,
    exempt."""

    label: str
    sessions: int = 0
    minutes: int = 0
    expected: int = 0
    present: int = 0
    missed: int = 0
    made_up: int = 0
    exempt: int = 0

    @property
    def hours(self) -> float:
        """Hours, to one decimal."""
        return round(self.minutes / 60, 1)

    @property
    def percent(self) -> int | None:
        """Present or made up out of those expected and not exempt, in whole percent (cut); ``None`` where nobody was
        expected."""
        due = self.expected - self.exempt
        return (self.present + self.made_up) * 100 // due if due else None


def sessions_of(campaign: Campaign, node: Organization, phase: Phase | None) -> QuerySet[StudySession]:
    """Sessions under ``node``; of a phase: those held between the first and last day of their own organisation's
    phase."""
    rows = StudySession.objects.filter(
        enrolment__campaign=campaign, enrolment__organization__path__startswith=node.path
    )
    if phase is None:
        return rows
    run = PhaseRun.objects.filter(enrolment=OuterRef("enrolment"), phase=phase)
    within = run.filter(starts_on__lte=OuterRef("day"), ends_on__gte=OuterRef("day"))
    return rows.annotate(day=TruncDate("held_at")).filter(Exists(within))


def study_lines(campaign: Campaign, node: Organization, phase: Phase | None) -> list[StudyLine]:
    """One line per form that was used, in the order of the forms; the sum last. Empty where nothing was held."""
    sessions = sessions_of(campaign, node, phase)
    held = {
        row["form"]: row
        for row in sessions.order_by().values("form").annotate(n=Count("pk"), minutes=Sum("minutes_long"))
    }
    came = {
        row["session__form"]: row
        for row in Attendance.objects.filter(session__in=sessions.order_by().values("pk"))
        .order_by()
        .values("session__form")
        .annotate(
            expected=Count("pk"),
            present=Count("pk", filter=Q(state__in=Attendance.PRESENT_STATES)),
            missed=Count("pk", filter=Q(state__in=Attendance.MISSED_STATES)),
            made_up=Count("pk", filter=Q(state__in=Attendance.MISSED_STATES, make_up__isnull=False)),
            exempt=Count("pk", filter=Q(state=Attendance.State.EXEMPT)),
        )
    }
    lines = []
    for form in StudySession.Form:
        if form in held:
            there: dict[str, Any] = {k: v for k, v in came.get(form, {}).items() if k != "session__form"}
            lines.append(StudyLine(str(form.label), held[form]["n"], held[form]["minutes"], **there))
    return [*lines, total(lines)] if lines else []


def total(lines: list[StudyLine]) -> StudyLine:
    numbers = [f.name for f in fields(StudyLine) if f.name != "label"]
    return StudyLine("合计", **{name: sum(getattr(line, name) for line in lines) for name in numbers})
