"""What counts as study, and how long it was: the one definition that indicators, accounts and sheets are read from."""

from typing import Any

from django.db.models import DecimalField, Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce
from django.db.models.query import QuerySet

from campaign.models import Attendance, Participation, SelfStudy, StudySession, Training
from portal.indicators import Condition

# Hours that make a day of collective education where the campaign says nothing else.
DAY_HOURS = 6
SELF_STUDY, TRAINING = "self-study", "training"
ALSO = ((SELF_STUDY, "个人自学"), (TRAINING, "培训"))


def collective(rows: QuerySet[Attendance]) -> QuerySet[Attendance]:
    """Of attendances those that count as collective education (S4 三(四)); 送学上门 is how it is done for the old and frail."""
    return rows.counted().filter(session__form__in=StudySession.COLLECTIVE_FORMS)  # type: ignore[attr-defined]


def whole(expression: Any) -> Any:
    """A product with a decimal, as whole minutes."""
    return Cast(ExpressionWrapper(expression, output_field=DecimalField()), IntegerField())


def summed(rows: QuerySet[Any], by: str, what: Any) -> Coalesce:
    """The sum over rows that are tied to an outer one, 0 where there are none."""
    sums = rows.order_by().values(by).annotate(summed=Sum(what)).values("summed")
    return Coalesce(Subquery(sums, output_field=IntegerField()), Value(0))


def collective_minutes(day_minutes: int) -> Any:
    """For a row of Participation: the person's minutes within the unit's dates, wherever they were recorded (enter once)."""
    held = collective(Attendance.objects.filter(participation__member=OuterRef("member"))).filter(
        session__held_at__date__gte=OuterRef("enrolment__starts_on"),
        session__held_at__date__lte=OuterRef("enrolment__ends_on"),
    )
    return summed(held, "participation__member", "session__minutes_long") + summed(
        trained(), "member", whole(F("days") * Value(day_minutes))
    )


def trained() -> QuerySet[Training]:
    """For a row of Participation: the person's trainings that ended within the unit's dates."""
    return Training.objects.filter(
        member=OuterRef("member"),
        ends_on__gte=OuterRef("enrolment__starts_on"),
        ends_on__lte=OuterRef("enrolment__ends_on"),
    )


def studied_minutes(also: list[str]) -> Any:
    """For a row of Participation: minutes in this campaign, with what else it counts."""
    attended = Attendance.objects.filter(participation=OuterRef("pk")).counted()
    minutes: Any = summed(attended, "participation", "session__minutes_long")
    if SELF_STUDY in also:
        minutes += summed(SelfStudy.objects.filter(participation=OuterRef("pk")), "participation", "minutes")
    if TRAINING in also:
        minutes += summed(trained(), "member", whole(F("hours") * Value(60)))
    return minutes


def people_with(least: Value, minutes: Any) -> Condition:
    """The person's ``minutes`` reach ``least``."""
    reached = Participation.objects.annotate(minutes=minutes).filter(minutes__gte=least)
    return Q(Exists(reached.filter(pk=OuterRef("pk"))))
