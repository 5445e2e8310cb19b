"""What is asked, and when: campaign, batches, phases, steps, requirements."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings as site
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from members.models import Organization
from members.scope import within
from portal.indicators import Audience, Condition, Indicator, Subject, audiences, indicators

if TYPE_CHECKING:
    from campaign.models.enrolment import PhaseRun


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

    def with_unit_of(self, node: Organization) -> "CampaignQuerySet":
        """``own_unit``: the id of the node's own enrolment, or ``None``."""
        own = self.model._meta.get_field("enrolments").related_model._default_manager.filter(organization=node)  # type: ignore[union-attr]
        return self.annotate(own_unit=Subquery(own.filter(campaign=OuterRef("pk")).values("pk")))


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
    closed_on = models.DateField("结束于", null=True, blank=True)
    closed_by = models.ForeignKey(site.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closing_note = models.TextField("结束说明", blank=True)
    previous = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="following", verbose_name="上一年度"
    )

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

    @property
    def steps(self) -> "models.QuerySet[Step]":
        return Step.objects.filter(phase__campaign=self)


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


class RequirementQuerySet(models.QuerySet["Requirement"]):
    def in_force(self) -> "RequirementQuerySet":
        """What is asked today: neither withdrawn nor still waiting for its amendment to take effect."""
        return self.filter(in_force=True)

    def kept(self) -> "RequirementQuerySet":
        """In force or about to be: those whose figures are kept up to date."""
        return self.filter(withdrawn_on=None)

    def pending(self) -> "RequirementQuerySet":
        """Of an amendment that is being applied: figures are being got ready, nobody is asked yet."""
        return self.filter(in_force=False, withdrawn_on=None)


class Requirement(models.Model):
    """规定动作 = an indicator with parameters, an audience, whether it can be waived, and when it is due.

    Never changed while its campaign runs: an amendment puts another row in its place (``supersedes``) and takes this
    one out of force (``withdrawn_on``). ``carries`` are the ids of all rows it replaced, one after another: what was
    waived there is waived here. ``sectors`` narrows the audience to units of these 领域 (empty = all).
    ``due_offset`` counts days from the first or last day of the unit's own phase (0 = that day, -7 = a week before).
    """

    class DueFrom(models.TextChoices):
        END = "end", "阶段结束"
        START = "start", "阶段开始"
        DATE = "date", "固定日期"

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="requirements")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="requirements")
    number = models.PositiveSmallIntegerField("顺序")
    label = models.CharField("规定动作", max_length=80)
    indicator_code = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    audience_code = models.CharField(max_length=40)
    waivable = models.BooleanField("可以免除", default=False)
    sectors = models.JSONField("适用领域", default=list, blank=True)
    due_from = models.CharField("期限起算", max_length=5, choices=DueFrom, default=DueFrom.END)
    due_offset = models.SmallIntegerField("期限天数", default=0)
    due_date = models.DateField("截止日期", null=True, blank=True)
    hint = models.CharField("说明", max_length=300, blank=True)
    in_force = models.BooleanField("生效", default=True)
    withdrawn_on = models.DateField("停止执行日期", null=True, blank=True)
    supersedes = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="successors")
    carries = models.JSONField(default=list, blank=True)

    objects = RequirementQuerySet.as_manager()

    class Meta:
        verbose_name = "规定动作"
        ordering = ["step__phase__number", "step__number", "number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["step", "number"], condition=Q(in_force=True), name="requirement_number_once"
            ),
            models.CheckConstraint(condition=Q(due_from__in=["end", "start", "date"]), name="requirement_due_from"),
            models.CheckConstraint(
                condition=~Q(due_from="date") | Q(due_date__isnull=False), name="requirement_due_date"
            ),
            models.CheckConstraint(
                condition=Q(in_force=False) | Q(withdrawn_on=None), name="requirement_withdrawn_out_of_force"
            ),
        ]

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

    @property
    def family(self) -> list[int]:
        """Ids of this row and of those it replaced: a waiver of any of them counts."""
        return [self.pk, *self.carries]

    def audience_in_words(self) -> str:
        """To whom it applies, with the 领域 that narrow it."""
        labels = {"": "未填领域"} | dict(Organization.Sector.choices)
        sectors = "、".join(str(labels.get(s, s)) for s in sorted(self.sectors, key=lambda s: not s))
        return f"{self.audience.label}（{sectors}）" if sectors else self.audience.label

    def due_in_words(self) -> str:
        """The rule, not a day: each unit has its own dates."""
        if self.due_from == self.DueFrom.DATE and self.due_date:
            return f"{self.due_date.year}年{self.due_date.month}月{self.due_date.day}日前"
        edge = "阶段开始" if self.due_from == self.DueFrom.START else "阶段结束"
        if not self.due_offset:
            return f"{edge}当天"
        return f"{edge}{'前' if self.due_offset < 0 else '后'}{abs(self.due_offset)}天"

    def concerns(self) -> Condition:
        """Condition over the rows of its subject: those of the audience in units of its 领域."""
        if not self.sectors:
            return self.audience.applies()
        place = "enrolment__organization" if self.subject == Subject.PERSON else "organization"
        return Q(self.audience.applies()) & Q(**{f"{place}__sector__in": self.sectors})

    def due_on(self, run: "PhaseRun") -> date:
        """The last day on which a unit can do it in time; ``run`` is the unit's own run of the requirement's phase."""
        if self.due_from == self.DueFrom.DATE and self.due_date:
            return self.due_date
        start = run.starts_on if self.due_from == self.DueFrom.START else run.ends_on
        return start + timedelta(days=self.due_offset)

    def due_until(self, last: date) -> Q:
        """The same rule as a condition over ``PhaseRun``: those runs whose unit has it due on ``last`` or before."""
        if self.due_from == self.DueFrom.DATE and self.due_date:
            return Q() if self.due_date <= last else Q(pk__in=[])
        day = "starts_on" if self.due_from == self.DueFrom.START else "ends_on"
        return Q(**{f"{day}__lte": last - timedelta(days=self.due_offset)})
