"""Views of figures that somebody without an account may look at for a short time."""

import uuid
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaign.models.campaign import Campaign, Phase
from members.models import Organization
from members.permissions import Permission
from members.scope import within

SALT = "shared-view"


class SharedViewQuerySet(models.QuerySet["SharedView"]):
    def visible_to(self, user: Any) -> "SharedViewQuerySet":
        """Where one may hand figures out."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.EXPORT), "organization__path"))

    def open(self) -> "SharedViewQuerySet":
        """Neither run out nor revoked."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())

    def of_token(self, token: str) -> "SharedViewQuerySet":
        """The one whose link carries ``token``; nothing for a token that we did not sign."""
        try:
            return self.filter(key=uuid.UUID(signing.Signer(salt=SALT).unsign(token)))
        except (signing.BadSignature, ValueError):
            return self.none()


class SharedView(models.Model):
    """A link to the figures of one node in one campaign (``phase`` ``None``: the one most are in), without names, for whoever has it,
    until ``expires_at``. It holds as long as who made it may hand these figures out."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="shared_views")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    phase = models.ForeignKey(Phase, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    purpose = models.CharField("给谁看、作什么用", max_length=100)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField("有效期至")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    opened = models.PositiveIntegerField("打开次数", default=0)
    last_opened_at = models.DateTimeField(null=True, blank=True)

    objects = SharedViewQuerySet.as_manager()

    class Meta:
        verbose_name = "只读链接"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="shared_view_order"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.campaign}：{self.purpose}"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def token(self) -> str:
        return signing.Signer(salt=SALT).sign(self.key.hex)

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def holds(self) -> bool:
        """Whether who made it is still there and may still hand these figures out."""
        return self.by.is_active and self.by.can(Permission.EXPORT, at=self.organization)
