"""The self-analysis (党性分析材料): a member's own words, by section, with every version kept."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from campaign.models import Campaign, Participation
from members.models import Appointment, MemberTag, Organization
from members.permissions import Permission, roles_with
from members.scope import within
from portal.ciphers import SealedTextField
from portal.models import ReadLog


def is_reviewed_by(user: Any) -> Q:
    """Analyses that ``user`` reviews, never their own: all of a branch whose reviewer they are; from a place above only
    those of the branch's own reviewers, of leading cadres, and of branches without a reviewer."""
    paths = user.scopes(Permission.REVIEW_ANALYSIS)
    branch = "participation__enrolment__organization"
    reviewers = Appointment.objects.current().filter(
        organization=OuterRef(branch), role__in=roles_with(Permission.REVIEW_ANALYSIS), user__is_active=True
    )
    leads = MemberTag.objects.filter(member=OuterRef("participation__member"), kind=MemberTag.Kind.LEADER)
    themselves = reviewers.filter(user__member=OuterRef("participation__member"))
    left_to_those_above = Q(Exists(leads)) | Q(Exists(themselves)) | ~Q(Exists(reviewers))
    here = Q(**{f"{branch}__path__in": paths})
    return (here | (within(paths, f"{branch}__path") & left_to_those_above)) & ~Q(
        participation__member=user.member_id or 0
    )


class SelfAnalysisQuerySet(models.QuerySet["SelfAnalysis"]):
    def visible_to(self, user: Any) -> "SelfAnalysisQuerySet":
        """One's own, and those handed in to oneself as reviewer (see ``is_reviewed_by``)."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        handed_in = is_reviewed_by(user) & ~Q(state=SelfAnalysis.State.DRAFT)
        return self.filter(Q(participation__member=user.member_id or 0) | handed_in)

    def to_review(self, user: Any) -> "SelfAnalysisQuerySet":
        """Those that wait for the user's word."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.waiting().filter(is_reviewed_by(user))

    def waiting(self) -> "SelfAnalysisQuerySet":
        """Handed in and not yet decided."""
        return self.filter(state=SelfAnalysis.State.SUBMITTED)

    def with_author(self) -> "SelfAnalysisQuerySet":
        """With everything a page says about the author and the branch."""
        return self.select_related(
            "participation__member", "participation__campaign", "participation__enrolment__organization"
        )


class SelfAnalysis(models.Model):
    """One person's analysis in one campaign (S0 四 第二阶段): review → problems → roots → direction."""

    class State(models.TextChoices):
        DRAFT = "draft", "撰写中"
        SUBMITTED = "submitted", "待审阅"
        RETURNED = "returned", "退回修改"
        ACCEPTED = "accepted", "已通过"

    # What the read log calls a reading of these words.
    READING = "self-analysis"

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
        """Its author may change it as a draft or when sent back, while they take part and the campaign is not over."""
        going_on = self.participation.left_on is None and self.participation.campaign.state != Campaign.State.CLOSED
        return going_on and self.state in {self.State.DRAFT, self.State.RETURNED}

    def is_own(self, user: Any) -> bool:
        return bool(user.member_id) and self.participation.member_id == user.member_id

    def can_be_decided_by(self, user: Any) -> bool:
        """It waits, and the user is its reviewer; nobody decides on their own."""
        return SelfAnalysis.objects.to_review(user).filter(pk=self.pk).exists()

    def submit(self) -> bool:
        """Hand in a draft or what was sent back; exactly one of several attempts gets ``True``."""
        return self._move(
            {self.State.DRAFT, self.State.RETURNED}, state=self.State.SUBMITTED, submitted_at=timezone.now()
        )

    def send_back(self, by: Any) -> bool:
        return self._move({self.State.SUBMITTED}, state=self.State.RETURNED, decided_at=timezone.now(), decided_by=by)

    def accept(self, by: Any) -> bool:
        return self._move({self.State.SUBMITTED}, state=self.State.ACCEPTED, decided_at=timezone.now(), decided_by=by)

    def _move(self, old: Collection[str], **values: Any) -> bool:
        moved = SelfAnalysis.objects.filter(pk=self.pk, state__in=old).update(**values) == 1
        self.refresh_from_db(fields=["state", "submitted_at", "decided_at", "decided_by"])
        return moved

    def handed_in(self) -> dict[str, str]:
        """Text by section key as it was last handed in: what reviewers read, also while the author goes on writing."""
        if self.state in {self.State.SUBMITTED, self.State.ACCEPTED}:
            return dict(self.sections.values_list("key", "text"))
        kept = Revision.objects.filter(section__analysis=self.pk, kind=Revision.Kind.SUBMITTED).order_by("pk")
        return dict(kept.values_list("section__key", "text"))

    def readings(self) -> models.QuerySet[ReadLog]:
        """Who else opened it, newest first."""
        return (
            ReadLog.objects.filter(kind=self.READING, object_id=self.pk).select_related("reader").order_by("-at", "-pk")
        )


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


class RevisionQuerySet(models.QuerySet["Revision"]):
    def visible_to(self, user: Any) -> "RevisionQuerySet":
        """The author's only: reviewers read what was handed in, not how it came about."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(section__analysis__participation__member=user.member_id or 0)


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

    objects = RevisionQuerySet.as_manager()

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
