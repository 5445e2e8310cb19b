"""Setting up and changing organisations."""

from typing import Any

from django.db import IntegrityError

from members.models import Organization
from members.registry import roll_changed
from members.tree_lock import changing_roll
from portal.actions.log import audit


class Taken(Exception):
    """Somebody has just saved the same code."""


def label(organization: Organization, field: str) -> str:
    """A field's value as people read it."""
    shown = getattr(organization, f"get_{field}_display", None)
    return str(shown() if shown else getattr(organization, field))


def create(*, parent: Organization, by: Any, **values: Any) -> Organization:
    """A new organisation below ``parent``; raises ``Taken`` if its code is in use."""
    try:
        with changing_roll():
            made: Organization = Organization.objects.add_child(Organization.objects.get(pk=parent.pk), values)
            audit(by=by, verb="新建党组织", target=made, parent=str(parent), code=made.code)
            roll_changed([made.pk])
    except IntegrityError as error:
        raise Taken from error
    return made


def change(*, organization: Organization, by: Any, **values: Any) -> list[str]:
    """Write what differs and return the names of those fields; raises ``Taken`` if the code is in use."""
    before = Organization.objects.get(pk=organization.pk)
    changed = [field for field, value in values.items() if getattr(before, field) != value]
    if not changed:
        return []
    old = {field: label(before, field) for field in changed}
    for field in changed:
        setattr(before, field, values[field])
    try:
        with changing_roll():
            before.save(update_fields=changed)
            audit(
                by=by,
                verb="修改党组织",
                target=before,
                changes={verbose(field): [old[field], label(before, field)] for field in changed},
            )
            roll_changed([before.pk])
    except IntegrityError as error:
        raise Taken from error
    return changed


def verbose(field: str) -> str:
    return str(Organization._meta.get_field(field).verbose_name)
