"""Recording tries to reach members who are away or lost."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from members.actions.member import close_mobility
from members.models import Mobility, SearchAttempt
from portal.actions.log import audit


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
    """Keep one try; who was lost and is reached is found: the loss ends that day. ``False``: this form was sent before."""
    facts = {"how": how, "made_on": made_on, "reached": reached, "outcome": outcome, "next_step": next_step}
    attempt, made = SearchAttempt.objects.get_or_create(
        submission=submission, defaults={"mobility": mobility, "by": by} | facts
    )
    if not made:
        return False
    audit(by=by, verb=f"登记联系：{attempt.get_how_display()}", target=mobility.member, reached=reached)
    if reached and mobility.kind == Mobility.Kind.LOST:
        close_mobility(mobility=mobility, until=made_on, by=by)
    return True
