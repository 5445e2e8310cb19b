"""An organisation's way through a campaign, and the people who take part there."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.functional import cached_property

from campaign.models.campaign import Batch, Campaign, Phase
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

    def committees(self) -> "EnrolmentQuerySet":
        """Units without participants: 党委, 党总支, 党工委, 党组."""
        return self.exclude(organization__kind__in=Organization.BRANCH_KINDS)

    def counted(self) -> "EnrolmentQuerySet":
        """All but those whose organisation was merged away or closed: their records stay, their totals count no more."""
        return self.exclude(state=Enrolment.State.CLOSED)

    def going(self) -> "EnrolmentQuerySet":
        """In preparation or on their way."""
        return self.filter(state__in=[Enrolment.State.PREPARING, Enrolment.State.RUNNING])

    def outside_batch(self) -> "EnrolmentQuerySet":
        """Whose own time, or that of a phase they have not finished, lies outside their batch's; a first day on which they have
        begun is history."""
        runs = PhaseRun.objects.filter(enrolment=OuterRef("pk")).exclude(state=PhaseRun.State.DONE)
        early = Q(state=PhaseRun.State.WAITING, starts_on__lt=OuterRef("batch__starts_on"))
        runs = runs.filter(early | Q(ends_on__gt=OuterRef("batch__ends_on")))
        early = Q(started_on=None, starts_on__lt=F("batch__starts_on"))
        return self.going().filter(early | Q(ends_on__gt=F("batch__ends_on")) | Q(Exists(runs)))

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
    pilot = models.BooleanField("试点单位", default=False)
    short_reason = models.CharField("集中学习教育不足规定时间的理由", max_length=300, blank=True)
    # Of the plan that the superior has acknowledged; written by ``actions.filing`` only.
    plan_title = models.CharField("实施方案", max_length=120, blank=True)
    plan_filed_on = models.DateField("备案日期", null=True, blank=True)
    survey_note = models.TextField("摸底情况", blank=True)
    started_on = models.DateField("启动日期", null=True, blank=True)

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

    @property
    def is_committee(self) -> bool:
        """A unit without participants: its own work is asked for, nobody's study."""
        return not self.organization.is_branch

    @property
    def noun(self) -> str:
        """What its own work is called by: 支部, or the kind of committee."""
        return self.organization.get_kind_display() if self.is_committee else "支部"

    @property
    def is_movable(self) -> bool:
        """Whether it can still go into another batch: what has begun stays where it began."""
        return self.started_on is None and self.state in {self.State.PREPARING, self.State.POSTPONED}

    def acted_for_with(self, permission: Permission) -> Permission:
        """What one must hold here to act for the unit: the secretary's own right, or for a committee its office's."""
        return Permission.LEAD_COMMITTEE if self.is_committee else permission

    def decided_from_above(self, user: Any) -> bool:
        """Whether the user decides about the unit as its superior: from an organisation above it (at the top of a
        campaign, which has none above it, there)."""
        unit, top = self.organization, self.campaign.organization_id
        paths = [path for path in user.scopes(Permission.DECIDE_GATE) if unit.path.startswith(path)]
        return any(path != unit.path for path in paths) or (bool(paths) and unit.pk == top)

    @cached_property
    def leading_group(self) -> Any:
        """Who leads here (``LeadingGroup``), with the posts held now; ``None`` where nobody is named."""
        return self.campaign.leading_groups.filter(organization=self.organization_id).with_posts().first()

    @property
    def head(self) -> str:
        """The head of the leading group; empty where none is named."""
        return self.leading_group.head if self.leading_group else ""

    @property
    def office_members(self) -> str:
        """The office of the leading group: 甲、乙."""
        return self.leading_group.office if self.leading_group else ""


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
