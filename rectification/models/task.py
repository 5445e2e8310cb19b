"""The rectification ledger (整改台账): problems, what was promised, what was done."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models import Enrolment, Participation
from members.models import Organization
from members.permissions import Permission
from members.scope import within


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: Any) -> "TaskQuerySet":
        """Tasks that one owes or raised; the branch's own in subtrees whose ledger one may see; a person's own only to the branch's
        reviewers (the words behind it are from a self-analysis)."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        ledger = within(user.scopes(Permission.VIEW_LEDGER), "enrolment__organization__path") & Q(subject=None)
        private = within(user.scopes(Permission.REVIEW_ANALYSIS), "enrolment__organization__path")
        own = Q(responsible__member=user.member_id or 0) | Q(subject__member=user.member_id or 0)
        return self.filter(ledger | private | own)

    def open(self) -> "TaskQuerySet":
        return self.exclude(state__in=Task.CLOSED_STATES)

    def overdue(self, today: Any) -> "TaskQuerySet":
        """Open and past its date; computed, never set."""
        return self.open().filter(due_on__lt=today)


class Task(models.Model):
    """One problem with its measure, the person responsible and the date. ``subject``: whose own problem it is; empty = the branch's."""

    class Kind(models.TextChoices):
        IMMEDIATE = "immediate", "立行立改"
        DATED = "dated", "限期整改"
        LASTING = "lasting", "长期坚持"

    class State(models.TextChoices):
        PLANNED = "planned", "未启动"
        RUNNING = "running", "整改中"
        REPORTED = "reported", "已完成待核"
        CONFIRMED = "confirmed", "已销号"
        EXPLAINED = "explained", "暂缓已说明"
        REDO = "redo", "退回重改"

    CLOSED_STATES = (State.CONFIRMED, State.EXPLAINED)

    class Category(models.TextChoices):
        BELIEF = "belief", "理想信念"
        PURPOSE = "purpose", "宗旨意识"
        DEVELOPMENT = "development", "科学发展观"
        DISCIPLINE = "discipline", "组织纪律"
        STYLE = "style", "工作作风"
        SERVICE = "service", "服务群众"
        INTEGRITY = "integrity", "勤政廉政"
        ORGANIZATION = "organization", "组织建设"
        OTHER = "other", "其他"

    class Source(models.TextChoices):
        ANALYSIS = "analysis", "党性分析"
        OPINION = "opinion", "征求意见"
        MEETING = "meeting", "组织生活会"
        INSPECTION = "inspection", "督导检查"
        FREE = "free", "其他"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="tasks")
    subject = models.ForeignKey(Participation, null=True, blank=True, on_delete=models.CASCADE, related_name="own_tasks")
    problem = models.CharField("问题", max_length=300)
    category = models.CharField("问题类别", max_length=14, choices=Category, default=Category.OTHER)
    source = models.CharField("来源", max_length=10, choices=Source, default=Source.FREE)
    measure = models.TextField("整改措施")
    responsible = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="responsible_tasks", verbose_name="责任人"
    )
    kind = models.CharField("整改类型", max_length=10, choices=Kind, default=Kind.DATED)
    due_on = models.DateField("完成时限")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PLANNED)
    explanation = models.TextField("暂缓说明", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submission = models.UUIDField(unique=True, null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "整改事项"
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["enrolment", "state", "due_on"], name="task_enrolment_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["planned", "running", "reported", "confirmed", "explained", "redo"]),
                name="task_state",
            ),
        ]

    def __str__(self) -> str:
        return self.problem

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def is_overdue(self) -> bool:
        return self.state not in self.CLOSED_STATES and self.due_on < timezone.localdate()


class TaskNote(models.Model):
    """What happened to a task: progress, a move to another state, a remark."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField("进展")
    state = models.CharField(max_length=10, choices=Task.State, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:40]
