"""The implementation plan on its way to the superior (备案)."""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models.enrolment import Enrolment
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.models import Attachment


class PlanFilingQuerySet(models.QuerySet["PlanFiling"]):
    def visible_to(self, user: Any) -> "PlanFilingQuerySet":
        """Those of the units whose progress one may see."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_PROGRESS), "enrolment__organization__path"))

    def waiting(self) -> "PlanFilingQuerySet":
        """Not answered yet, in units that are still there."""
        return self.filter(state=PlanFiling.State.FILED).exclude(enrolment__state=Enrolment.State.CLOSED)


class PlanFiling(models.Model):
    """One time a unit put its plan before its superior (S2 四: 实施方案报上级备案); every round stays."""

    class State(models.TextChoices):
        FILED = "filed", "待备案"
        ACKNOWLEDGED = "acknowledged", "已备案"
        RETURNED = "returned", "退回修改"
        WITHDRAWN = "withdrawn", "已撤回"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="filings")
    state = models.CharField("状态", max_length=12, choices=State, default=State.FILED)
    title = models.CharField("方案名称", max_length=120)
    text = models.TextField("方案内容", blank=True)
    # Empty where the date was noted before there were filings.
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    remarks = models.TextField("上级意见", blank=True)
    attachments = GenericRelation(Attachment)

    objects = PlanFilingQuerySet.as_manager()

    class Meta:
        verbose_name = "方案备案"
        ordering = ["-filed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment"], condition=Q(state="filed"), name="filing_one_waiting"),
            models.CheckConstraint(
                condition=Q(state__in=["filed", "acknowledged", "returned", "withdrawn"]), name="filing_state"
            ),
            models.CheckConstraint(
                condition=Q(state="filed") | Q(decided_at__isnull=False), name="filing_decided_with_a_date"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.FILED
