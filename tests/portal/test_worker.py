"""Accepted means done, once: real workers, killed workers, a broker that is down or forgets."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.servers import Site, free_port, redis, wait_for

pytestmark = pytest.mark.servers
SUBMIT = """
from django.contrib.auth import get_user_model
from portal.actions.job import submit
user, _ = get_user_model().objects.get_or_create(username="worker-test", defaults={{"name": "测试"}})
answer = [submit(kind=f"test-{{queue}}", title="测试", params={params!r}, by=user).pk for queue in {queues!r}]
"""
RING_AGAIN = """
from datetime import timedelta
from django.utils import timezone
from portal.actions.job import sweep
from portal.models import Job
Job.objects.update(created_at=timezone.now() - timedelta(minutes=1))
answer = sweep()
"""
ENTRIES = "select count(*) from portal_auditentry where verb = '试做任务'"


def submit(site: Site, *queues: str, **params: str) -> list[int]:
    """Hand jobs to the portal as a page would; their numbers."""
    jobs: list[int] = site.run(SUBMIT.format(params={"trace": str(site.folder / "trace")} | params, queues=queues))
    return jobs


def begun(site: Site) -> Counter[str]:
    """How often each job was begun."""
    trace = site.folder / "trace"
    return Counter(trace.read_text().split()) if trace.exists() else Counter()


def states(site: Site) -> dict[int, str]:
    return dict(
        zip(*(site.column(f"select {name} from portal_job order by id") for name in ("id", "state")), strict=True)
    )


def all_done(site: Site) -> bool:
    return set(states(site).values()) == {"done"}


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as made:
        made.migrate()
        yield made


@pytest.fixture
def redis_site() -> Iterator[Any]:
    with redis() as url, Site(url) as made:
        made.migrate()
        yield made


def test_the_embedded_worker_serves_every_queue(site: Site) -> None:
    site.start_worker()
    jobs = submit(site, "quick", "print", "import")
    wait_for(lambda: all_done(site))
    assert begun(site) == {str(job): 1 for job in jobs}


def test_a_worker_on_redis_serves_every_queue(redis_site: Site) -> None:
    redis_site.start_worker("-c", "2")
    jobs = submit(redis_site, "quick", "print", "import")
    wait_for(lambda: all_done(redis_site))
    assert begun(redis_site) == {str(job): 1 for job in jobs}


def test_a_job_whose_worker_was_killed_is_done_once(site: Site) -> None:
    """The clock of the new worker finds it when its lease has run out; nobody has to ask again."""
    worker = site.start_worker()
    gate = site.folder / "gate"
    [job] = submit(site, "import", gate=str(gate))
    wait_for(lambda: begun(site))
    worker.kill()
    worker.wait()
    assert states(site) == {job: "running"}
    gate.touch()
    site.start_worker()
    wait_for(lambda: all_done(site), seconds=60)
    assert begun(site) == {str(job): 2}
    assert site.column(ENTRIES) == [1]


def test_a_broker_that_forgets_everything_loses_no_job(redis_site: Site) -> None:
    jobs = submit(redis_site, "quick", "print")
    Redis.from_url(redis_site.env["BROKER_URL"]).flushall()
    redis_site.start_worker("-c", "1")
    assert redis_site.run(RING_AGAIN) == len(jobs)
    wait_for(lambda: all_done(redis_site))
    assert begun(redis_site) == {str(job): 1 for job in jobs}


def test_a_job_is_accepted_at_once_while_the_broker_is_down() -> None:
    port = free_port()
    with Site(f"redis://127.0.0.1:{port}/0") as site:
        site.migrate()
        site.start_worker("-c", "1")
        timed = f"import time; begin = time.monotonic(){SUBMIT}answer = [answer, time.monotonic() - begin]"
        (job,), seconds = site.run(timed.format(params={"trace": str(site.folder / "trace")}, queues=["quick"]))
        assert seconds < 1, "whoever hands in a job does not wait for a dead broker"
        assert states(site) == {job: "queued"}
        with redis(port):
            assert site.run(RING_AGAIN) == 1
            wait_for(lambda: all_done(site))


def test_two_clocks_and_repeated_bells_begin_a_job_once(redis_site: Site) -> None:
    jobs = submit(redis_site, *["quick"] * 20)
    for _ in range(2):
        redis_site.run(RING_AGAIN)
    for _ in range(2):
        redis_site.start_worker("-c", "2", "-B", "-s", str(redis_site.folder / f"clock{_}"))
    wait_for(lambda: all_done(redis_site))
    assert begun(redis_site) == {str(job): 1 for job in jobs}
    assert redis_site.column(ENTRIES) == [len(jobs)]


def test_no_message_of_the_embedded_broker_is_read_half_written(tmp_path: Path) -> None:
    """Two writers and a reader at once: every message arrives, whole and once."""
    from tests.portal import broker_stress

    assert broker_stress.run(tmp_path, writers=2, messages=400) == 800
