"""What is asked, and when: campaign, batches, phases, steps, requirements."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from members.models import Organization
from members.scope import within
from portal.indicators import Audience, Indicator, Subject, audiences, indicators


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: Any) -> "CampaignQuerySet":
        """Campaigns of the organisations above, at, or below one's places, and those one takes part in."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        paths = [*user.scopes()]
        if user.member_id:
            paths.append(user.member.branch.path)
        above = {path[:n] for path in paths for n in range(Organization.steplen, len(path) + 1, Organization.steplen)}
        return self.filter(Q(organization__path__in=above) | within(paths, "organization__path"))

    def running(self) -> "CampaignQuerySet":
        return self.filter(state=Campaign.State.RUNNING)


class Campaign(models.Model):
    """One education campaign of one organisation's whole subtree, made from a blueprint."""

    class State(models.TextChoices):
        DRAFT = "draft", "筹备中"
        RUNNING = "running", "进行中"
        CLOSED = "closed", "已结束"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="campaigns", verbose_name="组织单位"
    )
    name = models.CharField("名称", max_length=120)
    blueprint = models.CharField("蓝本", max_length=40)
    sequential = models.BooleanField("按阶段依次进行", default=True)
    state = models.CharField("状态", max_length=8, choices=State, default=State.DRAFT)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    settings = models.JSONField(default=dict)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = "教育活动"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["draft", "running", "closed"]), name="campaign_state"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="campaign_order"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Organization:
        return self.organization


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: Any) -> "BatchQuerySet":
        """Those of the campaigns one sees."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user))


class Batch(models.Model):
    """Organisations that go through the campaign at the same time (S0 四: three batches of about half a year)."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveSmallIntegerField("批次")
    name = models.CharField("名称", max_length=60)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = "批次"
        ordering = ["campaign", "number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="batch_number_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="batch_order"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Organization:
        return self.campaign.organization


class Phase(models.Model):
    """A stretch of the campaign: 准备, 学习动员, 分析评议, 整改提高, 巩固 (S0 四)."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveSmallIntegerField("顺序")
    name = models.CharField("阶段", max_length=40)
    aim = models.CharField("要求", max_length=300, blank=True)

    class Meta:
        verbose_name = "阶段"
        ordering = ["campaign", "number"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="phase_number_once")]

    def __str__(self) -> str:
        return self.name


class PhaseWindow(models.Model):
    """When a batch is in a phase."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="windows")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="windows")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")

    class Meta:
        ordering = ["phase__number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "phase"], name="window_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="window_order"),
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.phase}"


class Step(models.Model):
    """A part of a phase that groups requirements."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField("顺序")
    name = models.CharField("环节", max_length=60)

    class Meta:
        ordering = ["phase", "number"]
        constraints = [models.UniqueConstraint(fields=["phase", "number"], name="step_number_once")]

    def __str__(self) -> str:
        return self.name


class Requirement(models.Model):
    """规定动作 = an indicator with parameters, an audience, whether it can be waived, and when it is due.

    ``due_offset`` counts days from the end of its phase (0 = on the last day, -7 = a week before).
    """

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="requirements")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="requirements")
    number = models.PositiveSmallIntegerField("顺序")
    label = models.CharField("规定动作", max_length=80)
    indicator_code = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    audience_code = models.CharField(max_length=40)
    waivable = models.BooleanField("可以免除", default=False)
    due_offset = models.SmallIntegerField(default=0)
    hint = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "规定动作"
        ordering = ["step__phase__number", "step__number", "number"]
        constraints = [models.UniqueConstraint(fields=["step", "number"], name="requirement_number_once")]

    def __str__(self) -> str:
        return self.label

    @property
    def indicator(self) -> Indicator:
        return indicators[self.indicator_code]

    @property
    def audience(self) -> Audience:
        return audiences[self.audience_code]

    @property
    def subject(self) -> Subject:
        return self.indicator.subject
