"""How long the dashboard, the late list and the phase report of a large subtree take, against yardsticks measured in the same run.

    python -m benchmarks.dashboard [branches] [members per branch]

Makes a throw-away database (SQLite, or what DATABASE_URL names: a test database beside it), fills it, and prints a table. The yardstick of
the pages is reading the same figures live from the records at the root (``count`` over every enrolment) and an ordinary page of the portal;
that of the PDF is an empty 公文 of one page. Meant for 1,000 branches and more. Ends with status 1 when a line is slower than its allowance
(a multiple of its yardstick).
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import get_runner, setup_test_environment
from django.urls import reverse

from campaign.dashboards.late import late_rows, mark
from campaign.models import Campaign, Enrolment, Participation, PhaseRun, StudyNote
from campaign.progress.ready import coverage_of
from campaign.progress.recounting import recount
from campaign.progress.rollups import rebalance
from campaign.progress.writing import count, recompute
from campaign.reports.overview import requirements_in
from members.models import Member, Organization
from members.permissions import Role
from portal.documents import documents
from portal.print_job import find_subject, page_of
from portal.printing import render_pdf
from tests import factories as make

REQUIREMENTS = tuple(
    [("plan-filed", "all-branches"), ("sessions-held", "all-branches"), ("study-attended", "all-members")]
    + [("study-note", "all-members"), ("lecture-given", "leaders"), ("analysis-submitted", "all-members")]
)
BRANCHES_PER_DISTRICT = 100


def fill(branches: int, members: int) -> tuple[Organization, Campaign]:
    """Root → districts of a hundred branches → branches; every third person has written a note."""
    root = make.organization("市委")
    campaign = make.campaign(root, REQUIREMENTS)
    for d in range(0, branches, BRANCHES_PER_DISTRICT):
        district = make.organization(f"区委{d}", Organization.objects.get(pk=root.pk))
        homes = [make.branch(district) for _ in range(min(BRANCHES_PER_DISTRICT, branches - d))]
        Member.objects.bulk_create(Member(branch=home, name=f"党员{n}") for home in homes for n in range(members))
        enrol(campaign, homes)
    return Organization.objects.get(pk=root.pk), campaign


def enrol(campaign: Campaign, homes: list[Organization]) -> None:
    """What enrolling and taking in do, in bulk."""
    batch, phases = campaign.batches.get(), list(campaign.phases.all())
    days = {"starts_on": batch.starts_on, "ends_on": batch.ends_on}
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(
            campaign=campaign,
            batch=batch,
            organization=home,
            state="running",
            phase=phases[0],
            started_on=batch.starts_on,
            **days,
        )
        for home in homes
    )
    PhaseRun.objects.bulk_create(
        PhaseRun(enrolment=e, phase=p, state="active" if p == phases[0] else "waiting", **days)
        for e in enrolments
        for p in phases
    )
    by_home = {e.organization_id: e for e in enrolments}
    people = Participation.objects.bulk_create(
        Participation(campaign=campaign, enrolment=by_home[m.branch_id], member=m, joined_on=batch.starts_on)
        for m in Member.objects.filter(branch__in=homes)
    )
    StudyNote.objects.bulk_create(StudyNote(participation=p, title="心得", text="心得") for p in people[::3])
    recompute(enrolments)


def took(work: Callable[[], Any], times: int = 5) -> float:
    """Median milliseconds of ``times`` runs after one to warm up."""
    work()
    durations = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        durations.append((time.perf_counter() - start) * 1000)
    return median(durations)


def measure(root: Organization, campaign: Campaign) -> list[tuple[str, float, str, float]]:
    """Rows of (what, milliseconds, yardstick, allowed milliseconds)."""
    office = make.hat(Role.OFFICE, root)
    client = Client()
    client.force_login(office)
    district = Organization.objects.get_children(root).first()
    everything = list(campaign.enrolments.values_list("pk", flat=True))
    requirements = requirements_in(campaign, campaign.phases.first())
    live = took(lambda: [count(r, everything[:30_000]) for r in requirements], 3)
    last_district = Organization.objects.get_children(root).last()
    deep = late_rows(campaign, last_district, requirements, names=True, limit=1)[0].position
    late = reverse("late-list", args=[campaign.pk, root.pk])
    blank = took(lambda: render_pdf("<!doctype html><html lang='zh-Hans'><title>空</title><p>空</p>", look="official"))
    given = {"campaign": str(campaign.pk), "organization": str(root.pk), "phase": "0"}
    report = documents["phase-report"]
    html = page_of(report, find_subject(report, given, office), given, office)
    frame = took(lambda: client.get(reverse("notice-list")))
    base, free = "现场统计＋三个普通页面", float("inf")
    page = live + 3 * frame
    urls = [reverse("dashboard", args=[campaign.pk, node.pk]) for node in (root, district)]
    return [
        ("现场统计全部记录", live, "", free),
        ("普通页面（通知）", frame, "", free),
        ("一页空白公文", blank, "", free),
        ("覆盖情况，根", took(lambda: coverage_of(campaign, root)), base, page),
        ("总览，根", took(lambda: client.get(urls[0])), base, page),
        ("总览，区", took(lambda: client.get(urls[1])), base, page),
        ("未完成名单，首页", took(lambda: client.get(late)), base, page),
        ("未完成名单，末区", took(lambda: client.get(late, {"after": mark(deep)})), base, page),
        (
            "总结报告，汇集",
            took(lambda: page_of(report, find_subject(report, given, office), given, office)),
            base,
            page,
        ),
        ("总结报告，排版", took(lambda: render_pdf(html, look="official")), "一页空白公文×40", 40 * blank),
    ]


def main() -> int:
    branches, members = (int(a) for a in (sys.argv[1:] + ["1000", "30"][len(sys.argv) - 1 :])[:2])
    setup_test_environment(debug=False)
    settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    runner = get_runner(settings)(verbosity=0, interactive=False)
    old = runner.setup_databases()
    try:
        start = time.perf_counter()
        root, campaign = fill(branches, members)
        _, points = rebalance(campaign, max(BRANCHES_PER_DISTRICT, branches // 10))
        size = f"{branches} 个支部，{branches * members} 名党员，{points} 个汇总点"
        print(f"{connection.vendor}：{size}，装入 {time.perf_counter() - start:.0f} 秒")
        start = time.perf_counter()
        assert not list(recount(campaign))
        print(f"recount 无差异，{time.perf_counter() - start:.1f} 秒")
        slow = 0
        for what, ms, against, allowed in measure(root, campaign):
            slow += ms > allowed
            limit = f"≤ {allowed:.0f}（{against}）" if allowed != float("inf") else "（基准）"
            print(f"{what:　<16}{ms:9.1f} 毫秒  {limit}{'  太慢' if ms > allowed else ''}")
        return 1 if slow else 0
    finally:
        runner.teardown_databases(old)


if __name__ == "__main__":
    sys.exit(main())
