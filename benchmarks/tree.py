"""How long finding and opening organisations takes in a country's worth of them, against fetching one row by its key.

    python -m tests.servers postgresql -- python -m benchmarks.tree [provinces]

Makes a throw-away database (SQLite, or what DATABASE_URL names: a test database beside it), fills it with 1.8 million
organisations (31 provinces), and prints a table: the first time with nothing in memory (PostgreSQL only, which is started
again for it), the median afterwards, and its ratio to the key lookup of the same run. Ends with status 1 when anything
warm takes more than 100 ms on PostgreSQL, or, on a machine that is busy, more than 300 key lookups.
"""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import get_runner, setup_test_environment
from django.urls import reverse

from benchmarks.tree_names import tree
from members.models import Organization, User
from members.permissions import Role
from members.search import search, with_trails
from members.search_index import create
from tests import factories as make
from tests.servers import end, execute, launch, wait_for

CHUNK = 50_000
LIMIT, LOOKUPS = 100.0, 300
SEARCHES = {
    "到处都有": ["支部", "zb", "dzb", "第三党支部"],
    "常见": ["财政局", "镇党委", "czj", "工程 第二"],
    "集中在最后": ["中央企业", "zyqy"],
    "少见": ["新疆维吾尔", "烟林村", "hdgc", "xjwwe"],
    "没有": ["不存在的名称", "支部总委", "qqqq", "dzbd", "财政 维吾尔 村"],
    "编码": ["02090601", "1", "99000777", "8888"],
    "一个字": ["县", "龘"],
}


def load(provinces: int) -> int:
    """Fill the table as fast as the database takes it; how many."""
    columns = "path, depth, numchild, name, initials, code, kind, sector, condition"
    lines = (
        (path, len(path) // 4, children, name, letters, code, kind, "", "normal")
        for path, name, letters, children, code, kind in tree(provinces)
    )
    total = 0
    with transaction.atomic(), connection.cursor() as cursor:
        while chunk := [line for _, line in zip(range(CHUNK), lines, strict=False)]:
            if connection.vendor == "postgresql":
                text = io.StringIO("".join("\t".join(map(str, line)) + "\n" for line in chunk))
                cursor.copy_expert(f"copy members_organization ({columns}) from stdin", text)
            else:
                marks = ", ".join(["%s"] * 9)
                cursor.executemany(f"insert into members_organization ({columns}) values ({marks})", chunk)  # noqa: S608
            total += len(chunk)
    return total


def restart() -> subprocess.Popen[str]:
    """Start the server again with none of its files in memory; whoever asked ends it."""
    with connection.cursor() as cursor:
        cursor.execute("checkpoint")
        cursor.execute("show data_directory")
        data = Path(cursor.fetchone()[0])
    connection.close()
    pid = int((data / "postmaster.pid").read_text().split()[0])
    command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    os.kill(pid, signal.SIGINT)
    wait_for(lambda: not (data / "postmaster.pid").exists())
    os.sync()
    for file in data.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    lent = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig", "INT"]
    server = launch([*(lent if os.geteuid() == 0 else []), *command], stderr=subprocess.DEVNULL)
    wait_for(lambda: execute(os.environ["DATABASE_URL"], "select 1"))
    return server


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def warm(work: Callable[[], Any], times: int = 7) -> float:
    work()
    return median(timed(work) for _ in range(times))


def find(pk: int, text: str) -> list[Organization]:
    """As the page does it, for the user with this key."""
    user = User.objects.get(pk=pk)
    return with_trails(user, search(user, text).rows)


def works() -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Group, what, and how to do it."""
    nodes = {
        name: Organization.objects.get(code=code) for name, code in (("全国", "0"), ("一省", "02"), ("一县", "020303"))
    }
    yield "主键", "按主键取一行", lambda: Organization.objects.get(pk=nodes["一县"].pk)
    for place, node in nodes.items():
        made = make.hat(Role.OFFICE, node)
        for group, texts in SEARCHES.items():
            for text in texts:
                yield f"{place}，{group}", text, partial(find, made.pk, text)
    office = Client()
    office.force_login(User.objects.filter(appointments__organization=nodes["全国"]).get())
    widest = Organization.objects.get(code="99")
    last = Organization.objects.get(code="99029900")
    for what, name, pk, query in (
        ("打开全国的下级", "organization-children", nodes["全国"].pk, {}),
        ("打开最宽节点的下级", "organization-children", widest.pk, {}),
        ("最宽节点，第一页", "organization-detail", widest.pk, {}),
        ("最宽节点，末页", "organization-detail", widest.pk, {"after": last.pk}),
        ("查找页，第三党支部", "organization-list", 0, {"q": "第三党支部"}),
        ("班子名单，都没有", "committee-list", nodes["全国"].pk, {"kind": "soon"}),
    ):
        url = reverse(name, args=[pk] if pk else [])
        yield "整页", what, partial(office.get, url, query)


def report(servers: ExitStack) -> int:
    """Print every figure; how many are too slow."""
    todo, cold, slow, unit = list(works()), {}, 0, 1.0
    if connection.vendor == "postgresql":
        servers.callback(end, restart())
        cold = {number: timed(work) for number, (_, _, work) in enumerate(todo)}
    for number, (group, what, work) in enumerate(todo):
        ms = warm(work)
        unit = ms if group == "主键" else unit
        too_slow = connection.vendor == "postgresql" and ms > max(LIMIT, LOOKUPS * unit)
        slow += too_slow
        first = f"{cold[number]:9.1f}" if cold else " " * 9
        print(f"{group:　<10}{what:　<14}{first}{ms:9.1f} 毫秒  ×{ms / unit:.0f}{'  太慢' if too_slow else ''}")
    return slow


def main() -> int:
    provinces = int([*sys.argv[1:], "31"][0])
    setup_test_environment(debug=False)
    settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    runner = get_runner(settings)(verbosity=0, interactive=False)
    old = runner.setup_databases()
    with ExitStack() as servers:
        try:
            start = time.perf_counter()
            total = load(provinces)
            loaded = time.perf_counter()
            create(connection)
            made = time.perf_counter()
            print(f"{connection.vendor}：{total} 个组织，装入 {loaded - start:.0f} 秒，建索引 {made - loaded:.0f} 秒")
            return 1 if report(servers) else 0
        finally:
            runner.teardown_databases(old)


if __name__ == "__main__":
    sys.exit(main())
