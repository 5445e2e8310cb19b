"""Who takes part in another way (灵活方式): set and ended with a reason; it decides which figures their work counts in."""

from typing import Any

from django.utils import timezone

from campaign.actions.refusal import Refused, unless_over
from campaign.models import AlternativeRoute, Participation
from campaign.progress.writing import recording
from portal.actions.log import audit

Route = Participation.Route


def set_alternative(
    *, participation: Participation, kind: str, reason: str, helper: str, approver: str, by: Any
) -> AlternativeRoute:
    """From now on this person takes part that way; a decision that holds already is replaced and stays on record."""
    with recording([participation.enrolment_id]) as locked:
        unless_over(locked[0])
        row = Participation.objects.get(pk=participation.pk)
        if row.left_on is not None:
            raise Refused("这名党员已不在本单位参加活动，不能再设定参加方式。")
        same = {"kind": kind, "reason": reason, "helper": helper, "approver": approver}
        held = row.alternative_routes.holding()
        if (known := held.filter(**same).first()) is not None:
            return known
        held.update(ended_at=timezone.now(), ended_by=by, ended_reason="另行设定")
        made = AlternativeRoute.objects.create(participation=row, by=by, **same)
        Participation.objects.filter(pk=row.pk).update(route=Route.ALTERNATIVE)
        audit(by=by, verb="设定灵活方式", target=made, kind=made.get_kind_display())
    return made


def set_normal(*, participation: Participation, reason: str, by: Any) -> None:
    """Back to taking part like everybody else; raises ``Refused`` where they do already."""
    with recording([participation.enrolment_id]) as locked:
        unless_over(locked[0])
        moved = Participation.objects.filter(pk=participation.pk, route=Route.ALTERNATIVE).update(route=Route.NORMAL)
        if not moved:
            raise Refused("这名党员已按正常方式参加，不必重复操作。")
        held = AlternativeRoute.objects.filter(participation=participation.pk).holding()
        if not held.update(ended_at=timezone.now(), ended_by=by, ended_reason=reason):
            from_roll(participation, reason, by)
        audit(by=by, verb="恢复正常参加", target=participation)


def from_roll(participation: Participation, reason: str, by: Any) -> None:
    """Who was on it by the roll's 年老体弱 alone has no decision yet to end: it is written down, ended."""
    AlternativeRoute.objects.create(
        participation=participation,
        kind=AlternativeRoute.Kind.OTHER,
        reason="名册标注年老体弱，编入时自动设定",
        approver="—",
        by=by,
        at=timezone.now(),
        ended_at=timezone.now(),
        ended_by=by,
        ended_reason=reason,
    )
