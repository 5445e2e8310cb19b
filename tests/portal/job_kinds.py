"""Jobs for tests of the workers: each leaves a trace in a file, and one entry in the audit trail in its transaction."""

import time
from pathlib import Path

from django.db import transaction

from portal.actions.log import audit
from portal.jobs import JobKind, Outcome, Progress, job_kinds
from portal.models import Job


def work(job: Job, progress: Progress) -> Outcome | None:
    """Note the beginning in the file ``trace``; wait for the file ``gate``, if named; finish in one transaction."""
    with Path(job.params["trace"]).open("a") as trace:
        trace.write(f"{job.pk}\n")
    gate = Path(job.params.get("gate", job.params["trace"]))
    while not gate.exists():
        progress.report(1, 2, "等待")
        time.sleep(0.1)
    with transaction.atomic():
        audit(by=job.by, verb="试做任务", target=job)
        progress.finish(Outcome(message="完成"))
    return None


for queue in ("quick", "print", "import"):
    job_kinds.register(JobKind(code=f"test-{queue}", label="测试任务", run=work, queue=queue))
