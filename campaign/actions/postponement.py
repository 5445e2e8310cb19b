"""Putting a unit's campaign off, and taking it up again (暂缓、恢复)."""

from datetime import date
from typing import Any

from django.utils import timezone

from campaign.actions.refusal import Refused, unless_over
from campaign.actions.unit_calendar import follow_batch
from campaign.models import Batch, Enrolment, Postponement
from campaign.progress.writing import recording
from portal.actions.log import audit

State = Enrolment.State


def postpone(*, enrolment: Enrolment, reason: str, until: date, by: Any) -> Postponement:
    """PREPARING or RUNNING → POSTPONED; raises ``Refused`` where it is in another state or asks for a gate right now."""
    with recording([enrolment.pk]) as locked:
        row = locked[0]
        unless_over(row)
        if row.gates.waiting().exists():
            raise Refused("本单位有一份申请正在等待审核，请先审核或由其撤回，再办理暂缓。")
        moved = Enrolment.objects.filter(pk=row.pk, state__in=[State.PREPARING, State.RUNNING])
        if not moved.update(state=State.POSTPONED):
            raise Refused(f"本单位{row.get_state_display()}，不能办理暂缓。")
        made = Postponement.objects.create(enrolment=row, reason=reason, since=timezone.localdate(), until=until, by=by)
        audit(by=by, verb="暂缓本单位活动", target=row, until=str(until))
    return made


def resume(*, enrolment: Enrolment, note: str, batch: Batch, by: Any) -> None:
    """POSTPONED → where it stood, in ``batch`` (its own, or another whose dates it then takes); raises ``Refused``."""
    today = timezone.localdate()
    with recording([enrolment.pk]) as locked:
        row = locked[0]
        unless_over(row)
        state = State.RUNNING if row.started_on else State.PREPARING
        if not Enrolment.objects.filter(pk=row.pk, state=State.POSTPONED).update(state=state):
            raise Refused(f"本单位{row.get_state_display()}，不在暂缓之中，不必恢复。")
        row.state = state
        Postponement.objects.filter(enrolment=row).holding().update(resumed_on=today, resumed_by=by, resumed_note=note)
        if batch.pk != row.batch_id:
            follow_batch(row, batch)
        audit(by=by, verb="恢复本单位活动", target=row, batch=batch.name)
