"""A unit's own time: its dates inside its batch, and the batch it goes with."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from campaign.actions.refusal import Refused, unless_over
from campaign.models import Batch, Enrolment, Participation, PhaseRun
from campaign.progress.writing import recording
from portal.actions.log import audit

Dates = tuple[date, date]


def set_dates(*, enrolment: Enrolment, dates: Dates, phases: Mapping[int, Dates], short_reason: str, by: Any) -> None:
    """Own dates of the unit and of its phases (by run id), with the reason where they leave less than the usual time
    for concentrated study (S0 四: 一般不少于3个月). Raises ``Refused``."""
    with recording([enrolment.pk]) as locked:
        row = locked[0]
        unless_over(row)
        if row.state not in {Enrolment.State.PREPARING, Enrolment.State.RUNNING}:
            raise Refused(f"本单位{row.get_state_display()}，不能调整时间。")
        move_dates(row, dates)
        row.short_reason = short_reason
        row.save(update_fields=["short_reason"])
        for pk, (start, end) in phases.items():
            own = PhaseRun.objects.filter(enrolment=row, pk=pk).exclude(state=PhaseRun.State.DONE)
            own.update(starts_on=start, ends_on=end)
        audit(by=by, verb="调整本单位时间", target=row, starts_on=str(dates[0]), ends_on=str(dates[1]))


def move_dates(row: Enrolment, dates: Dates) -> None:
    """The locked unit's time, and that of the people who were there from its first day."""
    old = row.starts_on
    row.starts_on, row.ends_on = dates
    row.save(update_fields=["starts_on", "ends_on"])
    Participation.objects.filter(enrolment=row, joined_on=old).update(joined_on=row.starts_on)


def change_batch(*, enrolment: Enrolment, batch: Batch, by: Any) -> None:
    """Into another batch of the campaign, with that one's dates, while nothing has begun; raises ``Refused``."""
    with recording([enrolment.pk]) as locked:
        row = locked[0]
        unless_over(row)
        if not row.is_movable:
            raise Refused(f"本单位{row.get_state_display()}，只有还没有启动的单位才能改到别的批次。")
        old = row.batch.name
        follow_batch(row, batch)
        audit(by=by, verb="改编批次", target=row, origin=old, batch=batch.name)


def follow_batch(row: Enrolment, batch: Batch) -> None:
    """The locked unit takes the batch's dates for everything that it has not done yet; what has begun keeps its first day."""
    Enrolment.objects.filter(pk=row.pk).update(batch=batch, short_reason="")
    row.batch, row.short_reason = batch, ""
    begun = row.started_on is not None
    move_dates(row, (min(row.starts_on, batch.starts_on) if begun else batch.starts_on, batch.ends_on))
    windows = {window.phase_id: window for window in batch.windows.all()}
    for run in row.runs.exclude(state=PhaseRun.State.DONE):
        window = windows.get(run.phase_id)
        if window is None:
            continue
        active = begun and run.state == PhaseRun.State.ACTIVE
        run.starts_on = min(run.starts_on, window.ends_on) if active else window.starts_on
        run.ends_on = window.ends_on
        run.save(update_fields=["starts_on", "ends_on"])
