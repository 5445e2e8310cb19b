"""Kinds of jobs, and what a running job may tell: the room that owns the work registers it here."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from portal.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from portal.models import Job


class JobFailure(Exception):
    """The work cannot be done; the message (Chinese) says why and what to do, and is shown to whoever asked for it."""


class LeaseLost(Exception):
    """Another worker has taken this job over: stop, and let everything written in this transaction fall."""


@dataclass
class Outcome:
    """What a job leaves: a message, a JSON result, and a file (``content``, offered under ``file_name``)."""

    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    file_name: str = ""
    content: bytes = b""


@dataclass(frozen=True)
class JobKind:
    """``run(job, progress)`` does the work. It may be run again from the start after a crash: it writes in one transaction that ends
    with ``progress.finish(outcome)``, or writes nothing but the outcome it returns."""

    code: str
    label: str
    run: Callable[["Job", "Progress"], Outcome | None]
    queue: str = "quick"


job_kinds: Registry[JobKind] = Registry("job kind")


class Progress:
    """The hand a running job has on its own row."""

    def __init__(self, job: "Job") -> None:
        self.job = job
        self.finished = False

    def report(self, done: int, total: int, message: str = "") -> None:
        """Show progress and renew the lease; raises ``LeaseLost`` if the job was cancelled or taken over."""
        lease = timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        if not self.job.held().update(done=done, total=total, message=message[:500], lease_until=lease):
            raise LeaseLost

    def finish(self, outcome: Outcome) -> None:
        """Mark the job done, inside the transaction of the work itself: both are there or neither."""
        if outcome.file_name:
            self.job.keep_file(outcome.content)
        if not self.job.held().update(
            state="done",
            message=outcome.message[:500],
            result=outcome.result,
            file_name=outcome.file_name,
            finished_at=timezone.now(),
        ):
            raise LeaseLost
        self.finished = True


class Leased(Protocol):
    """A row with a lease that somebody holds."""

    @property
    def pk(self) -> Any: ...

    def held(self) -> "QuerySet[Any]": ...


@contextmanager
def heartbeat(job: Leased) -> "Iterator[None]":
    """Keep the lease of a running job (or of a message on its way) in the future from a second thread, however long one
    step takes."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(settings.JOB_LEASE_SECONDS / 3):
            try:
                job.held().update(lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS))
            except DatabaseError:
                # A long write transaction holds the embedded database; the next beat tries again.
                continue
            finally:
                connection.close()

    thread = threading.Thread(target=beat, name=f"job-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
