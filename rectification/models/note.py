"""What happened to a task."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from rectification.models.task import Task


class TaskNoteQuerySet(models.QuerySet["TaskNote"]):
    def progress(self) -> "TaskNoteQuerySet":
        """What was done, without the opening and the changes of wording."""
        return self.exclude(state=Task.State.PLANNED).exclude(text__startswith=TaskNote.CHANGED)


class TaskNote(models.Model):
    """What happened to a task: progress, a move to another state, a remark."""

    CHANGED = "修改了内容\n"

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField("进展")
    state = models.CharField(max_length=10, choices=Task.State, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = TaskNoteQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:40]
