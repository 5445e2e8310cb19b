"""Whether anything was recorded in a unit lately; rooms above add the records they keep."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from django.utils import timezone

from campaign.models import Gate, MakeUp, PlanFiling, StudyNote, StudySession
from portal.registry import Hooks

TraceSource = Callable[[Collection[int], datetime], Iterable[int]]
# Asked with enrolments (ids) and a moment: in which of them something was recorded since. One query each.
traces: Hooks[TraceSource] = Hooks("traces of work")


def quiet(enrolments: Collection[int], since: datetime) -> set[int]:
    """Those of the enrolments in which nothing was recorded since."""
    left = set(enrolments)
    for source in traces:
        if left:
            left -= set(source(left, since))
    return left


@traces.register
def sessions(enrolments: Collection[int], since: datetime) -> Iterable[int]:
    rows = StudySession.objects.filter(enrolment__in=enrolments, updated_at__gte=since)
    return rows.order_by().values_list("enrolment", flat=True).distinct()


@traces.register
def notes(enrolments: Collection[int], since: datetime) -> Iterable[int]:
    rows = StudyNote.objects.filter(participation__enrolment__in=enrolments, written_on__gte=timezone.localdate(since))
    return rows.order_by().values_list("participation__enrolment", flat=True).distinct()


@traces.register
def make_ups(enrolments: Collection[int], since: datetime) -> Iterable[int]:
    rows = MakeUp.objects.filter(attendance__session__enrolment__in=enrolments, on__gte=timezone.localdate(since))
    return rows.order_by().values_list("attendance__session__enrolment", flat=True).distinct()


@traces.register
def requests(enrolments: Collection[int], since: datetime) -> Iterable[int]:
    """A request to move on, or the answer to it."""
    asked = Gate.objects.filter(enrolment__in=enrolments, requested_at__gte=since)
    answered = Gate.objects.filter(enrolment__in=enrolments, decided_at__gte=since)
    return (asked | answered).order_by().values_list("enrolment", flat=True).distinct()


@traces.register
def filings(enrolments: Collection[int], since: datetime) -> Iterable[int]:
    rows = PlanFiling.objects.filter(enrolment__in=enrolments, filed_at__gte=since)
    return rows.order_by().values_list("enrolment", flat=True).distinct()
