"""Who wears which hat, where, since and until when."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.models.organization import Organization
from members.permissions import Role
from members.scope import within


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def current(self) -> "AppointmentQuerySet":
        """In force today; one that is taken away ends access at the next request."""
        today = timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gte=today), since__lte=today, revoked_at=None)

    def visible_to(self, user: Any) -> "AppointmentQuerySet":
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(), "organization__path") | Q(user=user.pk))


class Appointment(models.Model):
    """One person's role at one organisation; it holds in the whole subtree."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appointments")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="appointments")
    role = models.CharField("职责", max_length=20, choices=Role)
    since = models.DateField("起", default=timezone.localdate)
    until = models.DateField("止", null=True, blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["organization__path", "role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization", "role"], condition=Q(revoked_at=None), name="appointment_once"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="appointment_role"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=models.F("since")), name="appointment_order"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.get_role_display()} {self.user}"

    @property
    def scope(self) -> Organization:
        return self.organization

    def end(self) -> bool:
        """Take the hat away, from the next request on; ``False`` if somebody else just did."""
        self.revoked_at = timezone.now()
        return Appointment.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=self.revoked_at) == 1
