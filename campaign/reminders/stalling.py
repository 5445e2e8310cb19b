"""Units that have stopped: something is missing past its day, and nothing has been recorded for a while."""

from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Progress, Requirement
from campaign.reminders.traces import quiet
from members.models import Organization

CHUNK = 300


def past_due(campaign: Campaign, today: date) -> QuerySet[Progress]:
    """Ready figures of units in which a requirement in force is missing after its last day."""
    asked = Requirement.objects.in_force().filter(campaign=campaign)
    return Progress.objects.filter(requirement__in=asked, kind=Progress.Kind.BRANCH, behind=1, due_on__lt=today)


def stalled_units(campaign: Campaign, today: date, days: int, under: Organization | None = None) -> list[Enrolment]:
    """Running units, in tree order, that are past a due day and in which nothing was recorded for ``days`` days (nor were
    they started since); a fixed number of queries for each ``CHUNK`` that is past due."""
    first = today - timedelta(days=days)
    since = timezone.make_aware(datetime.combine(first, time.min))
    late = past_due(campaign, today).values("organization")
    rows = Enrolment.objects.running().filter(campaign=campaign, organization__in=late, started_on__lt=first)
    if under is not None:
        rows = rows.under(under)
    late_ones = list(rows.in_tree_order().select_related("organization"))
    found: list[Enrolment] = []
    for start in range(0, len(late_ones), CHUNK):
        chunk = late_ones[start : start + CHUNK]
        still = quiet([unit.pk for unit in chunk], since)
        found += [unit for unit in chunk if unit.pk in still]
    return found


def in_words(units: list[Enrolment]) -> str:
    """How many of what: 3个支部, or 3个单位 where committees are among them."""
    return f"{len(units)}个{'单位' if any(unit.is_committee for unit in units) else '支部'}"
