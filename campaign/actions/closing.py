"""Ending a campaign: when its units have finished, or with a reason before that."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from campaign.actions.inspection import dissolve_all
from campaign.actions.refusal import Refused
from campaign.models import Campaign, Enrolment, Gate
from portal.actions.log import audit

State = Enrolment.State


@dataclass(frozen=True)
class Outstanding:
    """What is not over yet, in units and requests."""

    preparing: int
    running: int
    postponed: int
    waiting: int

    @property
    def units(self) -> int:
        return self.preparing + self.running + self.postponed


def outstanding(campaign: Campaign) -> Outstanding:
    """Two statements, whatever the number of units."""
    wanted = [State.PREPARING, State.RUNNING, State.POSTPONED]
    counts = {str(state): Count("pk", filter=Q(state=state)) for state in wanted}
    found = campaign.enrolments.order_by().aggregate(**counts)
    return Outstanding(**found, waiting=Gate.objects.waiting().filter(enrolment__campaign=campaign).count())


@transaction.atomic
def close(*, campaign: Campaign, note: str, by: Any) -> None:
    """RUNNING → CLOSED. Requests that wait are decided first, and units that have not finished need a reason; they stay
    where they are, on record. Raises ``Refused``."""
    left = outstanding(campaign)
    if left.waiting:
        raise Refused(f"还有{left.waiting}份申请正在等待审核，请先审核或退回。")
    if left.units and not note.strip():
        raise Refused(f"还有{left.units}个单位没有结束，请写明现在结束活动的理由。")
    moved = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.RUNNING).update(
        state=Campaign.State.CLOSED, closed_on=timezone.localdate(), closed_by=by, closing_note=note
    )
    if not moved:
        raise Refused("活动不在进行中，不必结束。")
    dissolve_all(campaign=campaign, by=by)
    audit(by=by, verb="结束教育活动", target=campaign, unfinished=left.units)
