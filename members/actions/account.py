"""Making accounts, and setting one-time passwords."""

import re
from collections.abc import Iterable
from typing import Any

from axes.utils import reset as unlock
from django.contrib.auth.hashers import make_password
from django.db import transaction

from members.models import Member, Organization, User
from members.passwords import one_time_password, short_username
from portal.actions.log import audit
from portal.actions.session import end_all

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
TRIES = 5


def wished_username(member: Member) -> str:
    """The member number in lower case where it can be typed as a username; otherwise a short random one."""
    number = (member.number or "").lower()
    return number if USERNAME.fullmatch(number) else short_username()


@transaction.atomic
def create_missing(*, members: Iterable[Member], at: Organization, by: Any) -> int:
    """An account for everyone on the roll who has none; returns how many are new. A second run makes none.

    The accounts cannot be used before a slip has been printed or the password reset.
    """
    wanted = {member.pk: member for member in members if member.ended_on is None}
    before = User.objects.filter(member__in=wanted).count()
    for attempt in range(TRIES):
        have = set(User.objects.filter(member__in=wanted).values_list("member_id", flat=True))
        missing = [member for pk, member in wanted.items() if pk not in have]
        if not missing:
            break
        # A username that is somebody else's is left out here and replaced in the next round.
        User.objects.bulk_create([new_account(member, attempt) for member in missing], 500, ignore_conflicts=True)
    made = User.objects.filter(member__in=wanted).count() - before
    if made:
        audit(by=by, verb="批量建立账号", target=at, number=made)
    return made


def new_account(member: Member, attempt: int) -> User:
    username = short_username() if attempt else wished_username(member)
    return User(
        username=username, name=member.name, member=member, password=make_password(None), must_change_password=True
    )


@transaction.atomic
def reset(*, account: User, by: Any) -> str:
    """A fresh one-time password, which signs the person out everywhere; returns it, to be shown once and never kept."""
    password = one_time_password()
    User.objects.filter(pk=account.pk).update(password=make_password(password), must_change_password=True)
    unlock(username=account.username)
    end_all(account=account)
    audit(by=by, verb="重置密码", target=account)
    return password


def set_slip_passwords(*, accounts: Iterable[User], at: Organization, by: Any) -> list[tuple[User, str]]:
    """A fresh one-time password for each account that nobody has used yet; those used in the meantime are left out."""
    slips = []
    for account in accounts:
        password = one_time_password()
        # Each by itself and outside a transaction: hashing hundreds of passwords must not hold the database.
        waiting = User.objects.never_used().filter(pk=account.pk)
        if waiting.update(password=make_password(password), must_change_password=True):
            slips.append((account, password))
    audit(by=by, verb="打印首次登录单", target=at, number=len(slips))
    return slips
