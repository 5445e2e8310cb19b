"""Putting an organisation into a condition, and lifting it with a record of what was done."""

from datetime import date
from typing import Any

from members.models import Organization, OrganizationCondition
from members.models.condition import BY_GRAVITY
from members.models.since import SinceKnown
from members.registry import roll_changed
from members.tree_lock import changing_roll
from portal.actions.log import audit


class AlreadyLifted(Exception):
    """Somebody else has just lifted it."""


@changing_roll()
def set_condition(
    *,
    organization: Organization,
    condition: str,
    since: date,
    reason: str,
    by: Any,
    since_known: SinceKnown = SinceKnown.DAY,
) -> tuple[OrganizationCondition, bool]:
    """The organisation is in this condition from now on; the record, and whether it is new (it may hold already)."""
    record, new = OrganizationCondition.objects.get_or_create(
        organization=organization,
        condition=condition,
        lifted_on=None,
        defaults={"since": since, "since_known": since_known, "reason": reason, "by": by},
    )
    if new:
        audit(
            by=by,
            verb="认定党组织状态",
            target=organization,
            condition=record.get_condition_display(),
            since=record.since_in_table,
        )
        settle(organization)
    return record, new


@changing_roll()
def lift(*, record: OrganizationCondition, on: date, name: str, note: str, by: Any) -> None:
    """The condition ends with a written record of what was done; raises ``AlreadyLifted``."""
    holding = OrganizationCondition.objects.holding().filter(pk=record.pk)
    if not holding.update(lifted_on=on, lifted_by=by, lifted_name=name, lifted_note=note):
        raise AlreadyLifted
    audit(
        by=by, verb="解除党组织状态", target=record.organization, condition=record.get_condition_display(), on=str(on)
    )
    settle(record.organization)


def settle(organization: Organization) -> None:
    """Write the gravest condition that holds where everything reads it."""
    holding = {*organization.conditions.holding().values_list("condition", flat=True)}
    current = next((condition for condition in BY_GRAVITY if condition in holding), Organization.Condition.NORMAL)
    Organization.objects.filter(pk=organization.pk).update(condition=current)
    organization.condition = current
    roll_changed([organization.pk])
