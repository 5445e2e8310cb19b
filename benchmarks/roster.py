"""How long a large roster takes from upload to roll, phase by phase, against plain writing of the same rows in the same run.

    python -m benchmarks.roster [members] [branches] [postgresql|sqlite]

Without the last word: both, one after the other. PostgreSQL is started for the run (``tests.servers``); everything is thrown away afterwards.
The file is a workbook with the organisations and the members of one committee; it is imported into an empty roll, then once more unchanged,
then with every tenth member changed. Times are wall-clock seconds, and in brackets what worker and reading process computed (without the
database). The yardstick is COPY (SQLite: one prepared statement) of the finished rows into an empty table with the same keys and constraints.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

SECONDS: dict[str, tuple[float, float]] = {}
ETHNICITIES = ["汉族"] * 9 + ["回族", "满族", "蒙古族"]
OCCUPATIONS = ["工人", "农牧渔民", "专业技术人员", "党政机关工作人员", "离退休人员", ""]


def organizations(branches: int) -> Iterator[list[str]]:
    yield ["组织名称", "组织编码", "上级组织编码", "组织类型", "领域"]
    for n in range(branches):
        if n % 100 == 0:
            yield [f"第{n // 100 + 1}街道党委", f"T{n // 100:04}", "T", "党委", "街道社区"]
        yield [name_of(n), f"T{n:06}", f"T{n // 100:04}", "党支部", "街道社区"]


def name_of(branch: int) -> str:
    return f"第{branch // 100 + 1}街道第{branch % 100 + 1}社区党支部"


def members(count: int, branches: int, changed: bool = False) -> Iterator[list[str]]:
    """Rows as in the template, all different; ``changed``: every tenth has another education."""
    from members import sample_roster as sample

    chance = random.Random(2005)
    yield sample.MEMBER_HEADINGS
    for n in range(count):
        sex, year, month, day = chance.choice("男女"), chance.randint(1930, 1983), chance.randint(1, 12), n % 28 + 1
        number = unique_identity(n, year, month, day, sex)
        name = chance.choice(sample.SURNAMES) + chance.choice(sample.GIVEN)
        drawn = chance.choice(sample.EDUCATION)
        education = "博士研究生" if changed and n % 10 == 0 else drawn
        facts = [str(n + 1), name_of(n * branches // count), name, sex, chance.choice(ETHNICITIES), f"{year}.{month}"]
        dates = [f"{year + 22}年7月", f"{year + 23}年7月", "正式党员", f"T{n:07}"]
        rest = [
            chance.choice(["", "", "主任", "科员"]),
            f"第{n % 3 + 1}党小组",
            f"139{n:08}",
            "",
            "",
            "离退休" if year < 1945 else "",
        ]
        yield [*facts, number, education, OCCUPATIONS[n % len(OCCUPATIONS)], *dates, *rest]


def unique_identity(n: int, year: int, month: int, day: int, sex: str) -> str:
    """A right identity number, different for each ``n`` below some millions."""
    from members.roster.values import check_character

    body = f"{110000 + n // 200 % 9000:06}{year}{month:02}{day:02}{n % 200 // 2 + 100:03}"
    body = body[:-1] + str(int(body[-1]) // 2 * 2 + (sex == "男"))
    return body + check_character(body)


def now() -> tuple[float, float]:
    """Wall-clock seconds, and seconds computed by this process and by its children that have ended."""
    times = os.times()
    return time.perf_counter(), times.user + times.system + times.children_user + times.children_system


def since(start: tuple[float, float]) -> tuple[float, float]:
    return now()[0] - start[0], now()[1] - start[1]


def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def measured(*args: Any, **kwargs: Any) -> Any:
        start = now()
        try:
            return work(*args, **kwargs)
        finally:
            wall, computed = SECONDS.get(name, (0.0, 0.0))
            SECONDS[name] = wall + now()[0] - start[0], computed + now()[1] - start[1]

    return measured


def watch() -> None:
    """Measure the phases of the two jobs where they are called."""
    from members.actions import roster_work as jobs
    from members.roster import previewing, writing

    for name, module, word in [
        ("parse", jobs, "读文件、解析"), ("settle", jobs, "与名册比对"), ("keep", jobs, "保存预览"),
        ("prepare", jobs, "加密"), ("stamp_of", jobs, "锁内复核"), ("write", jobs, "写入"), ("tell", jobs, "通知活动"),
        ("keep_changes", writing, "其中：历史"), ("write_organizations", writing, "其中：组织"),
        ("write_created", writing, "其中：新党员"), ("write_changed", writing, "其中：变更"),
        ("summary", jobs, "其中：汇总"),
    ]:  # fmt: skip
        setattr(module, name, timed(word, getattr(module, name)))
    assert previewing


def run_import(content: bytes, root: Any, office: Any, label: str) -> None:
    """Upload, check, confirm, write, through the jobs; prints what took how long."""
    from members.actions.roster_import import confirm, upload
    from members.models import RosterImport
    from portal.actions import job as jobs

    SECONDS.clear()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of this import
    start = now()
    roster = upload(organization=root, name="名册.xlsx", content=content, by=office)
    uploaded, begun = since(start), now()
    jobs.run(job_id=roster.check_job_id)
    checked = since(begun)
    roster = RosterImport.objects.get(pk=roster.pk)
    print(f"\n{label}：{roster.report.get('counts') or roster.report}")
    table([("上传（加密保存）", uploaded), ("核对任务", checked), *(("　" + k, v) for k, v in SECONDS.items())])
    SECONDS.clear()
    if confirm(roster=roster, by=office):
        roster.refresh_from_db()
        begun = now()
        jobs.run(job_id=roster.write_job_id)
        wrote, everything = since(begun), since(start)
        roster.refresh_from_db()
        assert roster.state == RosterImport.State.DONE, roster.write_job.message
        table([("写入任务", wrote), *(("　" + k, v) for k, v in SECONDS.items()), ("合计", everything)])
    status = Path("/proc/self/status").read_text()
    print(f"  内存峰值：工作进程 {int(status.partition('VmHWM:')[2].split()[0]) // 1024} MB")


def reader_memory(content: bytes) -> int:
    """Megabytes that the reading process takes at most, measured from a small process, which it does not inherit memory from."""
    program = (
        "import sys, resource; from portal.sheets import read_sheets; content = sys.stdin.buffer.read();"
        "[None for sheet in read_sheets(content) for row in sheet.rows];"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    return int(subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True).stdout)


def table(rows: list[tuple[str, tuple[float, float]]]) -> None:
    for name, (wall, computed) in rows:
        print(f"  {name:　<12}{wall:8.2f} 秒（本机计算 {computed:.2f}）", flush=True)


def plain_copy() -> float:
    """Seconds to write the rows of the roll, as they now stand, into an empty table of the same make."""
    from django.db import connection, transaction

    from members.models import Member
    from members.roster.roll import raw
    from portal import bulk

    names = [field.attname for field in Member._meta.concrete_fields]
    values = [raw(name) if name in {"identity", "phone"} else name for name in names]
    rows = [
        tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in Member.objects.values_list(*values)
    ]
    columns = [bulk.column_of(Member, field.name) for field in Member._meta.concrete_fields]
    with connection.cursor() as cursor, transaction.atomic():
        if connection.vendor == "postgresql":
            cursor.execute("CREATE TABLE yardstick (LIKE members_member INCLUDING ALL)")
            portions = list(bulk.portions(rows))
            start = time.perf_counter()
            with connection.cursor() as copying:
                stream = bulk.Stream(())
                stream.portions = iter(portions)
                copying.copy_expert(f"COPY yardstick ({', '.join(columns)}) FROM STDIN", stream, 1 << 16)
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'members_member' AND sql IS NOT NULL")
            for (sql,) in cursor.fetchall():
                cursor.execute(sql.replace('"members_member"', '"yardstick"').replace('INDEX "', 'INDEX "y_'))
            places = ", ".join(["%s"] * len(columns))
            start = time.perf_counter()
            bulk.execute_many(f"INSERT INTO yardstick ({', '.join(columns)}) VALUES ({places})", rows)
        seconds = time.perf_counter() - start
    print(f"\n基准：已备好的 {len(rows)} 行直接写入同样的空表 {seconds:.2f} 秒（{len(rows) / seconds:,.0f} 行/秒）")
    return seconds


def measure(count: int, branches: int) -> None:
    from django.apps import apps
    from django.conf import settings
    from django.db import connection
    from django.test.utils import get_runner, setup_test_environment

    from members.models import Organization
    from members.permissions import Role
    from tests import factories as make
    from tests.members.workbooks import rows_text, workbook

    setup_test_environment(debug=False)
    settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    runner = get_runner(settings)(verbosity=0, interactive=False)
    if connection.vendor == "sqlite":
        settings.DATABASES["default"]["TEST"]["NAME"] = connection.settings_dict["TEST"]["NAME"] = str(
            settings.DATA_DIR / "b.sqlite3"
        )
    old = runner.setup_databases()
    try:
        root = Organization.objects.get(pk=make.organization("市委", code="T").pk)
        office = make.hat(Role.OFFICE, root)

        def book(changed: bool) -> bytes:
            people = members(count, branches, changed)
            return workbook({"组织": rows_text(organizations(branches)), "党员": rows_text(people)})

        first = book(False)
        print(f"{connection.vendor}：{count} 名党员，{branches} 个支部，文件 {len(first) / 1e6:.1f} MB，{date.today()}")
        print(f"读表进程内存峰值 {reader_memory(first)} MB", flush=True)
        watch()
        run_import(first, root, office, "首次导入")
        written, whole = SECONDS["其中：新党员"][0], SECONDS["写入"][0]
        run_import(first, root, office, "同一份再导一次")
        run_import(book(True), root, office, "每十人改一人")
        yardstick = plain_copy()
        print(
            f"  首次导入写新党员（含取号、转换）是它的 {written / yardstick:.2f} 倍；整个写入 {whole / yardstick:.2f} 倍"
        )
    finally:
        runner.teardown_databases(old)


def main() -> int:
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    count, branches = [*numbers, *[200_000, 5_000][len(numbers) :]][:2]
    if "--here" in sys.argv:
        measure(count, branches)
        return 0
    from tests.servers import postgresql

    wanted = [a for a in sys.argv[1:] if a in {"postgresql", "sqlite"}] or ["postgresql", "sqlite"]
    for backend in wanted:
        with postgresql() if backend == "postgresql" else nullcontext("") as url:
            env = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | (
                {"DATABASE_URL": url} if url else {}
            )
            command = [sys.executable, "-m", "benchmarks.roster", str(count), str(branches), "--here"]
            if code := subprocess.run(command, env=env).returncode:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
