"""When a unit's campaign was put off, and taken up again (暂缓、恢复)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaign.models.enrolment import Enrolment


class PostponementQuerySet(models.QuerySet["Postponement"]):
    def holding(self) -> "PostponementQuerySet":
        """Not taken up again yet."""
        return self.filter(resumed_on=None)

    def overdue(self) -> "PostponementQuerySet":
        """The day on which it should have gone on is past."""
        return self.holding().filter(until__lt=timezone.localdate())


class Postponement(models.Model):
    """Why, from when and until when a unit is put off, who decided it, and how it went on (S0 四: 停产、改制等特殊情况)."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="postponements")
    reason = models.CharField("暂缓理由", max_length=300)
    since = models.DateField("暂缓日期")
    until = models.DateField("预计恢复日期")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    resumed_on = models.DateField("恢复日期", null=True, blank=True)
    resumed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    resumed_note = models.CharField("恢复说明", max_length=300, blank=True)

    objects = PostponementQuerySet.as_manager()

    class Meta:
        verbose_name = "暂缓"
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment"], condition=Q(resumed_on=None), name="postponement_holds_once"),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="postponement_order"),
            models.CheckConstraint(
                condition=Q(resumed_on=None) | Q(resumed_on__gte=F("since")), name="postponement_resumed_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} 暂缓至{self.until}"

    @property
    def is_overdue(self) -> bool:
        return self.resumed_on is None and self.until < timezone.localdate()
