"""Study that is planned: what is to come, who asked for leave, who signed in (S0 四; 学习安排、请假、签到)."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models.enrolment import Enrolment, Participation
from campaign.models.material import Material
from campaign.models.self_study import CoreGroupSeat
from campaign.models.study import Attendance, StudySession, start_of
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.ciphers import SealedTextField
from portal.indicators import audiences

LEAVES = [Attendance.State.OFFICIAL_LEAVE, Attendance.State.SICK_LEAVE, Attendance.State.PERSONAL_LEAVE]


class PlannedSessionQuerySet(models.QuerySet["PlannedSession"]):
    def visible_to(self, user: Any) -> "PlannedSessionQuerySet":
        """Those of the units whose study one may see, of the branch where one takes part, of one's 中心组, and those
        where one lectures."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        mine = Participation.objects.active().filter(member=user.member_id or 0)
        seats = CoreGroupSeat.objects.held().filter(member=user.member_id or 0).values("organization")
        of_core_group = Q(enrolment__organization__in=seats, enrolment__campaign__in=mine.values("campaign"))
        scope = within(user.scopes(Permission.VIEW_STUDY), "enrolment__organization__path")
        lectures = Q(lecturer__member=user.member_id or 0)
        return self.filter(scope | Q(enrolment__in=mine.values("enrolment")) | of_core_group | lectures)

    def with_unit(self) -> "PlannedSessionQuerySet":
        """With whose plan it is and who lectures, which is asked for whenever it is asked who is expected."""
        return self.select_related("enrolment__organization", "lecturer")

    def coming(self) -> "PlannedSessionQuerySet":
        """Neither cancelled nor recorded."""
        return self.filter(state=PlannedSession.State.PLANNED, session=None)

    def between(self, first: date, last: date) -> "PlannedSessionQuerySet":
        """From the beginning of one day to the end of another, in the portal's time."""
        return self.filter(starts_at__gte=start_of(first), starts_at__lt=start_of(last + timedelta(1)))

    def under(self, node: Organization) -> "PlannedSessionQuerySet":
        return self.filter(enrolment__organization__path__startswith=node.path)


class PlannedSession(models.Model):
    """One occasion of study that is to come. What was held is a ``StudySession``; ``session`` is the one that came of it,
    and indicators read that one only. ``audience``: code of an audience of people, empty = whoever the form of study is for.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "已安排"
        CANCELLED = "cancelled", "已取消"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="planned_sessions")
    session = models.OneToOneField(StudySession, null=True, on_delete=models.SET_NULL, related_name="plan")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PLANNED)
    form = models.CharField("学习形式", max_length=14, choices=StudySession.Form, default=StudySession.Form.COLLECTIVE)
    topic = models.CharField("主题", max_length=120)
    materials = models.ManyToManyField(Material, blank=True, related_name="plans", verbose_name="学习材料")
    starts_at = models.DateTimeField("时间")
    minutes_long = models.PositiveSmallIntegerField("时长（分钟）", default=120)
    late_after = models.PositiveSmallIntegerField("开始多少分钟后算迟到", default=10)
    place = models.CharField("地点", max_length=80, blank=True)
    chair = models.CharField("主持人", max_length=60, blank=True)
    lecturer = models.ForeignKey(
        Participation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="planned_lectures",
        verbose_name="主讲人（本支部党员）",
    )
    audience = models.CharField("参加人员", max_length=30, blank=True)
    group = models.CharField("党小组", max_length=60, blank=True)
    moved_from = models.DateTimeField("原定时间", null=True)
    cancelled_why = models.CharField("取消原因", max_length=200, blank=True)
    submission = models.UUIDField(unique=True, null=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PlannedSessionQuerySet.as_manager()

    class Meta:
        verbose_name = "学习安排"
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["enrolment", "starts_at"], name="plan_enrolment_time"),
            models.Index(fields=["starts_at"], name="plan_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["planned", "cancelled"]), name="plan_state"),
            models.CheckConstraint(condition=Q(form__in=StudySession.Form.values), name="plan_form"),
            models.CheckConstraint(condition=Q(minutes_long__gte=1) & Q(minutes_long__lte=1440), name="plan_length"),
            models.CheckConstraint(condition=Q(late_after__lte=240), name="plan_late_after"),
            models.CheckConstraint(condition=~Q(state="cancelled") | Q(session=None), name="plan_cancelled_not_held"),
            models.CheckConstraint(condition=~Q(state="cancelled") | ~Q(cancelled_why=""), name="plan_cancelled_why"),
        ]

    def __str__(self) -> str:
        return self.topic

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def day(self) -> date:
        return timezone.localdate(self.starts_at)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes_long)

    @property
    def late_from(self) -> datetime:
        """Who signs in at this moment or later is late."""
        return self.starts_at + timedelta(minutes=self.late_after)

    @property
    def is_cancelled(self) -> bool:
        return self.state == self.State.CANCELLED

    @property
    def is_recorded(self) -> bool:
        return self.session_id is not None

    @property
    def is_coming(self) -> bool:
        """Neither cancelled nor recorded, whether or not its time is over."""
        return not self.is_cancelled and not self.is_recorded

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def takes_leave(self) -> bool:
        """Whether leave can still be asked for: only in advance."""
        return self.is_coming and timezone.now() < self.starts_at

    @property
    def effective_audience(self) -> str:
        """The code that holds: 中心组学习 is for leading cadres unless it says otherwise."""
        leaders = self.form == StudySession.Form.CORE_GROUP
        return self.audience or ("leaders" if leaders else "all-members")

    @property
    def audience_in_words(self) -> str:
        """Who takes part: 全体党员, 党员领导干部 · 第一党小组, 以灵活方式参加的党员."""
        if self.enrolment.is_committee:
            whom = "中心组成员"
        elif self.form == StudySession.Form.HOME_DELIVERY:
            whom = "以灵活方式参加的党员"
        else:
            found = audiences.get(self.effective_audience)
            whom = found.label if found else "全体党员"
        return f"{whom} · {self.group}" if self.group else whom

    @property
    def standing(self) -> str:
        """已安排, 待记录, 已记录 or 已取消."""
        if self.is_cancelled:
            return "已取消"
        return "已记录" if self.is_recorded else "待记录" if self.is_over else "已安排"


class StudyLeaveQuerySet(models.QuerySet["StudyLeave"]):
    def visible_to(self, user: Any) -> "StudyLeaveQuerySet":
        """One's own, and those where one decides about leave, of a branch as its secretary, of a committee in its office:
        what is written there is for nobody else."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        path = "plan__enrolment__organization__path"
        of_branch = Q(plan__enrolment__organization__kind__in=Organization.BRANCH_KINDS)
        branches = within(user.scopes(Permission.DECIDE_LEAVE), path) & of_branch
        committees = within(user.scopes(Permission.LEAD_COMMITTEE), path) & ~of_branch
        return self.filter(branches | committees | Q(participation__member=user.member_id or 0))

    def waiting(self) -> "StudyLeaveQuerySet":
        return self.filter(state=StudyLeave.State.ASKED)

    def granted(self) -> "StudyLeaveQuerySet":
        return self.filter(state=StudyLeave.State.GRANTED)


class StudyLeave(models.Model):
    """Leave asked for in advance (请假). Granted, it becomes the attendance when the session is recorded; it still counts as
    missed and is to be made up for."""

    class State(models.TextChoices):
        ASKED = "asked", "待批"
        GRANTED = "granted", "已准假"
        REFUSED = "refused", "未准假"
        WITHDRAWN = "withdrawn", "已撤回"

    class Kind(models.TextChoices):
        OFFICIAL = "official-leave", "公假"
        SICK = "sick-leave", "病假"
        PERSONAL = "personal-leave", "事假"

    plan = models.ForeignKey(PlannedSession, on_delete=models.CASCADE, related_name="leaves")
    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="leaves")
    kind = models.CharField("请假类别", max_length=16, choices=Kind)
    reason = SealedTextField("原因", context="study-leave")
    state = models.CharField("状态", max_length=10, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField("申请时间", default=timezone.now)
    answer = models.CharField("答复", max_length=200, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = StudyLeaveQuerySet.as_manager()

    class Meta:
        verbose_name = "请假"
        ordering = ["plan", "participation__member"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "participation"], name="leave_once"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "granted", "refused", "withdrawn"]), name="leave_state"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["official-leave", "sick-leave", "personal-leave"]), name="leave_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participation} {self.get_kind_display()}"

    @property
    def scope(self) -> Organization:
        return self.plan.enrolment.organization

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.ASKED

    def is_own(self, user: Any) -> bool:
        return bool(user.member_id) and self.participation.member_id == user.member_id

    def can_be_decided(self, user: Any) -> bool:
        """By whoever decides about leave there, never about one's own."""
        may = user.can(self.plan.enrolment.acted_for_with(Permission.DECIDE_LEAVE), at=self.scope)
        return self.is_waiting and self.plan.is_coming and not self.is_own(user) and may

    def can_be_withdrawn(self, user: Any) -> bool:
        return self.is_own(user) and self.plan.takes_leave and self.state in {self.State.ASKED, self.State.GRANTED}


class SignInQuerySet(models.QuerySet["SignIn"]):
    def visible_to(self, user: Any) -> "SignInQuerySet":
        """Names in the subtrees whose study one may see, and one's own."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        scope = within(user.scopes(Permission.VIEW_STUDY), "plan__enrolment__organization__path")
        return self.filter(scope | Q(participation__member=user.member_id or 0))


class SignIn(models.Model):
    """Somebody signed in on the day. ``by``: whose account did it; another person's is a 代签. ``device``: keyed digest of the
    browser's own mark, so that one device used for several accounts can be shown; nothing is refused because of it."""

    class Way(models.TextChoices):
        SCREEN = "screen", "扫屏幕二维码"
        PAPER = "paper", "纸质签到码"

    plan = models.ForeignKey(PlannedSession, on_delete=models.CASCADE, related_name="sign_ins")
    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField("签到时间", default=timezone.now)
    way = models.CharField("方式", max_length=8, choices=Way)
    device = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = SignInQuerySet.as_manager()

    class Meta:
        verbose_name = "签到"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "participation"], name="sign_in_once"),
            models.CheckConstraint(condition=Q(way__in=["screen", "paper"]), name="sign_in_way"),
        ]

    def __str__(self) -> str:
        return f"{self.participation} 签到"

    @property
    def scope(self) -> Organization:
        return self.plan.enrolment.organization

    @property
    def is_late(self) -> bool:
        return self.at >= self.plan.late_from

    @property
    def is_proxy(self) -> bool:
        """代签: a colleague's account signed them in."""
        return self.by.member_id != self.participation.member_id

    @property
    def state(self) -> str:
        """What it says about attendance."""
        return Attendance.State.LATE if self.is_late else Attendance.State.PRESENT


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, user: Any) -> "CalendarFeedQuerySet":
        return self.filter(user=user.pk) if getattr(user, "is_authenticated", False) else self.none()


class CalendarFeed(models.Model):
    """A person's calendar for other programs, read at a secret address without signing in. Only a digest of the secret is kept."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feed")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = "日历订阅"

    def __str__(self) -> str:
        return f"{self.user}的日历订阅"
