"""Giving, lending and taking hats."""

from datetime import date
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from members.actions.account import create_missing
from members.models import Appointment, Member, Organization, User
from members.permissions import Permission, roles_with
from members.registry import roll_changed
from members.tree_lock import changing_roll
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.notices import Draft


class AlreadyAppointed(Exception):
    """The person wears this hat here already."""


class NotLendable(Exception):
    """The appointment is not in force any more."""


class LastOne(Exception):
    """The hat is one's own last one that lets one appoint: nobody shuts themselves out."""


class AlreadyRevoked(Exception):
    """Somebody else has just taken it away."""


def account_of(member: Member, *, at: Organization, by: Any) -> User:
    """The member's account, made now if there is none."""
    create_missing(members=[member], at=at, by=by)
    return User.objects.get(member=member)


def make_room(user: User, organization: Organization, role: str) -> QuerySet[Appointment]:
    """One of the same kind that has run out is closed: only one may be open. Returns what is open still."""
    same = Appointment.objects.filter(user=user, organization=organization, role=role, revoked_at=None)
    same.filter(until__lt=timezone.localdate()).update(revoked_at=timezone.now())
    return same


def appoint(
    *, organization: Organization, role: str, person: Member | User, since: date, until: date | None, by: Any
) -> Appointment:
    """Give a hat; one that has run out makes room. Raises ``AlreadyAppointed`` if one is in force or to come."""
    try:
        with changing_roll():
            user = account_of(person, at=organization, by=by) if isinstance(person, Member) else person
            same = make_room(user, organization, role)
            if since <= timezone.localdate():  # whoever stood in is now appointed
                same.exclude(delegated_from=None).update(revoked_at=timezone.now())
            hat = Appointment.objects.create(user=user, organization=organization, role=role, since=since, until=until)
            audit(by=by, verb=f"任命{hat.get_role_display()}", target=organization, person=str(user), since=str(since))
            tell(hat)
    except IntegrityError as error:
        raise AlreadyAppointed from error
    return hat


def lend(*, hat: Appointment, person: Member | User, since: date, until: date, by: Any) -> Appointment:
    """Lend one's hat for a time; the holder keeps it too. Raises ``AlreadyAppointed``, or ``NotLendable`` if the hat was
    taken away in the meantime."""
    try:
        with changing_roll():
            if not Appointment.objects.current().select_for_update().filter(pk=hat.pk).exists():
                raise NotLendable
            user = account_of(person, at=hat.organization, by=by) if isinstance(person, Member) else person
            make_room(user, hat.organization, hat.role)
            lent = Appointment.objects.create(
                user=user, organization=hat.organization, role=hat.role, since=since, until=until, delegated_from=hat
            )
            audit(by=by, verb=f"委托{lent.title}", target=hat.organization, person=str(user), until=str(until))
            tell(lent)
            days = f"{since:%Y年%-m月%-d日}至{until:%Y年%-m月%-d日}"
            notice(lent.user, lent, f"{by}委托您{days}任{hat.organization}{lent.title}。")
    except IntegrityError as error:
        raise AlreadyAppointed from error
    return lent


@changing_roll()
def give_back(*, hat: Appointment, by: Any) -> None:
    """End a delegation early, effective at the next request, and tell the other of the two; raises ``AlreadyRevoked``."""
    if not hat.end():
        raise AlreadyRevoked
    audit(by=by, verb=f"结束{hat.title}", target=hat.organization, person=str(hat.user))
    tell(hat)
    lender = hat.delegated_from.user if hat.delegated_from else hat.user
    other = lender if by.pk == hat.user_id else hat.user
    notice(other, hat, f"{by}已提前结束{hat.user}的{hat.organization}{hat.title}。")


def notice(user: User, hat: Appointment, text: str) -> None:
    key = f"delegation-{hat.pk}-{'ended' if hat.revoked_at else 'lent'}"
    notify([Draft(user.pk, key, "任职", text, reverse("my-appointments"))])


@changing_roll()
def revoke(*, hat: Appointment, by: Any) -> None:
    """Take a hat away, effective at the next request; raises ``LastOne`` or ``AlreadyRevoked``."""
    appointing = roles_with(Permission.MANAGE_APPOINTMENTS)
    left = Appointment.objects.current().filter(user=by, role__in=appointing).exclude(pk=hat.pk)
    if hat.user_id == by.pk and hat.role in appointing and not left.exists():
        raise LastOne
    if not hat.end():
        raise AlreadyRevoked
    audit(by=by, verb=f"撤销{hat.title}", target=hat.organization, person=str(hat.user))
    tell(hat)


def tell(hat: Appointment) -> None:
    """Who is secretary counts at the branch, and in what is asked of the person where they are a member."""
    concerned = {hat.organization_id}
    if hat.user.member is not None:
        concerned.add(hat.user.member.branch_id)
    roll_changed(concerned)
