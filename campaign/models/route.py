"""Alternative ways to take part (灵活方式): decided, with a reason, for one person."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models.enrolment import Participation
from members.permissions import Permission
from members.scope import within


class AlternativeRouteQuerySet(models.QuerySet["AlternativeRoute"]):
    def visible_to(self, user: Any) -> "AlternativeRouteQuerySet":
        """Those in the subtrees where one may see names."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_NAMES), "participation__enrolment__organization__path"))

    def holding(self) -> "AlternativeRouteQuerySet":
        return self.filter(ended_at=None)


class AlternativeRoute(models.Model):
    """One decision that a person takes part in another way (S0 四: 年老体弱的采取送学上门等灵活方式).

    While it holds, ``Participation.route`` is ``alternative``: what the person does counts as done, marked as such.
    """

    class Kind(models.TextChoices):
        HOME_DELIVERY = "home-delivery", "送学上门"
        HOME_TALK = "home-talk", "上门谈心"
        DICTATED = "dictated", "口述代笔"
        BY_LETTER = "by-letter", "通信、电话联系"
        NEARBY = "nearby", "就近参加"
        OTHER = "other", "其他方式"

    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="alternative_routes")
    kind = models.CharField("灵活方式", max_length=14, choices=Kind)
    reason = models.CharField("理由", max_length=300)
    helper = models.CharField("帮学人", max_length=60, blank=True)
    approver = models.CharField("批准人", max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField("恢复正常参加的理由", max_length=300, blank=True)

    objects = AlternativeRouteQuerySet.as_manager()

    class Meta:
        verbose_name = "灵活方式"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["participation"], condition=Q(ended_at=None), name="route_holds_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["home-delivery", "home-talk", "dictated", "by-letter", "nearby", "other"]),
                name="route_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participation} {self.get_kind_display()}"
