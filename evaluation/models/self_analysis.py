"""The self-analysis (党性分析材料): a member's own words, by section, with every version kept."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models import Participation
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.ciphers import SealedTextField


class SelfAnalysisQuerySet(models.QuerySet["SelfAnalysis"]):
    def visible_to(self, user: Any) -> "SelfAnalysisQuerySet":
        """One's own, and, once submitted, those whose named reviewer one is (the branch's secretary)."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        reviewed = within(user.scopes(Permission.REVIEW_ANALYSIS), "participation__enrolment__organization__path")
        return self.filter(
            Q(participation__member=user.member_id or 0) | (reviewed & ~Q(state=SelfAnalysis.State.DRAFT))
        )


class SelfAnalysis(models.Model):
    """One person's analysis in one campaign (S0 四 第二阶段): review → problems → roots → direction."""

    class State(models.TextChoices):
        DRAFT = "draft", "撰写中"
        SUBMITTED = "submitted", "已提交"
        RETURNED = "returned", "退回修改"
        ACCEPTED = "accepted", "已通过"

    participation = models.OneToOneField(Participation, on_delete=models.CASCADE, related_name="analysis")
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = SelfAnalysisQuerySet.as_manager()

    class Meta:
        verbose_name = "党性分析材料"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "returned", "accepted"]), name="analysis_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participation} 党性分析材料"

    @property
    def scope(self) -> Organization:
        return self.participation.enrolment.organization

    @property
    def can_be_written(self) -> bool:
        """Its author may change it as long as it is a draft or was sent back."""
        return self.state in {self.State.DRAFT, self.State.RETURNED}

    def is_own(self, user: Any) -> bool:
        return bool(user.member_id) and self.participation.member_id == user.member_id


class Section(models.Model):
    """The text of one section; ``version`` grows with every save and tells two tabs apart."""

    analysis = models.ForeignKey(SelfAnalysis, on_delete=models.CASCADE, related_name="sections")
    key = models.CharField(max_length=20)
    text = SealedTextField(context="analysis.text")
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["analysis", "key"], name="section_once")]

    def __str__(self) -> str:
        return self.key


class Revision(models.Model):
    """A version that once was, or that lost against another tab (``kind`` conflict): nothing that was typed is lost."""

    class Kind(models.TextChoices):
        SAVED = "saved", "保存"
        CONFLICT = "conflict", "另一窗口的文字"
        SUBMITTED = "submitted", "提交"

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="revisions")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SAVED)
    version = models.PositiveIntegerField()
    text = SealedTextField(context="analysis.text")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.section} v{self.version}"


class Remark(models.Model):
    """What a reviewer wrote when sending it back or accepting it; ``key`` names the section, empty = the whole."""

    analysis = models.ForeignKey(SelfAnalysis, on_delete=models.CASCADE, related_name="remarks")
    key = models.CharField(max_length=20, blank=True)
    text = SealedTextField("意见", context="analysis.remark")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.analysis} {self.key}"
