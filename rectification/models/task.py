"""The rectification ledger (整改台账): problems, what was promised, what was done."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Finding, Participation, ProblemCategory
from members.models import Organization
from members.permissions import Permission
from portal.sending import Sent
from rectification.models.ledger import TaskQuerySet


class TaskMoved(Exception):
    """The task is no longer in the state in which this move could be made: somebody else was faster."""


class Task(Sent):
    """One problem with its measure, the person responsible and the date. ``subject``: whose own problem it is; empty =
    the branch's. ``finding``: what an inspection found, if it comes from one.

    未启动 → 整改中 → 已完成待核 → 已销号; 已完成待核 → 退回重改 → 整改中; what can't be done now is explained
    (``explanation``) and, once that is confirmed, 暂缓已说明 (S0 四: 对暂时解决不了的问题，要向群众作出说明).
    """

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

    OPEN_STATES = (State.PLANNED, State.RUNNING, State.REPORTED, State.REDO)
    CLOSED_STATES = (State.CONFIRMED, State.EXPLAINED)

    Category = ProblemCategory

    class Source(models.TextChoices):
        ANALYSIS = "analysis", "党性分析"
        OPINION = "opinion", "征求意见"
        MEETING = "meeting", "组织生活会"
        INSPECTION = "inspection", "督导检查"
        FREE = "free", "其他"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="tasks")
    subject = models.ForeignKey(
        Participation, null=True, blank=True, on_delete=models.CASCADE, related_name="own_tasks"
    )
    problem = models.CharField("问题", max_length=300)
    category = models.CharField("问题类别", max_length=14, choices=Category, default=Category.OTHER)
    source = models.CharField("来源", max_length=10, choices=Source, default=Source.FREE)
    finding = models.OneToOneField(Finding, null=True, blank=True, on_delete=models.SET_NULL, related_name="task")
    measure = models.TextField("整改措施")
    responsible = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="responsible_tasks", verbose_name="责任人"
    )
    kind = models.CharField("整改类型", max_length=10, choices=Kind, default=Kind.DATED)
    due_on = models.DateField("完成时限")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PLANNED)
    explanation = models.TextField("暂缓说明", blank=True)
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "整改事项"
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(fields=["enrolment", "state", "due_on"], name="task_enrolment_state"),
            models.Index(fields=["due_on", "id"], name="task_due"),
            models.Index(fields=["state", "due_on", "id"], name="task_state_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["planned", "running", "reported", "confirmed", "explained", "redo"]),
                name="task_state",
            ),
            models.CheckConstraint(
                condition=Q(subject=None) | Q(responsible=F("subject")), name="task_own_responsible"
            ),
            models.CheckConstraint(condition=~Q(state="explained") | ~Q(explanation=""), name="task_explained_why"),
        ]

    def __str__(self) -> str:
        # A person's own problem is never named in logs and labels.
        return self.problem if self.subject_id is None else "个人整改措施"

    @property
    def home(self) -> Enrolment:
        """The enrolment that answers for it now: a person's own task goes with the person."""
        return self.subject.enrolment if self.subject else self.enrolment

    @property
    def scope(self) -> Organization:
        return self.home.organization

    @property
    def counted_in(self) -> set[int]:
        """Ids of the enrolments whose figures it may change."""
        return {self.enrolment_id, self.home.pk}

    @property
    def is_open(self) -> bool:
        return self.state not in self.CLOSED_STATES

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_on < timezone.localdate()

    @property
    def awaits_explanation(self) -> bool:
        """An explanation was given and nobody has confirmed it yet."""
        return self.is_open and bool(self.explanation)

    @property
    def is_frozen(self) -> bool:
        """A closed campaign's ledger stays as it is."""
        return self.enrolment.campaign.state == Campaign.State.CLOSED

    def is_carried_by(self, user: Any) -> bool:
        return bool(user.member_id) and self.responsible.member_id == user.member_id

    def may_keep(self, user: Any) -> bool:
        """Keeps the ledger in which it stands; a person's own is kept by the reviewers only."""
        reads = self.subject_id is None or user.can(Permission.REVIEW_ANALYSIS, at=self.scope)
        return reads and user.can(Permission.EDIT_LEDGER, at=self.scope)

    def may_carry(self, user: Any) -> bool:
        """Who says how it goes: the responsible person, or whoever keeps the ledger."""
        return self.is_carried_by(user) or self.may_keep(user)

    def may_judge(self, user: Any) -> bool:
        """Who says that it is done: never the responsible person."""
        return user.can(Permission.CONFIRM_TASK, at=self.scope) and not self.is_carried_by(user)

    def may_explain(self, user: Any) -> bool:
        """Who says why it can't be done now: whoever keeps the ledger; a person for their own."""
        return self.may_keep(user) or (self.subject_id is not None and self.is_carried_by(user))

    def may_judge_explanation(self, user: Any) -> bool:
        """Who accepts an explanation: for the branch's own, somebody else than who wrote it."""
        return self.may_judge(user) and not (self.subject_id is None and self.explained_by_id == user.pk)

    def has_explained(self, user: Any) -> bool:
        return self.explained_by_id == user.pk

    def may_remark(self, user: Any) -> bool:
        return self.may_carry(user) or self.may_judge(user)

    def may_edit(self, user: Any) -> bool:
        """The branch's entry: whoever keeps the ledger. A person's own: that person; who reviews, for one without an
        account."""
        if self.subject_id is None:
            return self.may_keep(user)
        return self.is_carried_by(user) or (self.may_keep(user) and not hasattr(self.responsible.member, "user"))

    def can_start(self, user: Any) -> bool:
        return self.state in {self.State.PLANNED, self.State.REDO} and self._may(self.may_carry(user))

    def can_report(self, user: Any) -> bool:
        return self.state == self.State.RUNNING and self._may(self.may_carry(user))

    def can_confirm(self, user: Any) -> bool:
        return self.state == self.State.REPORTED and self._may(self.may_judge(user))

    def can_send_back(self, user: Any) -> bool:
        return self.can_confirm(user)

    def can_explain(self, user: Any) -> bool:
        return self.is_open and not self.explanation and self._may(self.may_explain(user))

    def can_accept_explanation(self, user: Any) -> bool:
        return self.awaits_explanation and self._may(self.may_judge_explanation(user))

    def can_decline_explanation(self, user: Any) -> bool:
        return self.can_accept_explanation(user)

    def can_withdraw_explanation(self, user: Any) -> bool:
        """Who wrote it takes it back."""
        return self.awaits_explanation and self._may(self.has_explained(user))

    def can_resume(self, user: Any) -> bool:
        return self.state == self.State.EXPLAINED and self._may(self.may_carry(user))

    def can_remark(self, user: Any) -> bool:
        return self.is_open and self._may(self.may_remark(user))

    def can_be_edited(self, user: Any) -> bool:
        """Open, and not lying before somebody who is just checking it."""
        return self.is_open and self.state != self.State.REPORTED and self._may(self.may_edit(user))

    def _may(self, right: bool) -> bool:
        return right and not self.is_frozen

    def start(self) -> None:
        """未启动 or 退回重改 → 整改中."""
        self._move((self.State.PLANNED, self.State.REDO), self.State.RUNNING)

    def report(self) -> None:
        """整改中 → 已完成待核."""
        self._move((self.State.RUNNING,), self.State.REPORTED)

    def confirm(self) -> None:
        """已完成待核 → 已销号."""
        self._move((self.State.REPORTED,), self.State.CONFIRMED, closed_at=timezone.now())

    def send_back(self) -> None:
        """已完成待核 → 退回重改."""
        self._move((self.State.REPORTED,), self.State.REDO)

    def explain(self, text: str, by: Any) -> None:
        """Say why it can't be done now; it stays open until somebody confirms the explanation."""
        self._move(self.OPEN_STATES, self.state, explanation=text, explained_by=by)

    def accept_explanation(self) -> None:
        """Any open state → 暂缓已说明."""
        self._move(
            self.OPEN_STATES,
            self.State.EXPLAINED,
            explanation=self.explanation,
            explained_by=self.explained_by,
            closed_at=timezone.now(),
        )

    def decline_explanation(self) -> None:
        """The explanation does not stand, or is taken back: the task goes on where it was."""
        self._move(self.OPEN_STATES, self.state)

    def resume(self) -> None:
        """暂缓已说明 → 整改中, once the conditions are there."""
        self._move((self.State.EXPLAINED,), self.State.RUNNING)

    def _move(self, allowed: tuple[str, ...], to: str, **fields: Any) -> None:
        """One conditional update that must hit one row. A move that is not about an explanation drops it."""
        values = {"explanation": "", "explained_by": None, "closed_at": None} | fields | {"state": to}
        row = Task.objects.filter(pk=self.pk, state=self.state, explanation=self.explanation)
        if self.state not in allowed or row.update(**values) != 1:
            raise TaskMoved
        for name, value in values.items():
            setattr(self, name, value)
