"""Jobs: accepted once, done by exactly one, told truthfully; their pages belong to whoever asked."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import User
from portal.actions import job as jobs
from portal.jobs import JobFailure, JobKind, LeaseLost, Outcome, Progress, job_kinds
from portal.models import AuditEntry, Job
from tests import factories as make

pytestmark = pytest.mark.django_db


class Work:
    """A kind of job whose work each test chooses."""

    def __init__(self) -> None:
        self.runs = 0

    def do(self, job: Job, progress: Progress) -> Outcome | None:
        return Outcome(message="办好了")

    def __call__(self, job: Job, progress: Progress) -> Outcome | None:
        self.runs += 1
        return self.do(job, progress)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work()
    monkeypatch.setattr(job_kinds, "_items", {"test": JobKind("test", "试做", made)})
    return made


def submit(by: User | None = None, key: str = "", **params: Any) -> Job:
    return jobs.submit(kind="test", title="一份材料", params=params, by=by or make.user(), key=key)


def reloaded(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


# ---- the engine ----


def test_the_same_key_is_the_same_job(work: Work) -> None:
    user = make.user()
    assert submit(user, "k") == submit(user, "k")
    assert submit(user) != submit(user)


def test_a_job_belongs_to_the_transaction_that_asked_for_it(work: Work) -> None:
    class Undone(Exception):
        pass

    def ask_and_fail() -> None:
        with transaction.atomic():
            submit(key="lost")
            raise Undone

    with pytest.raises(Undone):
        ask_and_fail()
    assert not Job.objects.exists()


def test_a_job_is_done_once_however_often_the_bell_rings(work: Work) -> None:
    job = submit()
    for _ in range(3):
        jobs.run(job_id=job.pk)
    job = reloaded(job)
    assert work.runs == 1
    assert (job.state, job.message, job.percent) == (Job.State.DONE, "办好了", 100)
    jobs.run(job_id=job.pk + 1000)


def test_exactly_one_of_two_workers_gets_it(work: Work) -> None:
    job = submit()
    one, two = reloaded(job), reloaded(job)
    assert [one.claim(), two.claim()] == [True, False]
    assert one.held().exists()


def test_a_job_left_by_a_dead_worker_is_taken_over_and_the_dead_one_writes_no_more(work: Work) -> None:
    first = submit()
    assert first.claim()
    assert not reloaded(first).claim(), "the lease still runs"
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = reloaded(first)
    assert second.claim()
    assert second.attempts == 2
    with pytest.raises(LeaseLost):
        Progress(first).report(1, 2)
    with pytest.raises(LeaseLost):
        Progress(first).finish(Outcome(message="来晚了"))
    Progress(second).finish(Outcome(message="接着办好了"))
    assert reloaded(first).message == "接着办好了"


def test_losing_the_lease_undoes_what_was_written_in_the_same_transaction(work: Work) -> None:
    def do(job: Job, progress: Progress) -> None:
        with transaction.atomic():
            AuditEntry.objects.create(verb="写了一半", target_kind="x")
            Job.objects.filter(pk=job.pk).update(lease_token=None)
            progress.finish(Outcome())

    work.do = do  # type: ignore[method-assign]
    job = submit()
    jobs.run(job_id=job.pk)
    assert not AuditEntry.objects.filter(verb="写了一半").exists()
    assert reloaded(job).state == Job.State.RUNNING


def test_a_failure_tells_its_reason(work: Work) -> None:
    def do(job: Job, progress: Progress) -> None:
        raise JobFailure("第 3 行的日期无法识别。")

    work.do = do  # type: ignore[method-assign]
    job = submit()
    jobs.run(job_id=job.pk)
    assert (reloaded(job).state, reloaded(job).message) == (Job.State.FAILED, "第 3 行的日期无法识别。")


def test_an_unexpected_error_tells_no_details(work: Work) -> None:
    def do(job: Job, progress: Progress) -> None:
        raise RuntimeError("password=hunter2")

    work.do = do  # type: ignore[method-assign]
    job = submit()
    jobs.run(job_id=job.pk)
    assert reloaded(job).state == Job.State.FAILED
    assert "意外错误" in reloaded(job).message
    assert "hunter2" not in reloaded(job).message


def test_a_cancelled_job_stops_at_its_next_step(work: Work) -> None:
    reached = []

    def do(job: Job, progress: Progress) -> None:
        progress.report(1, 3)
        assert jobs.cancel(job=job)
        reached.append("cancelled")
        progress.report(2, 3)
        reached.append("went on")

    work.do = do  # type: ignore[method-assign]
    job = submit()
    jobs.run(job_id=job.pk)
    assert reached == ["cancelled"]
    assert reloaded(job).state == Job.State.CANCELLED
    assert not jobs.cancel(job=reloaded(job))
    jobs.run(job_id=job.pk)
    assert work.runs == 1


def test_a_job_that_keeps_killing_its_worker_is_given_up(work: Work) -> None:
    job = submit()
    Job.objects.update(attempts=Job.MAX_ATTEMPTS, state="running", lease_until=timezone.now() - timedelta(seconds=1))
    jobs.run(job_id=job.pk)
    assert work.runs == 0
    assert reloaded(job).state == Job.State.FAILED
    assert "停止重试" in reloaded(job).message


def test_the_sweeper_rings_for_what_nobody_works_on(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(jobs, "ring", lambda job: rung.append(job.pk))
    waiting, abandoned, running, done, fresh = (submit() for _ in range(5))
    Job.objects.exclude(pk=fresh.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    past, ahead = timezone.now() - timedelta(seconds=1), timezone.now() + timedelta(minutes=1)
    Job.objects.filter(pk=abandoned.pk).update(state="running", lease_until=past)
    Job.objects.filter(pk=running.pk).update(state="running", lease_until=ahead)
    Job.objects.filter(pk=done.pk).update(state="done")
    assert jobs.sweep() == 2
    assert set(rung) == {waiting.pk, abandoned.pk}


# ---- the pages ----


def signed(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def finished(by: User, content: bytes = b"%PDF-1.7", name: str = "阶段总结报告 第一支部.pdf", **outcome: Any) -> Job:
    job = submit(by)
    assert job.claim()
    Progress(job).finish(Outcome(message="已生成，共 6 页。", file_name=name, content=content, **outcome))
    return reloaded(job)


def test_a_job_is_seen_by_whoever_asked_and_nobody_else(work: Work) -> None:
    owner, office = make.user(), make.hat("office", make.organization())
    job = finished(owner)
    for name in ("job-detail", "job-status", "job-download"):
        assert signed(owner).get(reverse(name, args=[job.pk])).status_code == 200
        assert signed(office).get(reverse(name, args=[job.pk])).status_code == 404
    assert signed(office).post(reverse("job-cancel", args=[job.pk])).status_code == 404
    assert "一份材料" in signed(owner).get(reverse("job-list")).content.decode()
    assert "一份材料" not in signed(office).get(reverse("job-list")).content.decode()


def test_the_fragment_asks_again_until_the_job_is_finished(work: Work) -> None:
    user = make.user()
    job = submit(user)
    client = signed(user)
    status = reverse("job-status", args=[job.pk])
    page = client.get(reverse("job-detail", args=[job.pk])).content.decode()
    assert f'hx-get="{status}"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    Job.objects.update(state="running", done=3, total=12)
    fragment = client.get(status).content.decode()
    assert "3 / 12（25%）" in fragment
    assert 'value="3" max="12"' in fragment
    assert "<html" not in fragment
    assert 'hx-trigger="every 1s"' in fragment
    Job.objects.update(state="failed", message="名册里没有人。")
    fragment = client.get(status).content.decode()
    assert "名册里没有人。" in fragment
    assert "hx-get" not in fragment
    assert "取消任务" not in fragment
    assert "http-equiv" not in client.get(reverse("job-detail", args=[job.pk])).content.decode()


def test_the_result_is_downloaded_under_its_chinese_name(work: Work) -> None:
    user = make.user()
    job = finished(user)
    response = signed(user).get(reverse("job-download", args=[job.pk]))
    assert b"".join(response.streaming_content) == b"%PDF-1.7"  # type: ignore[attr-defined]
    assert quote("阶段总结报告 第一支部.pdf") in response.headers["Content-Disposition"]
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]


def test_what_is_not_there_is_not_offered(work: Work) -> None:
    user = make.user()
    client = signed(user)
    waiting, cleared = submit(user), finished(user)
    cleared.path.unlink()
    for job in (waiting, cleared):
        assert client.get(reverse("job-download", args=[job.pk])).status_code == 404
        assert "下载 " not in client.get(reverse("job-detail", args=[job.pk])).content.decode()
    assert "已过保存期限" in client.get(reverse("job-detail", args=[cleared.pk])).content.decode()


@pytest.mark.parametrize(("url", "offered"), [("/members/1/", True), ("https://evil.example/", False), ("", False)])
def test_a_result_page_is_offered_when_it_is_the_portals(work: Work, url: str, offered: bool) -> None:
    user = make.user()
    job = finished(user, result={"url": url})
    assert ("查看结果" in signed(user).get(reverse("job-detail", args=[job.pk])).content.decode()) is offered


def test_cancelling_by_its_button(work: Work) -> None:
    user = make.user()
    client, job = signed(user), submit(user)
    page = client.post(reverse("job-cancel", args=[job.pk]) + "?back=/notices/", follow=True).content.decode()
    assert "已按您的要求取消" in page
    assert 'href="/notices/"' in page
    assert reloaded(job).state == Job.State.CANCELLED
    assert "任务已经结束" in client.post(reverse("job-cancel", args=[job.pk]), follow=True).content.decode()


def test_the_list_costs_the_same_however_long_it_is(work: Work, django_assert_max_num_queries: Any) -> None:
    user = make.user()
    client = signed(user)
    client.get(reverse("job-list"))
    for _ in range(60):
        submit(user)
    with django_assert_max_num_queries(7):
        page = client.get(reverse("job-list"))
    assert len(page.context["page"].rows) == 50
    assert page.context["page"].next_url
