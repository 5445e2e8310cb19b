"""What was done (audit) and who read whose words (read log)."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """One act on the records: who, what, when. Holds labels of records, never words or votes.

    What became of a person's record, value by value, stands in that record's own sealed history.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    verb = models.CharField("动作", max_length=60)
    target_kind = models.CharField(max_length=60)
    target_id = models.BigIntegerField(null=True)
    target_label = models.CharField("对象", max_length=200)
    details = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["target_kind", "target_id"], name="audit_target")]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_label}"


class ReadLog(models.Model):
    """One reading of somebody's words, for the person they concern to see («who has read mine»)."""

    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    capacity = models.CharField("身份", max_length=60)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["kind", "object_id"], name="readlog_object")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
