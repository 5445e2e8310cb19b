"""What a running campaign asks changes only by an amendment with a date, a reason and a known effect."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models.campaign import Campaign, Requirement, Step
from members.models import Organization


class AmendmentQuerySet(models.QuerySet["Amendment"]):
    def visible_to(self, user: Any) -> "AmendmentQuerySet":
        """Those of the campaigns one sees."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user))

    def open(self) -> "AmendmentQuerySet":
        """Being written, or approved and not in effect yet; a campaign has one at most."""
        return self.filter(state__in=[Amendment.State.DRAFT, Amendment.State.APPROVED])

    def decided(self) -> "AmendmentQuerySet":
        """What everybody who takes part may know: approved or in effect."""
        return self.filter(state__in=[Amendment.State.APPROVED, Amendment.State.APPLIED])


class Amendment(models.Model):
    """One set of changes to a campaign's requirements, from a day on.

    ``effect`` is what was foreseen before it was approved, ``outcome`` what was there when it took effect. ``cursor`` is how far figures
    have been got ready (by enrolment id): a run that was interrupted goes on from there.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "起草中"
        APPROVED = "approved", "已批准，待生效"
        APPLIED = "applied", "已生效"
        CANCELLED = "cancelled", "已撤销"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="amendments")
    number = models.PositiveSmallIntegerField("序号")
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    reason = models.TextField("调整理由")
    takes_effect_on = models.DateField("生效日期")
    effect = models.JSONField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)
    cursor = models.PositiveBigIntegerField(default=0)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = "活动调整"
        ordering = ["campaign", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="amendment_number_once"),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(state__in=["draft", "approved"]), name="amendment_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "approved", "applied", "cancelled"]), name="amendment_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}第{self.number}次调整"

    @property
    def scope(self) -> Organization:
        return self.campaign.organization

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_due(self) -> bool:
        return self.state == self.State.APPROVED and self.takes_effect_on <= timezone.localdate()


class AmendmentChange(models.Model):
    """One requirement that is added (to ``step``), changed or withdrawn (``requirement``). ``made`` is the row that takes its place."""

    class Kind(models.TextChoices):
        ADD = "add", "增加"
        CHANGE = "change", "修改"
        WITHDRAW = "withdraw", "停止执行"

    amendment = models.ForeignKey(Amendment, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField("调整", max_length=8, choices=Kind)
    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="+")
    requirement = models.ForeignKey(Requirement, null=True, on_delete=models.CASCADE, related_name="+")
    values = models.JSONField(default=dict)
    made = models.ForeignKey(Requirement, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["amendment", "step__phase__number", "step__number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["amendment", "requirement"], name="amendment_requirement_once"),
            models.CheckConstraint(
                condition=Q(kind="add", requirement=None)
                | Q(kind__in=["change", "withdraw"], requirement__isnull=False),
                name="amendment_change_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}“{self.label}”"

    @property
    def label(self) -> str:
        """The name of the requirement, as it will be."""
        return str(self.values.get("label") or (self.requirement.label if self.requirement else ""))

    def planned(self) -> Requirement:
        """The requirement as it will be, not saved. Its id is one that no row has, so that it can be counted before it is there."""
        before, values = self.requirement, dict(self.values)
        if day := values.pop("due_date", None):
            values["due_date"] = date.fromisoformat(day)
        return Requirement(
            pk=-self.pk,
            step=self.step,
            campaign_id=self.amendment.campaign_id,
            number=before.number if before else 0,
            supersedes=before,
            carries=before.family if before else [],
            in_force=False,
            **values,
        )
