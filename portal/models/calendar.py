"""Days that differ from the calendar that the portal knows."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class DayExceptionQuerySet(models.QuerySet["DayException"]):
    def visible_to(self, user: Any) -> "DayExceptionQuerySet":
        """Everybody's who is signed in: the calendar is no secret, who may change it is the page's affair."""
        return self.all() if getattr(user, "is_authenticated", False) else self.none()


class DayException(models.Model):
    """One day that the administrator says is worked (``working``) or free, whatever the known calendar says."""

    day = models.DateField("日期", unique=True)
    working = models.BooleanField("上班")
    note = models.CharField("说明", max_length=60, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = DayExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = "作息例外"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {'上班' if self.working else '放假'}"
