"""Who sits in a committee's 中心组."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign.models import CoreGroupSeat
from members.models import Member, Organization
from portal.actions.log import audit


@transaction.atomic
def seat(*, organization: Organization, member: Member, since: date, by: Any) -> CoreGroupSeat:
    """From ``since`` a member of the group; who is one already stays as they are."""
    row, new = CoreGroupSeat.objects.get_or_create(
        organization=organization, member=member, until=None, defaults={"since": since, "by": by}
    )
    if new:
        audit(by=by, verb="列入中心组", target=member, organization=organization.name)
    return row


@transaction.atomic
def unseat(*, seat: CoreGroupSeat, by: Any) -> None:
    """Until today; what they attended stays."""
    if CoreGroupSeat.objects.filter(pk=seat.pk, until=None).update(until=max(seat.since, timezone.localdate())):
        audit(by=by, verb="移出中心组", target=seat.member, organization=seat.organization.name)
