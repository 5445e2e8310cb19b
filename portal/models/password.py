"""Passwords that somebody had before."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class FormerPassword(models.Model):
    """The hash of a password that was set, kept only where the profile forbids using it again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.set_at:%Y-%m-%d}"
