"""Recording tries to reach members who are away or lost."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from members.actions.member import close_mobility
from members.models import Mobility
from portal.actions.log import audit
from portal.sending import keep_once


@transaction.atomic
def record(
    *,
    mobility: Mobility,
    made_on: date,
    how: str,
    reached: bool,
    outcome: str,
    next_step: str,
    submission: UUID,
    by: Any,
) -> bool:
    """Keep one try; who was lost and is reached is found: the loss ends that day. ``False``: it was sent before."""
    Mobility.objects.select_for_update(no_key=True).get(pk=mobility.pk)
    facts = {"how": how, "made_on": made_on, "reached": reached, "outcome": outcome, "next_step": next_step}
    attempt, new = keep_once(mobility.attempts, by=by, submission=submission, **facts)
    if not new:
        return False
    audit(by=by, verb=f"登记联系：{attempt.get_how_display()}", target=mobility.member, reached=reached)
    if reached and mobility.kind == Mobility.Kind.LOST:
        close_mobility(mobility=mobility, until=made_on, by=by)
    return True
