"""The second factor: a code that changes every half minute, and recovery codes for the day the telephone is lost."""

import hmac
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import pyotp
from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.ciphers import SealedTextField, blind_index

STEP_SECONDS = 30


class SecondFactorQuerySet(models.QuerySet["SecondFactor"]):
    def visible_to(self, user: Any) -> "SecondFactorQuerySet":
        return self.filter(user=user.pk) if getattr(user, "is_authenticated", False) else self.none()

    def confirmed(self) -> "SecondFactorQuerySet":
        """In use: a code has been given once."""
        return self.exclude(confirmed_at=None)


class SecondFactor(models.Model):
    """Somebody's authenticator app (TOTP, RFC 6238: six digits, 30 seconds, SHA-1). The secret is sealed."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor")
    secret = SealedTextField(context="second-factor.secret")
    confirmed_at = models.DateTimeField("启用时间", null=True)
    last_step = models.BigIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True)

    objects = SecondFactorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id}"

    def step_of(self, code: str, now: datetime | None = None) -> int | None:
        """The half minute for which the code is right: this one, the last or the next; ``None`` if it is wrong."""
        app, step = pyotp.TOTP(self.secret), int((now or timezone.now()).timestamp()) // STEP_SECONDS
        steps = [each for each in (step, step - 1, step + 1) if hmac.compare_digest(app.generate_otp(each), code)]
        return steps[0] if steps else None

    def spend_step(self, step: int) -> bool:
        """Each code is good once, and no older one after it; of two that send it at the same time one gets in."""
        own = SecondFactor.objects.filter(pk=self.pk, last_step__lt=step)
        return own.update(last_step=step) == 1

    def spend_recovery_code(self, code: str) -> bool:
        """Each recovery code is good once."""
        unused = self.recovery_codes.filter(digest=RecoveryCode.digest_of(self, code), used_at=None)
        return unused.update(used_at=timezone.now()) == 1

    @property
    def codes_left(self) -> int:
        """Recovery codes that have not been used."""
        return self.recovery_codes.filter(used_at=None).count()

    def address(self) -> str:
        """What the QR code says to the app (otpauth, as Google Authenticator defined it)."""
        # Chinese letters take nine characters each: the name is given once, so that the code stays coarse enough for any camera.
        values = urlencode({"secret": self.secret, "issuer": settings.PORTAL_NAME}, quote_via=quote)
        return f"otpauth://totp/{quote(self.user.get_username())}?{values}"

    def key_in_groups(self) -> list[str]:
        """The secret for typing, four characters at a time."""
        return [self.secret[n : n + 4] for n in range(0, len(self.secret), 4)]


class RecoveryCode(models.Model):
    """One of ten codes that each open the door once; only a keyed digest is kept."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.factor_id}"

    @staticmethod
    def digest_of(factor: SecondFactor, code: str) -> str:
        return blind_index(f"{factor.pk}:{code}", "recovery-code")
