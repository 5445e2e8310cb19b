"""What a member does on their own: personal study 个人自学 and notes 心得."""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.late_entry import is_late
from campaign.models.enrolment import Participation
from campaign.models.material import Material
from members.models import Organization
from members.permissions import Permission
from portal.ciphers import SealedTextField
from portal.models import Attachment, ReadLog


class SelfStudyQuerySet(models.QuerySet["SelfStudy"]):
    def visible_to(self, user: Any) -> "SelfStudyQuerySet":
        """One's own."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(participation__member=user.member_id or 0)


class SelfStudy(models.Model):
    """One piece of personal study, as the member says: what, when, how long. Counts into hours where the campaign says so."""

    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="self_studies")
    on = models.DateField("日期")
    what = models.CharField("学了什么", max_length=160)
    minutes = models.PositiveSmallIntegerField("时长（分钟）")
    material = models.ForeignKey(
        Material, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name="学习材料"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = SelfStudyQuerySet.as_manager()

    class Meta:
        verbose_name = "个人自学"
        ordering = ["-on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["participation", "on", "what"], name="self_study_once"),
            models.CheckConstraint(condition=Q(minutes__gte=1) & Q(minutes__lte=1440), name="self_study_length"),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_late_entry(self) -> bool:
        return is_late(self.created_at, self.on)


class StudyNoteQuerySet(models.QuerySet["StudyNote"]):
    def visible_to(self, user: Any) -> "StudyNoteQuerySet":
        """One's own; those shared with the secretary of the branch, by that secretary; those shared with the branch, by its people too.

        Not by anybody above: an appointment at a higher organisation opens no note.
        """
        if not getattr(user, "is_authenticated", False):
            return self.none()
        own = Q(participation__member=user.member_id or 0)
        led = Q(participation__enrolment__organization__path__in=user.scopes(Permission.REVIEW_ANALYSIS))
        mine = Participation.objects.active().filter(member=user.member_id or 0).values("enrolment")
        shared = ~Q(circle=StudyNote.Circle.PRIVATE)
        branch = Q(circle=StudyNote.Circle.BRANCH, participation__enrolment__in=mine)
        return self.filter(own | led & shared | branch)


class StudyNote(models.Model):
    """A member's note on what they studied (心得): their own unless they share it. That it exists is counted.

    ``edition`` grows with each change; what stood before is kept as a ``NoteRevision`` that only the author reads.
    """

    class Circle(models.TextChoices):
        PRIVATE = "private", "只有我自己"
        SECRETARY = "secretary", "支部书记"
        BRANCH = "branch", "本支部党员"

    READING = "study-note"

    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="notes")
    title = models.CharField("题目", max_length=120)
    body = SealedTextField("内容", context="note.body")
    written_on = models.DateField("日期", default=timezone.localdate)
    circle = models.CharField("谁能看到", max_length=10, choices=Circle, default=Circle.PRIVATE)
    edition = models.PositiveIntegerField(default=1)
    submission = models.UUIDField(unique=True, null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    attachments = GenericRelation(Attachment)

    objects = StudyNoteQuerySet.as_manager()

    class Meta:
        verbose_name = "学习心得"
        ordering = ["-written_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(circle__in=["private", "secretary", "branch"]), name="note_circle"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def scope(self) -> Organization:
        return self.participation.enrolment.organization

    @property
    def is_late_entry(self) -> bool:
        return is_late(self.created_at, self.written_on)

    def readings(self) -> models.QuerySet[ReadLog]:
        """Who else opened it, the latest first."""
        return ReadLog.objects.filter(kind=self.READING, object_id=self.pk).select_related("reader")

    def is_of(self, user: Any) -> bool:
        return bool(user.member_id) and self.participation.member_id == user.member_id


class NoteRevision(models.Model):
    """A note as it was before a change; sealed, for its author."""

    note = models.ForeignKey(StudyNote, on_delete=models.CASCADE, related_name="revisions")
    edition = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    body = SealedTextField(context="note.body")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["note", "-edition"]
        constraints = [models.UniqueConstraint(fields=["note", "edition"], name="note_revision_once")]

    def __str__(self) -> str:
        return f"{self.title} {self.edition}"


class CoreGroupSeatQuerySet(models.QuerySet["CoreGroupSeat"]):
    def visible_to(self, user: Any) -> "CoreGroupSeatQuerySet":
        return self.filter(organization__in=Organization.objects.visible_to(user))

    def held(self) -> "CoreGroupSeatQuerySet":
        """Not ended before today."""
        return self.filter(Q(until=None) | Q(until__gte=timezone.localdate()))

    def held_on(self, day: Any) -> "CoreGroupSeatQuerySet":
        return self.filter(Q(until=None) | Q(until__gte=day), since__lte=day)


class CoreGroupSeat(models.Model):
    """A member of a committee's 理论学习中心组 (S4 二(二)1); their attendance is taken where the committee's sessions are recorded."""

    organization = models.ForeignKey("members.Organization", on_delete=models.CASCADE, related_name="core_group")
    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="core_seats")
    since = models.DateField("起始日期", default=timezone.localdate)
    until = models.DateField("结束日期", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = CoreGroupSeatQuerySet.as_manager()

    class Meta:
        verbose_name = "中心组成员"
        ordering = ["organization__path", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "member"], condition=Q(until=None), name="core_group_seat_once"
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=models.F("since")), name="core_group_order"),
        ]

    def __str__(self) -> str:
        return str(self.member)

    @property
    def scope(self) -> Organization:
        return self.organization
