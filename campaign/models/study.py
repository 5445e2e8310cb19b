"""Study that was held: sessions, attendance, make-up."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from campaign.late_entry import is_late
from campaign.models.enrolment import Enrolment, Participation
from campaign.models.material import Material
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.models import Attachment


def start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


class StudySessionQuerySet(models.QuerySet["StudySession"]):
    def visible_to(self, user: Any) -> "StudySessionQuerySet":
        """Sessions of the units one may look into, of the branch where one takes part, those one was expected at (中心组),
        and those where one lectured."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        mine = Participation.objects.filter(member=user.member_id or 0).values("enrolment")
        scope = within(user.scopes(Permission.VIEW_STUDY), "enrolment__organization__path")
        expected = Attendance.objects.filter(session=OuterRef("pk"), participation__member=user.member_id or 0)
        lectured = Q(lecturer__member=user.member_id or 0)
        return self.filter(scope | Q(enrolment__in=mine) | Q(Exists(expected)) | lectured)

    def between(self, first: date, last: date) -> "StudySessionQuerySet":
        """From the beginning of one day to the end of another, in the portal's time."""
        return self.filter(held_at__gte=start_of(first), held_at__lt=start_of(last + timedelta(1)))


class StandingSessions(models.Manager["StudySession"]):
    """Those that were not withdrawn: the one definition of what counts, here and through every relation."""

    def get_queryset(self) -> models.QuerySet["StudySession"]:
        return super().get_queryset().filter(withdrawn_at=None)


class StudySession(models.Model):
    """One occasion of study in a branch; the attendance of everyone who was expected hangs on it.

    One that was recorded by mistake is withdrawn (作废): it stays, with its attendance put aside in ``attendance_then``
    (``[{"participation": id, "state", "make_up": {…} or null}]``), and only ``everything`` finds it.
    """

    class Form(models.TextChoices):
        COLLECTIVE = "collective", "集中学习"
        TUTORIAL = "tutorial", "专题辅导"
        SELF_STUDY = "self-study", "个人自学"
        LECTURE = "lecture", "党课"
        REPORT = "report", "报告会"
        DISCUSSION = "discussion", "专题研讨"
        CORE_GROUP = "core-group", "中心组学习"
        MEDIA = "media", "电化教育"
        ACTIVITY = "activity", "主题实践活动"
        HOME_DELIVERY = "home-delivery", "送学上门"
        MOBILIZATION = "mobilization", "动员大会"

    # Everything that is done in company; only what one does alone does not count as collective education (S4 三(四)).
    COLLECTIVE_FORMS = tuple(form for form in Form if form != "self-study")

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="sessions")
    form = models.CharField("学习形式", max_length=14, choices=Form, default=Form.COLLECTIVE)
    topic = models.CharField("主题", max_length=120)
    materials = models.ManyToManyField(Material, blank=True, related_name="sessions", verbose_name="学习材料")
    held_at = models.DateTimeField("时间")
    minutes_long = models.PositiveSmallIntegerField("时长（分钟）", default=120)
    place = models.CharField("地点", max_length=80, blank=True)
    chair = models.CharField("主持人", max_length=60, blank=True)
    recorder = models.CharField("记录人", max_length=60, blank=True)
    lecturer = models.ForeignKey(
        Participation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="lectures",
        verbose_name="主讲人（本支部党员）",
    )
    record = models.TextField("学习记录", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    withdrawn_at = models.DateTimeField("作废时间", null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_why = models.CharField("作废原因", max_length=200, blank=True, editable=False)
    attendance_then = models.JSONField("作废时的出勤", null=True, editable=False)
    attachments = GenericRelation(Attachment)

    objects = StandingSessions.from_queryset(StudySessionQuerySet)()
    everything = StudySessionQuerySet.as_manager()

    class Meta:
        verbose_name = "学习"
        ordering = ["-held_at", "-pk"]
        indexes = [
            models.Index(fields=["enrolment", "held_at"], name="session_enrolment_time"),
            models.Index(fields=["held_at"], name="session_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | (~Q(withdrawn_why="") & Q(withdrawn_by__isnull=False)),
                name="session_withdrawn_why",
            ),
            models.CheckConstraint(condition=Q(minutes_long__gte=1) & Q(minutes_long__lte=1440), name="session_length"),
        ]

    def __str__(self) -> str:
        return self.topic

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def is_late_entry(self) -> bool:
        """补录: entered more than three days after it was held; counts the same, and says so."""
        return is_late(self.created_at, self.held_at)

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def visible_to(self, user: Any) -> "AttendanceQuerySet":
        """Names and states in the subtrees whose study one may see, and one's own."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        paths = user.scopes(Permission.VIEW_STUDY)
        held = within(paths, "session__enrolment__organization__path")
        home = within(paths, "participation__enrolment__organization__path")
        return self.filter(held | home | Q(participation__member=user.member_id or 0))

    def counted(self) -> "AttendanceQuerySet":
        """Was there, or made up for it: what every sum of hours and days is made of."""
        return self.filter(Q(state__in=Attendance.PRESENT_STATES) | Q(make_up__isnull=False))

    def owed(self, joined_on: Any = F("participation__joined_on")) -> "AttendanceQuerySet":  # noqa: B008 - an expression
        """Missed and not made up for; what was held before the person joined is not asked of them.

        A subquery about a participation says where ``joined_on`` stands outside: looked up for each, it never reads all that was missed.
        """
        since = Q(session__held_at__date__gte=joined_on)
        return self.filter(since, state__in=Attendance.MISSED_STATES, make_up=None)


class Attendance(models.Model):
    """One expected person at one session."""

    class State(models.TextChoices):
        PRESENT = "present", "出席"
        LATE = "late", "迟到"
        LEFT_EARLY = "left-early", "早退"
        OFFICIAL_LEAVE = "official-leave", "公假"
        SICK_LEAVE = "sick-leave", "病假"
        PERSONAL_LEAVE = "personal-leave", "事假"
        ABSENT = "absent", "缺席"
        EXEMPT = "exempt", "免于参加"

    PRESENT_STATES = (State.PRESENT, State.LATE, State.LEFT_EARLY)
    MISSED_STATES = (State.OFFICIAL_LEAVE, State.SICK_LEAVE, State.PERSONAL_LEAVE, State.ABSENT)

    session = models.ForeignKey(StudySession, on_delete=models.CASCADE, related_name="attendances")
    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="attendances")
    state = models.CharField(max_length=16, choices=State, default=State.PRESENT)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        ordering = ["session", "participation__member"]
        constraints = [
            models.UniqueConstraint(fields=["session", "participation"], name="attendance_once"),
            models.CheckConstraint(
                condition=Q(state__in=["present", "late", "left-early", "official-leave"])
                | Q(state__in=["sick-leave", "personal-leave", "absent", "exempt"]),
                name="attendance_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participation} {self.get_state_display()}"

    @property
    def scope(self) -> Organization:
        return self.session.enrolment.organization

    @property
    def is_missed(self) -> bool:
        """Whether something is to be made up for, made up or not."""
        return self.state in self.MISSED_STATES


class MakeUp(models.Model):
    """What was missed was made up for: when, how, and who checked (补课)."""

    attendance = models.OneToOneField(Attendance, on_delete=models.CASCADE, related_name="make_up")
    on = models.DateField("补课日期")
    way = models.CharField("补课方式", max_length=80)
    checked_by = models.CharField("验收人", max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.attendance} 补课 {self.on}"

    @property
    def is_late_entry(self) -> bool:
        return is_late(self.created_at, self.on)
