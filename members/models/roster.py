"""An uploaded roster on its way from preview to roll."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models.member import Member
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

    ``report`` is the summary of the preview, whose rows are ``RosterRow``; ``columns`` is what the clerk said of the columns:
    ``{sheet: {"kind", "row", "height", "fields": {field: column}}}``.
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
    columns = models.JSONField(default=dict)
    leaves_refused = models.BooleanField("先导入其余行", default=False)
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


class RosterRow(models.Model):
    """One row of a preview, in the order of the file: what it would do, why it can't, or of whom it may speak.

    ``detail``: ``changes`` (label, old, new), ``problems`` (column, value, reason), ``notes``, ``facts``, ``candidates``; numbers are masked.
    Rows with outcome ``absent`` stand for people on the roll who are not in the file.
    """

    roster = models.ForeignKey(RosterImport, on_delete=models.CASCADE, related_name="rows", db_index=False)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    sheet = models.CharField("工作表", max_length=255)
    number = models.PositiveIntegerField("行")
    outcome = models.CharField("结果", max_length=12)
    name = models.CharField("名称", max_length=120)
    place = models.CharField("所在支部或上级", max_length=255)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["roster", "outcome", "position"], name="roster_row_outcome")]
        constraints = [
            models.UniqueConstraint(fields=["roster", "position"], name="roster_row_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["created", "changed", "unchanged", "asked", "refused", "absent"]),
                name="roster_row_outcome_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RosterChoice(models.Model):
    """The clerk's word on whom a row is about: ``member``, or with none of them somebody who is not on the roll yet."""

    roster = models.ForeignKey(RosterImport, on_delete=models.CASCADE, related_name="choices", db_index=False)
    sheet = models.CharField(max_length=255)
    number = models.PositiveIntegerField()
    member = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["roster", "sheet", "number"], name="roster_choice_once")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"


class ColumnMapping(models.Model):
    """What the headings of an organisation's files mean, as a clerk once said: used when the same headings come again, there or below.

    ``fields`` = ``{field: column}``; ``digest`` is that of the headings in their order.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=12)
    fields = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "digest"], name="column_mapping_once"),
            models.CheckConstraint(condition=Q(kind__in=["organization", "member"]), name="column_mapping_kind"),
        ]

    def __str__(self) -> str:
        return self.kind
