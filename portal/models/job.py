"""A job: anything slow, as a row that is written before it is done."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.sealed_files import read_sealed, sealed, size_unsealed


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Any) -> "JobQuerySet":
        """One's own jobs only: their results hold data that was printed with one's own rights."""
        return self.filter(by=user.pk) if getattr(user, "is_authenticated", False) else self.none()

    def claimable(self) -> "JobQuerySet":
        """Waiting, or left by a worker whose lease ran out."""
        return self.filter(Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=timezone.now()))

    def unfinished(self) -> "JobQuerySet":
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])


class Job(models.Model):
    """One piece of slow work (import, report …). The table is the truth, the broker only a doorbell: a job that was accepted is done, once.

    ``done``/``total`` are its progress in steps; ``lease_until`` is kept in the future by the worker that holds ``lease_token``.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未能完成"
        CANCELLED = "cancelled", "已取消"

    MAX_ATTEMPTS = 5

    kind = models.CharField("类别", max_length=40)
    title = models.CharField("名称", max_length=200)
    key = models.CharField(max_length=200, unique=True, default=uuid.uuid4)
    params = models.JSONField(default=dict)
    state = models.CharField("状态", max_length=12, choices=State, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField("说明", max_length=500, blank=True)
    result = models.JSONField(default=dict)
    file_name = models.CharField("结果文件", max_length=255, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "lease_until"], name="job_state_lease")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed", "cancelled"]), name="job_state"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @staticmethod
    def folder() -> Path:
        """Where the result files of all jobs lie."""
        return Path(settings.MEDIA_ROOT) / "jobs"

    @property
    def path(self) -> Path:
        """Where the result file lies (sealed, outside the web root), whether or not it exists."""
        return self.folder() / f"{self.pk}-{self.lease_token}"

    @property
    def seal(self) -> str:
        """The result is sealed for this job and lease: it cannot be put in the place of another one's."""
        return f"job.file:{self.path.name}"

    def keep_file(self, content: bytes) -> None:
        """Seal the result file."""
        self.folder().mkdir(parents=True, exist_ok=True)
        with self.path.open("wb") as file:
            file.writelines(sealed(content, self.seal))

    def read_file(self) -> bytes:
        """The result file; raises ``Damaged`` when it is not what was sealed, ``FileNotFoundError`` when it was cleared away."""
        with self.path.open("rb") as file:
            return read_sealed(file, self.seal)

    @property
    def file_size(self) -> int | None:
        """Bytes that a download of the result will have; ``None`` when there is none."""
        return size_unsealed(self.path.stat().st_size) if self.has_file else None

    @property
    def percent(self) -> int:
        """Progress in whole percent, 100 when done."""
        if self.state == self.State.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def is_finished(self) -> bool:
        return self.state not in {self.State.QUEUED, self.State.RUNNING}

    @property
    def has_file(self) -> bool:
        """Whether the result can be downloaded (it is cleared away after ``JOB_RESULT_DAYS``)."""
        return self.state == self.State.DONE and bool(self.file_name) and self.path.is_file()

    def claim(self) -> bool:
        """Take the lease, if nobody else holds it; exactly one of several workers gets ``True``."""
        self.lease_token = uuid.uuid4()
        taken = (
            Job.objects.claimable()
            .filter(pk=self.pk)
            .update(
                state=self.State.RUNNING,
                lease_token=self.lease_token,
                lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
                attempts=F("attempts") + 1,
            )
        )
        self.refresh_from_db()
        return taken == 1

    def held(self) -> models.QuerySet["Job"]:
        """This job, as long as the lease is still ours: every write of a worker goes through here."""
        return Job.objects.filter(pk=self.pk, state=self.State.RUNNING, lease_token=self.lease_token)
