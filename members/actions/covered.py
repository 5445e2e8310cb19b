"""Units without an organisation of their own, and who was sent to look after them."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from members.actions.committee import hold
from members.models import CoveredUnit, Liaison, Organization
from portal.actions.log import audit


class Listed(Exception):
    """A unit of this name is on the list already."""


class AlreadyOver(Exception):
    """Somebody else has just written down the end."""


def add_unit(*, organization: Organization, by: Any, **values: Any) -> CoveredUnit:
    """Raises ``Listed``, and ``OrganizationClosed`` where nobody looks after units any more."""
    try:
        with transaction.atomic():
            hold(organization)
            unit = CoveredUnit.objects.create(organization=organization, **values)
            audit(by=by, verb="登记覆盖单位", target=organization, unit=unit.name)
    except IntegrityError as error:
        raise Listed from error
    return unit


def change_unit(*, unit: CoveredUnit, by: Any, **values: Any) -> None:
    """Raises ``Listed``."""
    try:
        with transaction.atomic():
            CoveredUnit.objects.filter(pk=unit.pk).update(**values)
            audit(by=by, verb="修改覆盖单位", target=unit.organization, unit=values["name"])
    except IntegrityError as error:
        raise Listed from error


@transaction.atomic
def remove_unit(*, unit: CoveredUnit, by: Any) -> None:
    """It is not covered any more; whoever was sent there stays on the list of those sent."""
    audit(by=by, verb="移出覆盖单位", target=unit.organization, unit=unit.name)
    unit.delete()


@transaction.atomic
def send(*, organization: Organization, by: Any, **values: Any) -> tuple[Liaison, bool]:
    """An instructor or contact person starts; the person, and ``False`` if just this is on the list already. Raises ``OrganizationClosed``."""
    hold(organization)
    if known := organization.liaisons.filter(left_on=None, **values).first():
        return known, False
    liaison = organization.liaisons.create(**values)
    audit(by=by, verb="选派指导员、联络员", target=organization, person=str(liaison))
    return liaison, True


@transaction.atomic
def hand_over(*, origin: Organization, to: Organization, by: Any) -> None:
    """``origin`` is no more: its units, and who looks after them now, are ``to``'s; who did so before stays on its list.

    A unit that both covered is one: what ``to`` knows of it counts, what it does not know is taken over.
    """
    known = {unit.name: unit for unit in to.covered_units.all()}
    units = list(origin.covered_units.all())
    for unit in units:
        if kept := known.get(unit.name):
            facts = {name: getattr(unit, name) for name in ("employees", "members") if getattr(kept, name) is None}
            to.covered_units.filter(pk=kept.pk).update(**facts)
            unit.liaisons.update(unit=kept)
            unit.delete()
    origin.covered_units.update(organization=to)
    liaisons = origin.liaisons.filter(left_on=None).update(organization=to)
    if units or liaisons:
        audit(by=by, verb="移交覆盖单位", target=origin, to=str(to), units=len(units), liaisons=liaisons)


@transaction.atomic
def end(*, liaison: Liaison, on: date, by: Any) -> None:
    """The person's time there ends; raises ``AlreadyOver``."""
    if not Liaison.objects.filter(pk=liaison.pk, left_on=None).update(left_on=on):
        raise AlreadyOver
    audit(by=by, verb="结束选派", target=liaison.organization, person=str(liaison), on=str(on))
