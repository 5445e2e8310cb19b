"""Giving and taking hats."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from members.actions.account import create_missing
from members.models import Appointment, Member, Organization, User
from members.permissions import Permission, roles_with
from members.registry import roll_changed
from portal.actions.log import audit


class AlreadyAppointed(Exception):
    """The person wears this hat here already."""


class LastOne(Exception):
    """The hat is one's own last one that lets one appoint: nobody shuts themselves out."""


class AlreadyRevoked(Exception):
    """Somebody else has just taken it away."""


def account_of(member: Member, *, at: Organization, by: Any) -> User:
    """The member's account, made now if there is none."""
    create_missing(members=[member], at=at, by=by)
    return User.objects.get(member=member)


def appoint(
    *, organization: Organization, role: str, person: Member | User, since: date, until: date | None, by: Any
) -> Appointment:
    """Give a hat; one that has run out makes room. Raises ``AlreadyAppointed`` if one is in force or to come."""
    try:
        with transaction.atomic():
            user = account_of(person, at=organization, by=by) if isinstance(person, Member) else person
            same = Appointment.objects.filter(user=user, organization=organization, role=role, revoked_at=None)
            same.filter(until__lt=timezone.localdate()).update(revoked_at=timezone.now())
            hat = Appointment.objects.create(user=user, organization=organization, role=role, since=since, until=until)
            audit(by=by, verb=f"任命{hat.get_role_display()}", target=organization, person=str(user), since=str(since))
            tell(hat)
    except IntegrityError as error:
        raise AlreadyAppointed from error
    return hat


@transaction.atomic
def revoke(*, hat: Appointment, by: Any) -> None:
    """Take a hat away, effective at the next request; raises ``LastOne`` or ``AlreadyRevoked``."""
    appointing = roles_with(Permission.MANAGE_APPOINTMENTS)
    left = Appointment.objects.current().filter(user=by, role__in=appointing).exclude(pk=hat.pk)
    if hat.user_id == by.pk and hat.role in appointing and not left.exists():
        raise LastOne
    if not hat.end():
        raise AlreadyRevoked
    audit(by=by, verb=f"撤销{hat.get_role_display()}", target=hat.organization, person=str(hat.user))
    tell(hat)


def tell(hat: Appointment) -> None:
    """Who is secretary counts at the branch, and in what is asked of the person where they are a member."""
    concerned = {hat.organization_id}
    if hat.user.member is not None:
        concerned.add(hat.user.member.branch_id)
    roll_changed(concerned)
