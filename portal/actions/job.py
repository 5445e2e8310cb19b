"""Accepting, running and sweeping jobs."""

import logging
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.jobs import JobFailure, LeaseLost, Outcome, Progress, heartbeat, job_kinds
from portal.models import Job

logger = logging.getLogger(__name__)


@transaction.atomic
def submit(*, kind: str, title: str, params: dict[str, Any], by: Any, key: str = "") -> Job:
    """Accept a job: a row in the caller's transaction, a doorbell after the commit. The same ``key`` gives the same job."""
    job, created = Job.objects.get_or_create(
        key=key or str(uuid.uuid4()), defaults={"kind": kind, "title": title[:200], "params": params, "by": by}
    )
    if created:
        transaction.on_commit(lambda: ring(job))
    return job


@transaction.atomic
def submit_once(*, kind: str, title: str, params: dict[str, Any], by: Any) -> Job:
    """As ``submit``; the same request of the same person that waits unstarted is that job (a button pressed twice)."""
    get_user_model().objects.select_for_update().get(pk=by.pk)
    waiting = Job.objects.filter(kind=kind, params=params, by=by, state=Job.State.QUEUED, attempts=0).first()
    return waiting or submit(kind=kind, title=title, params=params, by=by)


def ring(job: Job) -> None:
    """Tell a worker. A broker that is down loses nothing: the sweeper rings again."""
    try:
        current_app.send_task("portal.tasks.run_job", (job.pk,), queue=job_kinds[job.kind].queue, retry=False)
    except (OperationalError, OSError):
        logger.warning("broker unreachable, job %s waits for the sweeper", job.pk)


def run(*, job_id: int) -> None:
    """Do the job, if it is there to be done and nobody else is at it."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not job.claim():
        return
    if job.attempts > Job.MAX_ATTEMPTS:
        fail(job, "任务多次中断，已停止重试。请联系系统管理员后重新提交。")
        return
    progress = Progress(job)
    try:
        with heartbeat(job):
            outcome = job_kinds[job.kind].run(job, progress)
        if not progress.finished:
            progress.finish(outcome or Outcome())
    except LeaseLost:
        logger.warning("job %s was cancelled or taken over", job.pk)
    except JobFailure as failure:
        fail(job, str(failure))
    except Exception:
        logger.exception("job %s failed", job.pk)
        fail(job, "处理时发生意外错误，没有写入任何数据。错误已记录，请稍后重试或联系系统管理员。")


def fail(job: Job, message: str) -> None:
    job.held().update(state=Job.State.FAILED, message=message[:500], finished_at=timezone.now())


def sweep() -> int:
    """Ring again for every job that nobody is working on; returns how many."""
    waiting = Job.objects.claimable().exclude(created_at__gt=timezone.now() - timedelta(seconds=10))[:200]
    for job in waiting:
        ring(job)
    return len(waiting)


def clear_results() -> int:
    """Delete result files older than ``JOB_RESULT_DAYS``, also those left by workers that died; returns how many."""
    oldest, cleared = time.time() - timedelta(days=settings.JOB_RESULT_DAYS).total_seconds(), 0
    for path in Job.folder().glob("*"):
        with suppress(FileNotFoundError):  # another run was here first
            if path.stat().st_mtime < oldest:
                path.unlink()
                cleared += 1
    return cleared


def cancel(*, job: Job) -> bool:
    """Stop a job that is not finished; its worker notices at its next step."""
    return (
        Job.objects.unfinished()
        .filter(pk=job.pk)
        .update(state=Job.State.CANCELLED, message="已按您的要求取消，没有写入任何数据。", finished_at=timezone.now())
        == 1
    )
