"""Tasks: take ids, reload, call one action. All may run twice."""

from celery import shared_task

from portal.actions import attachment as attachments
from portal.actions import job as jobs
from portal.actions import notice as notices
from portal.actions import session as sessions


@shared_task(name="portal.tasks.run_job")
def run_job(job_id: int) -> None:
    jobs.run(job_id=job_id)


@shared_task(name="portal.tasks.sweep_jobs")
def sweep_jobs() -> None:
    jobs.sweep()


@shared_task(name="portal.tasks.clear_results")
def clear_results() -> None:
    jobs.clear_results()
    attachments.clear_orphans()


@shared_task(name="portal.tasks.clear_sessions")
def clear_sessions() -> None:
    sessions.clear_expired()


@shared_task(name="portal.tasks.collect_notices")
def collect_notices() -> None:
    notices.collect()


@shared_task(name="portal.tasks.send_digests")
def send_digests() -> None:
    notices.send_digests()
