"""When an organisation was weak, incomplete, unclear or in difficulties, and what was done about it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from members.models.organization import Organization
from members.models.since import Begun, SinceKnown
from members.permissions import Permission
from members.scope import within

Condition = Organization.Condition
TO_MEND = tuple(Organization.BLOCKING_CONDITIONS)
IN_DIFFICULTY = (Condition.STOPPED, Condition.BANKRUPT, Condition.RESTRUCTURING)
# Where several hold at once, the first of these is what the organisation is shown with: one that blocks comes first.
BY_GRAVITY = (*TO_MEND, Condition.BANKRUPT, Condition.STOPPED, Condition.RESTRUCTURING)


class OrganizationConditionQuerySet(models.QuerySet["OrganizationCondition"]):
    def visible_to(self, user: Any) -> "OrganizationConditionQuerySet":
        """Those of the organisations where one is entitled to more than numbers."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_NAMES), "organization__path"))

    def under(self, node: Organization) -> "OrganizationConditionQuerySet":
        return self.filter(organization__path__startswith=node.path)

    def holding(self) -> "OrganizationConditionQuerySet":
        """Not lifted yet."""
        return self.filter(lifted_on=None)


class OrganizationCondition(Begun):
    """One stretch of time in a condition other than 正常 (S0 四, 五(一); S2 三4).

    ``Organization.condition`` is the gravest of those that hold; the actions of ``members.actions.condition`` keep it so.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="conditions")
    condition = models.CharField(
        "状态", max_length=16, choices=[choice for choice in Condition.choices if choice[0] != Condition.NORMAL]
    )
    since = models.DateField("起始日期")
    reason = models.TextField("认定理由")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    noted_at = models.DateTimeField(default=timezone.now)
    lifted_on = models.DateField("解除日期", null=True, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    lifted_name = models.CharField("批准解除的负责人", max_length=60, blank=True)
    lifted_note = models.TextField("整顿或处理情况", blank=True)

    objects = OrganizationConditionQuerySet.as_manager()

    class Meta:
        verbose_name = "组织状态记录"
        ordering = ["organization__path", "-since", "-pk"]
        indexes = [models.Index(fields=["condition"], condition=Q(lifted_on=None), name="condition_holding")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "condition"], condition=Q(lifted_on=None), name="condition_holds_once"
            ),
            models.CheckConstraint(
                condition=Q(condition__in=["weak", "incomplete", "unclear", "stopped", "bankrupt", "restructuring"]),
                name="condition_known",
            ),
            models.CheckConstraint(condition=Q(since_known__in=SinceKnown.values), name="condition_since_known"),
            models.CheckConstraint(
                condition=Q(lifted_on=None) | (Q(lifted_on__gte=F("since")) & ~Q(lifted_note="")),
                name="condition_lifted_with_a_record",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.get_condition_display()}"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def is_blocking(self) -> bool:
        """Whether it keeps a campaign from starting."""
        return self.condition in TO_MEND

    def can_be_lifted_by(self, user: Any) -> bool:
        """Who keeps organisations; a blocking one only from above, unless nobody is above (S0 五(一): 先行整顿)."""
        node = self.organization
        paths = [p for p in user.scopes(Permission.MANAGE_ORGANIZATIONS) if node.path.startswith(p)]
        return any(path != node.path or node.depth == 1 or not self.is_blocking for path in paths)
