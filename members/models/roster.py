"""An uploaded roster on its way from preview to roll."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models.organization import Organization
from members.permissions import Permission
from members.scope import within
from portal.models import Job


class RosterImportQuerySet(models.QuerySet["RosterImport"]):
    def stuck(self, state: str) -> "RosterImportQuerySet":
        """Those in ``state`` whose worker gave up or was cancelled."""
        job = "write_job" if state == RosterImport.State.WRITING else "check_job"
        given_up = Job.objects.exclude(pk__in=Job.objects.unfinished().values("pk"))
        return self.filter(Q(**{f"{job}__in": given_up.values("pk")}) | Q(**{job: None}), state=state)

    def visible_to(self, user: Any) -> "RosterImportQuerySet":
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(within(user.scopes(Permission.IMPORT_ROSTER), "organization__path"))


class RosterImport(models.Model):
    """One file for one organisation's subtree: checked (preview), then written whole or not at all after confirmation.

    ``report`` holds the preview: counts and, per row, ``{"row", "outcome", "name", "changes", "problems"}``.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "正在核对"
        CHECKED = "checked", "待确认"
        REFUSED = "refused", "无法读取"
        WRITING = "writing", "正在导入"
        DONE = "done", "已导入"
        DISCARDED = "discarded", "已放弃"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    file = models.FileField(upload_to="rosters/%Y%m", max_length=255)
    file_name = models.CharField("文件名", max_length=255)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State, default=State.CHECKING)
    report = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    check_job = models.ForeignKey("portal.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    write_job = models.ForeignKey("portal.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["checking", "checked", "refused", "writing", "done", "discarded"]),
                name="roster_import_state",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_stuck(self) -> bool:
        """Whether its worker gave up or was cancelled, so that it may be confirmed again or discarded."""
        job = self.write_job if self.state == self.State.WRITING else self.check_job
        return self.state in {self.State.CHECKING, self.State.WRITING} and (job is None or job.is_finished)

    @property
    def scope(self) -> Organization:
        return self.organization
