"""Days that differ from the calendar that the portal knows."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class DayException(models.Model):
    """One day that the administrator says is worked (``working``) or free, whatever the known calendar says."""

    day = models.DateField("日期", unique=True)
    working = models.BooleanField("上班")
    note = models.CharField("说明", max_length=60, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "作息例外"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {'上班' if self.working else '放假'}"
