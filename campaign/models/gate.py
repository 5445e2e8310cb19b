"""Moving on (转段): what a unit asked, what the inspection team said of it, what was decided."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models.campaign import Phase, Requirement
from campaign.models.enrolment import Enrolment
from campaign.models.inspection import InspectionTeam
from members.models import Organization
from members.permissions import Permission
from members.scope import within


class GateQuerySet(models.QuerySet["Gate"]):
    def visible_to(self, user: Any) -> "GateQuerySet":
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_PROGRESS), "enrolment__organization__path"))

    def waiting(self) -> "GateQuerySet":
        return self.filter(state=Gate.State.WAITING)


class Gate(models.Model):
    """One request to move on from a phase (转段), or to end (``closes``: 验收结束). ``missing`` keeps the list of what was unmet when it
    was asked: ``[{"requirement": label, "done", "waived", "total", "who": [names]}]``.

    ``decided_by`` and ``decided_at`` are also those of a withdrawal. ``word_reason``: why it was decided without, or
    against, the inspection team's word.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待审核"
        APPROVED = "approved", "同意"
        RETURNED = "returned", "退回补课"
        WITHDRAWN = "withdrawn", "已撤回"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="gates")
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="+", verbose_name="阶段")
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    closes = models.BooleanField("申请结束", default=False)
    assessment = models.TextField("自我评价")
    missing = models.JSONField(default=list)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    remarks = models.TextField("审核意见", blank=True)
    override_reason = models.TextField("未完成而同意转段的理由", blank=True)
    word_reason = models.TextField("未按督导组意见决定的理由", blank=True)

    objects = GateQuerySet.as_manager()

    class Meta:
        verbose_name = "转段申请"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "phase"], condition=Q(state="waiting"), name="gate_one_waiting"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "approved", "returned", "withdrawn"]), name="gate_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment.organization} {self.heading}"

    @property
    def heading(self) -> str:
        """What is asked: 学习动员转段, or 验收结束."""
        return "验收结束" if self.closes else f"{self.phase}转段"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    def decides(self, user: Any) -> bool:
        """Whether it is the user's to decide: from above the unit, and not their own request."""
        return self.enrolment.decided_from_above(user) and self.requested_by_id != user.pk

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization


class GateWord(models.Model):
    """What the inspection team says of a request (S2 四: 督导组), said once."""

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="words")
    team = models.ForeignKey(InspectionTeam, on_delete=models.PROTECT, related_name="+", verbose_name="督导组")
    agrees = models.BooleanField("意见")
    text = models.TextField("督导意见")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "督导组意见"
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["gate", "team"], name="gate_word_once")]

    def __str__(self) -> str:
        return f"{self.team}：{self.verdict}"

    @property
    def verdict(self) -> str:
        return "同意" if self.agrees else "不同意"


class GateDemandQuerySet(models.QuerySet["GateDemand"]):
    def open(self) -> "GateDemandQuerySet":
        return self.filter(made_up_on=None)


class GateDemand(models.Model):
    """One thing that has to be made up for before the unit asks again (退回补课); ticked off in a later request."""

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="demands")
    number = models.PositiveSmallIntegerField("序号")
    requirement = models.ForeignKey(Requirement, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.CharField("补课事项", max_length=300)
    made_up_on = models.DateField("补齐日期", null=True, blank=True)
    made_up_in = models.ForeignKey(Gate, null=True, on_delete=models.SET_NULL, related_name="made_up")
    note = models.CharField("补课情况", max_length=300, blank=True)

    objects = GateDemandQuerySet.as_manager()

    class Meta:
        verbose_name = "补课事项"
        ordering = ["gate", "number"]
        constraints = [models.UniqueConstraint(fields=["gate", "number"], name="gate_demand_number_once")]

    def __str__(self) -> str:
        return self.text
