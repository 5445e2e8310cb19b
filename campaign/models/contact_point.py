"""Contact points 联系点: each leading cadre looks after one basic organisation at least (S0 三(四), 五(一))."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from campaign.models.campaign import Campaign
from campaign.models.enrolment import Participation
from members.models import MemberTag, Organization
from members.permissions import Permission
from members.scope import within


def leading_cadres(rows: Any) -> Any:
    """Of these participations, those of members tagged 领导干部 who take part now."""
    leads = MemberTag.objects.filter(member=OuterRef("member"), kind=MemberTag.Kind.LEADER)
    return rows.active().filter(Exists(leads))


class ContactPointQuerySet(models.QuerySet["ContactPoint"]):
    def visible_to(self, user: Any) -> "ContactPointQuerySet":
        """One's own; those of cadres, and at organisations, in subtrees whose supervision one may see."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        paths = user.scopes(Permission.VIEW_SUPERVISION)
        cadres = within(paths, "participation__enrolment__organization__path")
        return self.filter(cadres | within(paths, "organization__path") | Q(participation__member=user.member_id or 0))

    def held(self) -> "ContactPointQuerySet":
        """Looked after now."""
        return self.filter(until=None)

    def with_people(self) -> "ContactPointQuerySet":
        return self.select_related(
            "organization",
            "participation__member",
            "participation__campaign",
            "participation__enrolment__organization",
        )


class ContactPoint(models.Model):
    """One organisation that one leading cadre looks after during a campaign; ``until``: the day it ended."""

    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="contact_points")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="contact_points", verbose_name="联系点"
    )
    since = models.DateField("起始日期", default=timezone.localdate)
    until = models.DateField("结束日期", null=True, blank=True)
    purpose = models.CharField("联系重点", max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        verbose_name = "联系点"
        ordering = ["participation", "since", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "organization"], condition=Q(until=None), name="contact_point_once"
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="contact_point_order"),
        ]

    def __str__(self) -> str:
        return f"{self.participation.member}联系点：{self.organization}"

    @property
    def scope(self) -> Organization:
        """Where it is decided upon: the cadre's own place."""
        return self.participation.enrolment.organization

    @property
    def campaign(self) -> Campaign:
        return self.participation.campaign

    def is_of(self, user: Any) -> bool:
        return bool(user.member_id) and self.participation.member_id == user.member_id

    def may_log(self, user: Any) -> bool:
        """The cadre, as long as it is theirs and the campaign is not over."""
        return self.is_of(user) and self.until is None and self.campaign.state != Campaign.State.CLOSED
