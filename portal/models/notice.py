"""Notices to people, the daily digest that carries them out of the portal, and who wants none by e-mail."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.models.outgoing import Outgoing, OutgoingQuerySet, State


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: Any) -> "NoticeQuerySet":
        return self.filter(recipient=user.pk) if getattr(user, "is_authenticated", False) else self.none()

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    """One thing one person should know. ``key`` makes it unique for ever: a rule that runs twice writes it once."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField("类别", max_length=40)
    text = models.CharField("内容", max_length=500)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    digest = models.ForeignKey("Digest", null=True, on_delete=models.SET_NULL, related_name="notices")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["recipient", "read_at"], name="notice_recipient_read"),
            models.Index(fields=["created_at"], condition=Q(digest=None, read_at=None), name="notice_news"),
        ]

    def __str__(self) -> str:
        return self.text


class DigestQuerySet(OutgoingQuerySet):
    def visible_to(self, user: Any) -> "DigestQuerySet":
        """One's own."""
        return self.filter(recipient=user.pk) if getattr(user, "is_authenticated", False) else self.none()

    def spent(self) -> "DigestQuerySet":
        """Will not be sent (again), but still hold their notices."""
        return self.filter(state__in=[State.FAILED, State.UNCLEAR], notices__isnull=False).distinct()


class Digest(Outgoing):
    """One letter per person and day; ``road`` says by which way it goes (``portal.roads``)."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    road = models.CharField("方式", max_length=20, default="mail")

    objects = DigestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "day"], name="digest_once_a_day"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="digest_state"),
        ]
        indexes = [models.Index(fields=["state", "day"], name="digest_state_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.recipient_id}"

    @property
    def number(self) -> str:
        return f"digest-{self.recipient_id}-{self.day:%Y%m%d}"


class MailRefusal(models.Model):
    """Who wants no e-mail: their notices stay in the portal."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_refusal")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "邮件退订"

    def __str__(self) -> str:
        return str(self.user_id)
