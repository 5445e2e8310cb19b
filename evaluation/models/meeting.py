"""Opinion rounds, heart-to-heart talks and meetings of a branch, as records that are counted."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaign.late_entry import is_late
from campaign.models import Enrolment, Participation
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.paper_totals import CountedOnPaper, adding_up
from portal.sending import Sent


class OfBranchQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Any:
        """Records of the branches in which one records the evaluation, and of the committees that one's office leads."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        place = "enrolment__organization"
        led = within(user.scopes(Permission.LEAD_COMMITTEE), f"{place}__path")
        led &= ~Q(**{f"{place}__kind__in": Organization.BRANCH_KINDS})
        return self.filter(within(user.scopes(Permission.RECORD_EVALUATION), f"{place}__path") | led)


class OpinionRound(Sent, CountedOnPaper):
    """Opinions sought through one channel (S0 四: 个别谈话、发放测评表、召开座谈会等); sheets of paper are counted where there were any."""

    class Channel(models.TextChoices):
        INTERVIEW = "interview", "个别谈话"
        FORUM = "forum", "座谈会"
        FORM = "form", "测评表"
        BOX = "box", "意见箱"
        HOTLINE = "hotline", "热线"
        VISIT = "visit", "走访"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="opinion_rounds")
    channel = models.CharField("征求方式", max_length=10, choices=Channel)
    held_on = models.DateField("日期")
    asked = models.PositiveIntegerField("征求人数")
    received = models.PositiveIntegerField("收到意见条数")
    passed_on = models.DateField("反馈日期", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("录入时间", default=timezone.now)

    objects = OfBranchQuerySet.as_manager()

    class Meta:
        verbose_name = "征求意见"
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(passed_on=None) | Q(passed_on__gte=F("held_on")), name="opinion_order"),
            *adding_up("opinion"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.held_on}"

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def is_late_entry(self) -> bool:
        """补录: counts the same, and says when it was entered."""
        return is_late(self.created_at, self.held_on)


class Talk(Sent):
    """A heart-to-heart talk between two people of the branch (谈心): that it was, never what was said."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="talks")
    one = models.ForeignKey(Participation, models.CASCADE, related_name="talks_as_one", verbose_name="谈心一方")
    other = models.ForeignKey(Participation, models.CASCADE, related_name="talks_as_other", verbose_name="另一方")
    held_on = models.DateField("日期", default=timezone.localdate)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("录入时间", default=timezone.now)

    objects = OfBranchQuerySet.as_manager()

    class Meta:
        verbose_name = "谈心"
        ordering = ["-held_on", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(one=F("other")), name="talk_two_people")]

    def __str__(self) -> str:
        return f"{self.one} {self.other}"

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def is_late_entry(self) -> bool:
        """补录: counts the same, and says when it was entered."""
        return is_late(self.created_at, self.held_on)


class Meeting(Sent):
    """A meeting of the second phase: 专题组织生活会, 专题民主生活会 (S0 四)."""

    class Kind(models.TextChoices):
        ORGANIZATION_LIFE = "organization-life", "专题组织生活会"
        DEMOCRATIC_LIFE = "democratic-life", "专题民主生活会"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="meetings")
    kind = models.CharField("会议", max_length=20, choices=Kind, default=Kind.ORGANIZATION_LIFE)
    held_on = models.DateField("日期")
    place = models.CharField("地点", max_length=80, blank=True)
    chair = models.CharField("主持人", max_length=60)
    expected = models.PositiveIntegerField("应到")
    present = models.PositiveIntegerField("实到")
    outcome = models.TextField("会议情况", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("录入时间", default=timezone.now)

    objects = OfBranchQuerySet.as_manager()

    class Meta:
        verbose_name = "会议"
        ordering = ["-held_on", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(present__lte=F("expected")), name="meeting_present")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.held_on}"

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization

    @property
    def is_late_entry(self) -> bool:
        """补录: counts the same, and says when it was entered."""
        return is_late(self.created_at, self.held_on)
