"""Units that an organisation looks after without their having one of their own (S3 三4: 联合党支部, 指导员, 联络员)."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from members.models.organization import Organization
from members.permissions import Permission
from members.scope import within


class OfOrganizationQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "OfOrganizationQuerySet":
        """Those of the organisations where one is entitled to more than numbers."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.VIEW_NAMES), "organization__path"))


class CoveredUnit(models.Model):
    """An enterprise or society that a joint branch covers, or that has no Party member yet. Numbers are as it states them."""

    # S3 三4: 30人以上的非公有制企业要有党员; 50人以上的 … 建立党组织.
    WANTS_MEMBERS, WANTS_ORGANIZATION = 30, 50

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="covered_units")
    name = models.CharField("单位名称", max_length=120)
    employees = models.PositiveIntegerField("从业人员数", null=True, blank=True)
    members = models.PositiveIntegerField("党员数", null=True, blank=True)

    objects = OfOrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = "覆盖单位"
        ordering = ["organization", "pk"]
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="covered_unit_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def wish(self) -> str:
        """What the rules ask of an enterprise of this size that has not got it; empty where nothing is known or owed."""
        if self.employees is None or self.members is None:
            return ""
        if self.members == 0 and self.employees >= self.WANTS_MEMBERS:
            return f"{self.WANTS_MEMBERS}人以上，应逐步做到有党员"
        if self.members >= 3 and self.employees >= self.WANTS_ORGANIZATION:
            return f"{self.WANTS_ORGANIZATION}人以上且党员满3人，可单独建立党组织"
        return ""


class Liaison(models.Model):
    """Who was sent to look after such units: an instructor or a contact person, since and until when."""

    class Kind(models.TextChoices):
        INSTRUCTOR = "instructor", "党建工作指导员"
        CONTACT = "contact", "联络员"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="liaisons")
    kind = models.CharField("身份", max_length=10, choices=Kind)
    name = models.CharField("姓名", max_length=60)
    sent_by = models.CharField("派出单位", max_length=120, blank=True)
    unit = models.ForeignKey(
        CoveredUnit, null=True, blank=True, on_delete=models.SET_NULL, related_name="liaisons", verbose_name="联系单位"
    )
    since = models.DateField("起始日期")
    left_on = models.DateField("结束日期", null=True, blank=True)

    objects = OfOrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = "指导员、联络员"
        ordering = ["organization", "left_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["instructor", "contact"]), name="liaison_kind"),
            models.CheckConstraint(condition=Q(left_on=None) | Q(left_on__gte=F("since")), name="liaison_order"),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_kind_display()}）"

    @property
    def scope(self) -> Organization:
        return self.organization
