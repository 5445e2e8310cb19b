"""Progress at the real scale: dashboards, late lists and writes, side by side with their floors, in one run.

    python -m benchmarks.progress [small | beijing | nation]

Starts a PostgreSQL of its own, builds a batch of the campaign in the real tables (``beijing``: 70,000 branches, 1.36 million members;
``nation``: 1.8 million branches, 30 million members; twelve requirements), and prints: SQL and whole request of the dashboard at root, middle
and leaf, idle and while 16 clients write, against one live COUNT over the same subtree and a signed-in page that shows nothing; the late
list's first and thousandth page; notes written per second through the view against a view that updates one row; and what ``recount`` takes
and finds. Times in milliseconds. With a ``DATABASE_URL`` of one's own the world is built there once and measured again from then on.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

from tests.servers import end, free_port, launch, postgresql, wait_for

SERVER = (
    "max_connections=80",
    "shared_buffers=3GB",
    "effective_cache_size=12GB",
    "work_mem=32MB",
    "max_wal_size=8GB",
    "checkpoint_timeout=30min",
    "wal_level=minimal",
    "max_wal_senders=0",
    "random_page_cost=1.1",
)
WRITERS = 16
SECONDS = 10


def spread(times: list[float]) -> tuple[float, float]:
    """p50 and p95."""
    cut = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    return cut[9], cut[18]


class Clock:
    """Milliseconds spent in SQL while it is on, and how many statements."""

    def __init__(self) -> None:
        self.spent, self.statements = 0.0, 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.spent += (time.perf_counter() - start) * 1000
            self.statements += 1


def sql_and_page(client: Any, url: str, times: int = 60) -> tuple[tuple[float, float], tuple[float, float], int]:
    """SQL and whole request inside this process, p50 and p95, and the number of statements."""
    from django.db import connection

    client.get(url)
    spent, whole, statements = [], [], 0
    for _ in range(times):
        clock = Clock()
        start = time.perf_counter()
        with connection.execute_wrapper(clock):
            answer = client.get(url)
        whole.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 200, (url, answer.status_code)
        spent.append(clock.spent)
        statements = clock.statements
    return spread(spent), spread(whole), statements


def timed(work: Callable[[], Any], times: int = 20) -> tuple[float, float]:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return spread(found)


def ask(port: int, requests: list[dict[str, Any]], clients: int, seconds: float = SECONDS) -> subprocess.Popen[str]:
    """Clients in a process of their own; ``answer`` waits for what they found."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.clients"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    json.dump({"port": port, "clients": clients, "seconds": seconds, "requests": requests}, process.stdin)
    process.stdin.close()
    return process


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    found: dict[str, Any] = json.loads(process.stdout.read())
    process.wait()
    if found["errors"]:
        print(f"  {found['errors']} 次出错：{found['said']}")
    return found


@contextmanager
def web(workers: int = 2) -> Any:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "benchmarks.site:application",
        "--bind",
        f"127.0.0.1:{port}",
        "--worker-class",
        "gthread",
    ]
    server = launch([*command, "--workers", str(workers), "--threads", "8", "--log-level", "warning"], dict(os.environ))

    def listens() -> bool:
        import http.client

        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/sign-in/")
            return connection.getresponse().status < 500
        except OSError:
            return False

    try:
        wait_for(listens, 30, 0.3)
        yield port
    finally:
        end(server)


def cookie(user: Any) -> tuple[Any, str]:
    """A signed-in client, and its cookies for other processes."""
    from tests.clients import signed_in

    client = signed_in(user)
    client.get("/trivial/")
    return client, f"sessionid={client.cookies['sessionid'].value}; csrftoken={'a' * 32}"


def nodes(campaign: Any) -> list[tuple[str, Any]]:
    """Root, a child of it, one in the middle, the fullest committee, a branch."""
    from members.models import Organization

    root = campaign.organization
    below = list(root.children()[:3])[-1]
    depth = len(campaign.enrolments.order_by("organization__path").first().organization.path) // 4
    middle = Organization.objects.under(below).filter(depth=max(3, depth // 2 + 1)).order_by("path")[1]
    fullest = (
        Organization.objects.exclude(kind="branch")
        .filter(path__startswith=root.path, depth__gt=2)
        .order_by("-numchild")
        .first()
    )
    leaf = campaign.enrolments.order_by("pk")[1000].organization
    return [("根", root), ("第二级", below), ("中间", middle), ("最宽的党委", fullest), ("支部", leaf)]


def writers(campaign: Any, number: int = 400) -> list[str]:
    """Signed-in members of different branches: their cookies and the paths of their notes."""
    from campaign.models import Participation
    from members.models import User

    rows = list(
        Participation.objects.active()
        .filter(pk__gt=1000)
        .order_by("pk")
        .values_list("pk", "member_id")[: number * 37 : 37]
    )
    found = []
    for pk, member in rows:
        user = User.objects.get_or_create(username=f"writer{pk}", defaults={"name": "党员", "member_id": member})[0]
        found.append(json.dumps([f"/participations/{pk}/notes/new/", cookie(user)[1]]))
    return found


def main() -> int:
    name = (sys.argv[1:] or ["small"])[0]
    if "DATABASE_URL" in os.environ:
        import benchmarks.site  # noqa: F401 - sets the portal up

        return run(name)
    # Whoever imports the portal has chosen its database: the server comes first.
    with postgresql(*SERVER) as url, tempfile.TemporaryDirectory(prefix="portal-benchmark-") as folder:
        env = os.environ | {
            "DATABASE_URL": url,
            "CONN_MAX_AGE": "600",
            "DATA_DIR": folder,
            "SECRET_KEY": "a-key-for-benchmarks-only-a-key-for-benchmarks-only",
            "FIELD_KEY": "a-field-key-for-benchmarks-only-a-field-key-for-be",
            "ALLOWED_HOSTS": "127.0.0.1,testserver",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        return subprocess.run([sys.executable, "-m", "benchmarks.progress", name], env=env).returncode


def run(name: str) -> int:
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.progress_world import SIZES, build
    from campaign.models import Campaign, Participation, Requirement
    from members.models import Organization

    if "campaign_campaign" not in connection.introspection.table_names():
        settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
        call_command("migrate", run_syncdb=True, verbosity=0)
        print(f"{name}：装入", flush=True)
        build(SIZES[name])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        size = cursor.fetchone()[0]
    branches, members = Organization.objects.branches().count(), Participation.objects.count()
    print(f"{branches} 个支部，{members} 名参加者，{Requirement.objects.count()} 项规定动作，数据库 {size}", flush=True)
    campaign = Campaign.objects.select_related("organization").get()
    measure(campaign)
    return check(campaign)


def measure(campaign: Any) -> None:
    from django.urls import reverse

    from campaign.models import Participation
    from members.models import User
    from members.permissions import Role
    from tests import factories as make

    office = User.objects.filter(username="office").first()
    if office is None:
        office = make.hat(Role.OFFICE, campaign.organization, account=make.user(username="office"))
    client, signed = cookie(office)
    places = [(label, node, reverse("dashboard", args=[campaign.pk, node.pk])) for label, node in nodes(campaign)]
    print("\n总览（本进程内；p50 / p95）")
    for label, node, url in places:
        sql, page, statements = sql_and_page(client, url)
        live = timed(
            lambda node=node: (
                Participation.objects.active().filter(enrolment__organization__path__startswith=node.path).count()
            ),
            5,
        )
        print(
            f"  {label}：SQL {sql[0]:.1f} / {sql[1]:.1f}（{statements} 条），整页 {page[0]:.1f} / {page[1]:.1f}；现场 COUNT {live[0]:.1f}",
            flush=True,
        )
    sql, page, statements = sql_and_page(client, "/trivial/")
    print(
        f"  空白页：SQL {sql[0]:.1f} / {sql[1]:.1f}（{statements} 条），整页 {page[0]:.1f} / {page[1]:.1f}", flush=True
    )
    late(campaign, client)
    with web() as port:
        served(campaign, port, signed, places)


def late(campaign: Any, client: Any) -> None:
    """First page, and the thousandth, reached by turning pages."""
    from django.urls import reverse

    from campaign.dashboards.late import late_rows, mark
    from campaign.reports.overview import main_phase, requirements_in

    node = campaign.organization
    url = reverse("late-list", args=[campaign.pk, node.pk])
    asked = requirements_in(campaign, main_phase(campaign, node))
    start, position = time.perf_counter(), None
    for _ in range(1000):
        rows = late_rows(campaign, node, asked, names=True, limit=50, start=position)
        if not rows:
            break
        position = rows[-1].position
    turning = (time.perf_counter() - start) * 1000 / 1000
    for label, query in (("首页", ""), ("第一千页", f"?after={mark(position)}" if position else "")):
        sql, page, statements = sql_and_page(client, url + query, 30)
        print(
            f"  未完成名单{label}：SQL {sql[0]:.1f} / {sql[1]:.1f}（{statements} 条），整页 {page[0]:.1f} / {page[1]:.1f}",
            flush=True,
        )
    print(f"  翻过一千页，平均每页 {turning:.1f}", flush=True)


def served(campaign: Any, port: int, signed: str, places: list[Any]) -> None:
    """Through the web server: pages alone, writes alone, both together."""
    from datetime import date

    def get(path: str) -> list[dict[str, Any]]:
        return [{"method": "GET", "path": path, "cookie": signed, "body": {}}]

    body = {"written_on": str(date.today()), "text": "认真学习，联系实际。"}
    accounts = [json.loads(text) for text in writers(campaign)]
    notes = [{"method": "POST", "path": path, "cookie": own, "body": body} for path, own in accounts]
    rows = [{"method": "POST", "path": "/one-row/", "cookie": own, "body": body} for _, own in accounts]
    print("\n经网页服务器（2 个进程；p50 / p95，每秒）")
    answer(ask(port, notes, 4, 3))
    for label, requests in (("空白页", get("/trivial/")), *((label, get(url)) for label, _, url in places)):
        one, many = answer(ask(port, requests, 1, 4)), answer(ask(port, requests, 8, 5))
        print(f"  {label}：{one['p50']:.1f} / {one['p95']:.1f}，8 人同时 {many['rate']:.0f}/秒", flush=True)
    # Those who have a note already: one more changes no figure.
    alone = [note | {"path": note["path"].replace("notes/new/", "note-alone/")} for note in notes if has_note(note)]
    for label, requests in (("改一行", rows), ("同样写心得而不重算", alone), ("写心得并重算", notes)):
        found = answer(ask(port, requests, WRITERS))
        print(f"  {label}，16 人同时：{found['rate']:.0f}/秒，{found['p50']:.1f} / {found['p95']:.1f}", flush=True)
    for label, _, url in places[:2]:
        busy = ask(port, notes, WRITERS, 7)
        time.sleep(1)
        found = answer(ask(port, get(url), 1, 5))
        wrote = answer(busy)
        print(f"  {label}，同时有 {wrote['rate']:.0f} 次写入/秒：{found['p50']:.1f} / {found['p95']:.1f}", flush=True)


def has_note(request: dict[str, Any]) -> bool:
    """As the world was built."""
    return bool(int(request["path"].split("/")[2]) % 3)


def check(campaign: Any) -> int:
    from campaign.progress.recounting import recount

    start = time.perf_counter()
    differences = list(recount(campaign, processes=os.cpu_count() or 1))
    print(f"\nrecount：{len(differences)} 处差异，{time.perf_counter() - start:.0f} 秒", flush=True)
    for difference in differences[:5]:
        print(f"  {difference}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
