"""Requirements that need not be met (免除)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from campaign.models.campaign import Requirement
from campaign.models.enrolment import Enrolment, Participation
from members.models import Organization
from members.permissions import Permission
from members.scope import within


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def visible_to(self, user: Any) -> "WaiverQuerySet":
        """Those in the subtrees where one may see names."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_NAMES), "enrolment__organization__path"))

    def in_force(self) -> "WaiverQuerySet":
        """Not withdrawn: the only ones that count."""
        return self.filter(withdrawn_at=None)


class Waiver(models.Model):
    """A requirement that need not be met, with the reason and who allowed it; counted apart from what was done.

    One that was withdrawn stays on record and counts no more.
    """

    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="waivers")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="waivers")
    participation = models.ForeignKey(Participation, null=True, on_delete=models.CASCADE, related_name="waivers")
    reason = models.CharField("理由", max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_reason = models.CharField("撤销理由", max_length=300, blank=True)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        verbose_name = "免除"
        indexes = [models.Index(fields=["enrolment", "requirement"], name="waiver_enrolment")]
        constraints = [
            models.UniqueConstraint(
                fields=["requirement", "participation"],
                condition=~Q(participation=None) & Q(withdrawn_at=None),
                name="waiver_person_once",
            ),
            models.UniqueConstraint(
                fields=["requirement", "enrolment"],
                condition=Q(participation=None, withdrawn_at=None),
                name="waiver_organization_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement} {self.participation or self.enrolment}"

    @property
    def scope(self) -> Organization:
        return self.enrolment.organization
