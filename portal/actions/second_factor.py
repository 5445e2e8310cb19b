"""Setting up, checking and taking away the second factor."""

import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import pyotp
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from portal.actions.log import audit
from portal.actions.notice import notify
from portal.actions.session import end_all, end_others
from portal.models import RecoveryCode, SecondFactor
from portal.notices import Draft

CODES = 10
# Without 0 o 1 l i, which look alike in print.
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
# Wrong codes until a pause; after it each further one begins the next.
TRIES, PAUSE = 5, timedelta(minutes=15)


class WrongCode(Exception):
    """Not the code of this half minute, and no recovery code that is left."""


class UsedCode(WrongCode):
    """The right code, but it has opened the door before."""


class Paused(Exception):
    """Too many wrong codes; ``minutes`` (whole, at least 1) until the next try."""

    def __init__(self, minutes: int) -> None:
        super().__init__(minutes)
        self.minutes = minutes


def begin(*, by: Any) -> SecondFactor:
    """The factor to be confirmed, with a fresh secret the first time; the same one when the page is loaded again."""
    factor, _ = SecondFactor.objects.get_or_create(user=by, defaults={"secret": pyotp.random_base32()})
    return factor


def confirm(*, factor: SecondFactor, code: str, keep: str | None, by: Any) -> list[str]:
    """The first right code puts the factor into use and ends sessions elsewhere, which never gave one.

    Returns the recovery codes, to be shown once; raises as ``check`` does.
    """
    check(factor=factor, code=code)
    with transaction.atomic():
        SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=timezone.now())
        audit(by=by, verb="启用动态验证码", target=by)
        end_others(keep=keep, by=by)
        return fresh_codes(factor)


def check(*, factor: SecondFactor, code: str, now: datetime | None = None) -> None:
    """Let a right code pass, once; raises ``WrongCode``, ``UsedCode`` or ``Paused``.

    Outside a transaction: the try stays counted when the code is wrong.
    """
    now = now or timezone.now()
    count_try(factor, now)
    given = "".join(c for c in unicodedata.normalize("NFKC", code).lower() if c.isascii() and c.isalnum())
    step = factor.step_of(given, now) if len(given) == 6 else None
    if step is None and not factor.spend_recovery_code(given):
        raise WrongCode
    if step is not None and not factor.spend_step(step):
        raise UsedCode
    SecondFactor.objects.filter(pk=factor.pk).update(failures=0, blocked_until=None)


def count_try(factor: SecondFactor, now: datetime) -> None:
    """Count before judging, in one statement: guesses that arrive together are counted one by one."""
    own = SecondFactor.objects.filter(pk=factor.pk)
    last = Case(When(failures__gte=TRIES - 1, then=Value(now + PAUSE)), default=None)
    allowed = own.filter(Q(blocked_until=None) | Q(blocked_until__lte=now))
    if not allowed.update(failures=F("failures") + 1, blocked_until=last):
        until = own.values_list("blocked_until", flat=True).first() or now
        raise Paused(max(1, -(-int((until - now).total_seconds()) // 60)))


def fresh_codes(factor: SecondFactor) -> list[str]:
    """Ten new recovery codes in place of all older ones; only their digests stay."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(CODES)]
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(factor=factor, digest=RecoveryCode.digest_of(factor, code)) for code in codes]
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def renew_codes(*, factor: SecondFactor, code: str, by: Any) -> list[str]:
    """New recovery codes for who can give a code; raises as ``check`` does."""
    check(factor=factor, code=code)
    with transaction.atomic():
        audit(by=by, verb="更换恢复码", target=by)
        return fresh_codes(factor)


def stop(*, factor: SecondFactor, code: str, by: Any) -> None:
    """Take one's own factor away, with a code; raises as ``check`` does."""
    check(factor=factor, code=code)
    with transaction.atomic():
        SecondFactor.objects.filter(pk=factor.pk).delete()
        audit(by=by, verb="停用动态验证码", target=by)


@transaction.atomic
def reset(*, account: Any, by: Any) -> bool:
    """For who lost telephone and recovery codes: the factor goes, every session ends, the person is told.

    ``False`` if there was none (any more).
    """
    if not SecondFactor.objects.filter(user=account.pk).delete()[0]:
        return False
    end_all(account=account)
    audit(by=by, verb="解除动态验证码", target=account)
    text = f"{by}已解除您账号的动态验证码，今后只用密码即可登录。如果不是您请其办理的，请马上修改密码并报告活动办公室。"
    now = timezone.now()
    notify(
        [
            Draft(
                account.pk,
                f"second-factor-reset-{account.pk}-{now:%Y%m%d%H%M%S%f}",
                "账号安全",
                text,
                "/second-factor/",
            )
        ]
    )
    return True


def warn(*, factor: SecondFactor) -> None:
    """Somebody has the password and guesses at the code: its owner should know (once a day)."""
    today = timezone.localdate()
    text = "有人用您的密码登录，但动态验证码连续多次输错，登录已暂停。如果不是您本人，请马上修改密码。"
    notify([Draft(factor.user_id, f"second-factor-guessed-{factor.user_id}-{today}", "账号安全", text, "/password/")])
