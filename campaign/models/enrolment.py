"""An organisation's way through a campaign, and the people who take part there."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaign.models.campaign import Batch, Campaign, Phase, Requirement
from members.models import Member, Organization
from members.permissions import Permission
from members.scope import within


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def visible_to(self, user: Any) -> "EnrolmentQuerySet":
        """Those in one's subtrees, and the one in which one takes part."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        own = Q(participations__member=user.member_id) if user.member_id else Q(pk__in=[])
        mine = self.model.objects.filter(own).values("pk")
        return self.filter(within(user.scopes(), "organization__path") | Q(pk__in=mine))

    def under(self, node: Organization) -> "EnrolmentQuerySet":
        return self.filter(organization__path__startswith=node.path)

    def in_tree_order(self) -> "EnrolmentQuerySet":
        """The one order in which enrolments are locked together, so that two writers never wait for each other."""
        return self.order_by("organization__path", "pk")

    def running(self) -> "EnrolmentQuerySet":
        return self.filter(state=Enrolment.State.RUNNING)

    def counted(self) -> "EnrolmentQuerySet":
        """All but those whose organisation was merged away or closed: their records stay, their totals count no more."""
        return self.exclude(state=Enrolment.State.CLOSED)

    def under_way(self) -> "EnrolmentQuerySet":
        """In campaigns that are not over: where people may still come and go."""
        return self.exclude(campaign__state=Campaign.State.CLOSED)


class Enrolment(models.Model):
    """One organisation in one batch. Its row is the lock under which the branch's figures change."""

    class State(models.TextChoices):
        PREPARING = "preparing", "准备中"
        RUNNING = "running", "进行中"
        FINISHED = "finished", "已结束"
        POSTPONED = "postponed", "暂缓"
        CLOSED = "closed", "已撤并"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="enrolments")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="enrolments", verbose_name="批次")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="enrolments", verbose_name="组织"
    )
    state = models.CharField("状态", max_length=10, choices=State, default=State.PREPARING)
    phase = models.ForeignKey(Phase, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="当前阶段")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    head = models.CharField("领导小组组长", max_length=60, blank=True)
    office_members = models.CharField("工作机构成员", max_length=300, blank=True)
    plan_title = models.CharField("实施方案", max_length=120, blank=True)
    plan_filed_on = models.DateField("备案日期", null=True, blank=True)
    survey_note = models.TextField("摸底情况", blank=True)
    started_on = models.DateField("启动日期", null=True, blank=True)
    rollup = models.ForeignKey(
        "RollupPoint", null=True, blank=True, on_delete=models.SET_NULL, related_name="enrolments"
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = "参加单位"
        ordering = ["organization__path"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "organization"], name="enrolment_once"),
            models.CheckConstraint(
                condition=Q(state__in=["preparing", "running", "finished", "postponed", "closed"]),
                name="enrolment_state",
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="enrolment_order"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.campaign}"

    @property
    def scope(self) -> Organization:
        return self.organization


class PhaseRun(models.Model):
    """One organisation in one phase, with its own dates inside the batch's (S0 四: 起止时间灵活掌握)."""

    class State(models.TextChoices):
        WAITING = "waiting", "未开始"
        ACTIVE = "active", "进行中"
        DONE = "done", "已完成"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="runs")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="runs")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    completed_on = models.DateField("完成日期", null=True, blank=True)

    class Meta:
        ordering = ["enrolment", "phase__number"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "phase"], name="phase_run_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="phase_run_order"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "active", "done"]), name="phase_run_state"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.phase}"


class GateQuerySet(models.QuerySet["Gate"]):
    def visible_to(self, user: Any) -> "GateQuerySet":
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_PROGRESS), "enrolment__organization__path"))

    def waiting(self) -> "GateQuerySet":
        return self.filter(state=Gate.State.WAITING)


class Gate(models.Model):
    """One request to move on from a phase (转段). ``missing`` keeps the list of what was unmet when it was asked:
    ``[{"requirement": label, "done", "waived", "total", "who": [names]}]``."""

    class State(models.TextChoices):
        WAITING = "waiting", "待审核"
        APPROVED = "approved", "同意"
        RETURNED = "returned", "退回补课"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="gates")
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="+", verbose_name="阶段")
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    assessment = models.TextField("自我评价")
    missing = models.JSONField(default=list)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    remarks = models.TextField("审核意见", blank=True)
    override_reason = models.TextField("未完成而同意转段的理由", blank=True)

    objects = GateQuerySet.as_manager()

    class Meta:
        verbose_name = "转段申请"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "phase"], condition=Q(state="waiting"), name="gate_one_waiting"
            ),
            models.CheckConstraint(condition=Q(state__in=["waiting", "approved", "returned"]), name="gate_state"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment.organization} {self.phase} 转段"

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def visible_to(self, user: Any) -> "ParticipationQuerySet":
        """One's own, and names in the subtrees where one is entitled to names."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        named = within(user.scopes(Permission.VIEW_NAMES), "enrolment__organization__path")
        return self.filter(named | Q(member=user.member_id or 0))

    def active(self) -> "ParticipationQuerySet":
        """Taking part now: joined and not left."""
        return self.filter(left_on=None)

    def in_roll_order(self) -> "ParticipationQuerySet":
        return self.order_by("enrolment__organization__path", "member_id")


class Participation(models.Model):
    """One person in one campaign, exactly once, wherever that is. Their records hang here, not on the member.

    ``arrived_on``: when they came to this enrolment from another one; what was held here before is not asked of them.
    """

    class Route(models.TextChoices):
        NORMAL = "normal", "正常参加"
        ALTERNATIVE = "alternative", "灵活方式"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="participations")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="participations")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="participations")
    route = models.CharField("参加方式", max_length=12, choices=Route, default=Route.NORMAL)
    joined_on = models.DateField("参加日期")
    arrived_on = models.DateField("转来日期", null=True, blank=True)
    left_on = models.DateField("离开日期", null=True, blank=True)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        ordering = ["enrolment", "member"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "member"], name="participation_once"),
            models.CheckConstraint(condition=Q(route__in=["normal", "alternative"]), name="participation_route"),
        ]

    def __str__(self) -> str:
        return str(self.member)

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def expected_from(self) -> date:
        """The first day from which they are expected at this enrolment's sessions (joined later ≠ absent)."""
        return max(self.joined_on, self.arrived_on or self.joined_on)


class Waiver(models.Model):
    """A requirement that need not be met, with the reason and who allowed it; counted apart from what was done."""

    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="waivers")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="waivers")
    participation = models.ForeignKey(Participation, null=True, on_delete=models.CASCADE, related_name="waivers")
    reason = models.CharField("理由", max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["requirement", "participation"], condition=~Q(participation=None), name="waiver_person_once"
            ),
            models.UniqueConstraint(
                fields=["requirement", "enrolment"], condition=Q(participation=None), name="waiver_organization_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement} {self.participation or self.enrolment}"
