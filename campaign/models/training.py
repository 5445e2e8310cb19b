"""Training away from the branch: party schools, courses (S4 三(一): 每3年轮训一次)."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaign.late_entry import is_late
from members.models import Member, Organization
from members.permissions import Permission
from members.scope import within


class TrainingQuerySet(models.QuerySet["Training"]):
    def visible_to(self, user: Any) -> "TrainingQuerySet":
        """One's own, and those of members whose study one may see."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(
            within(user.scopes(Permission.VIEW_STUDY), "member__branch__path") | Q(member=user.member_id or 0)
        )


class Training(models.Model):
    """One course that one member went through; it goes with the person, whatever campaign runs. ``days`` may be halves."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="trainings")
    subject = models.CharField("培训内容", max_length=120)
    organiser = models.CharField("举办单位", max_length=120)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    days = models.DecimalField("天数", max_digits=4, decimal_places=1)
    hours = models.DecimalField("学时", max_digits=5, decimal_places=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = TrainingQuerySet.as_manager()

    class Meta:
        verbose_name = "培训"
        ordering = ["-ends_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["member", "subject", "starts_on"], name="training_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="training_order"),
            models.CheckConstraint(condition=Q(days__gt=Decimal(0)), name="training_days"),
            models.CheckConstraint(condition=Q(hours__gte=Decimal(0)), name="training_hours"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.subject}"

    @property
    def scope(self) -> Organization:
        return self.member.branch

    @property
    def is_late_entry(self) -> bool:
        return is_late(self.created_at, self.ends_on)
