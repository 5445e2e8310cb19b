"""Who wears which hat, where, since and until when."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from members.models.organization import Organization
from members.permissions import LENDABLE, Role
from members.scope import within

EXPIRING_DAYS = 30
LENT_DAYS = 90


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def current(self) -> "AppointmentQuerySet":
        """In force today; one that is taken away ends access at the next request."""
        today = timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gte=today), since__lte=today, revoked_at=None)

    def expiring(self) -> "AppointmentQuerySet":
        """In force, and at an end within a month."""
        return self.current().filter(until__lte=timezone.localdate() + timedelta(EXPIRING_DAYS))

    def to_come(self) -> "AppointmentQuerySet":
        return self.filter(since__gt=timezone.localdate(), revoked_at=None)

    def ended(self) -> "AppointmentQuerySet":
        """Run out or taken away; rows are never deleted."""
        return self.filter(Q(until__lt=timezone.localdate()) | ~Q(revoked_at=None))

    def visible_to(self, user: Any) -> "AppointmentQuerySet":
        """Those in one's scope, one's own, and what one has lent to others."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        own = Q(user=user.pk) | Q(delegated_from__user=user.pk)
        return self.filter(within(user.scopes(), "organization__path") | own)

    def under(self, node: Organization) -> "AppointmentQuerySet":
        return self.filter(organization__path__startswith=node.path)

    def with_people(self) -> "AppointmentQuerySet":
        return self.select_related("organization", "user__member", "delegated_from__user__member")


class Appointment(models.Model):
    """One person's role at one organisation; it holds in the whole subtree.

    ``delegated_from``: lent for a time by its holder, with the same rights; it ends with the appointment it comes from.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appointments")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="appointments")
    role = models.CharField("职责", max_length=20, choices=Role)
    since = models.DateField("起", default=timezone.localdate)
    until = models.DateField("止", null=True, blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    delegated_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="delegations", verbose_name="代理"
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["organization__path", "role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization", "role"], condition=Q(revoked_at=None), name="appointment_once"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="appointment_role"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="appointment_order"),
            models.CheckConstraint(
                condition=Q(delegated_from=None) | Q(until__isnull=False, role__in=LENDABLE),
                name="appointment_delegated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.title} {self.user}"

    @property
    def scope(self) -> Organization:
        return self.organization

    @property
    def title(self) -> str:
        """The role as people say it: 支部书记, 代理支部书记."""
        return f"{'代理' if self.delegated_from_id else ''}{Role(self.role).label}"

    @property
    def ended_on(self) -> date | None:
        """The day it ended or will end."""
        days = [self.until, timezone.localdate(self.revoked_at) if self.revoked_at else None]
        return min((day for day in days if day), default=None)

    @property
    def is_current(self) -> bool:
        today = timezone.localdate()
        return self.revoked_at is None and self.since <= today and (self.until is None or self.until >= today)

    @property
    def is_expiring(self) -> bool:
        """In force, and at an end within a month."""
        soon = timezone.localdate() + timedelta(EXPIRING_DAYS)
        return self.is_current and self.until is not None and self.until <= soon

    @property
    def is_to_come(self) -> bool:
        return self.revoked_at is None and self.since > timezone.localdate()

    @property
    def condition(self) -> str:
        """In one word: 在任, 将到期, 未到任 or 已结束."""
        if self.is_to_come:
            return "未到任"
        return "将到期" if self.is_expiring else "在任" if self.is_current else "已结束"

    def may_be_lent_by(self, user: Any) -> bool:
        """By its own holder while it is in force; what was borrowed is not lent on."""
        return self.user_id == user.pk and self.is_current and self.role in LENDABLE and self.delegated_from_id is None

    def may_be_returned_by(self, user: Any) -> bool:
        """A delegation may be ended early by who gave it and by who holds it."""
        return self.delegated_from is not None and user.pk in {self.user_id, self.delegated_from.user_id}

    def end(self) -> bool:
        """Take the hat away, with what was lent of it, from the next request on; ``False`` if somebody else just did."""
        self.revoked_at = timezone.now()
        if Appointment.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=self.revoked_at) != 1:
            return False
        self.delegations.filter(revoked_at=None).update(revoked_at=self.revoked_at)
        return True
