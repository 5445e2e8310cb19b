"""Units whose own time lies outside their batch's: what a narrower batch would leave behind."""

from collections.abc import Mapping
from datetime import date

from django.db.models import Exists, OuterRef, Q

from campaign.models import Batch, Enrolment, PhaseRun, PhaseWindow
from campaign.models.enrolment import EnrolmentQuerySet

Dates = tuple[date, date]


def left_outside(batch: Batch, dates: Dates, phases: Mapping[int, Dates]) -> EnrolmentQuerySet:
    """Units that would lie outside the batch if it had these dates (and ``phases`` by phase id): those that chose their own
    time, which does not follow the batch's, in tree order."""
    first, last = dates
    following = Q(starts_on=batch.starts_on, ends_on=batch.ends_on)
    window = PhaseWindow.objects.filter(
        batch=batch, phase__in=list(phases), phase=OuterRef("phase"), starts_on=OuterRef("starts_on")
    )
    runs = PhaseRun.objects.filter(enrolment=OuterRef("pk")).exclude(state=PhaseRun.State.DONE)
    runs = runs.exclude(Exists(window.filter(ends_on=OuterRef("ends_on"))))
    own = Q(started_on=None, starts_on__lt=first) | Q(ends_on__gt=last)
    still = Q(state=PhaseRun.State.WAITING, starts_on__lt=first) | Q(ends_on__gt=last)
    units = Enrolment.objects.going().filter(batch=batch).filter((~following & own) | Q(Exists(runs.filter(still))))
    return units.select_related("organization").in_tree_order()
