"""One command starts everything, one Ctrl-C ends everything, and nothing is left behind."""

import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.servers import Site, free_port, loaded, wait_for

MANIFEST = Path(settings.STATIC_ROOT) / "staticfiles.json"
COUNT = "select count(*) from members_user"
pytestmark = [pytest.mark.servers, pytest.mark.once]


@pytest.fixture
def site() -> Iterator[Site]:
    assert MANIFEST.exists(), "run `make assets` first"
    with Site() as made:
        yield made
        for process in processes(made):
            process.kill()


class Process:
    """A running process that works on the site's data folder."""

    def __init__(self, folder: Path) -> None:
        self.pid = int(folder.name)
        self.command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        self.environment = (folder / "environ").read_bytes().decode(errors="replace")

    def kill(self) -> None:
        subprocess.run(["kill", "-9", str(self.pid)], check=False)


def processes(site: Site, word: str = "") -> list[Process]:
    """All processes of the site whose command line has ``word``, whoever is their parent now."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            process = Process(folder)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if f"DATA_DIR={site.data}\0" in process.environment and word in process.command:
            found.append(process)
    return found


def start(site: Site, *options: str) -> "tuple[subprocess.Popen[str], str]":
    """The running portal and its address."""
    port = free_port()
    process = site.start("manage.py", "start", "--port", str(port), *options)
    said = len(site.output())
    wait_for(lambda: "按 Ctrl-C 停止" in site.output()[said:] or process.poll() is not None, seconds=300)
    assert process.poll() is None, site.output()
    return process, f"http://127.0.0.1:{port}"


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def stop(site: Site, process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 0
    assert processes(site) == []


def test_an_empty_folder_becomes_a_portal_and_stays_one(site: Site) -> None:
    process, address = start(site)
    assert f"{address}/first-run/" in site.output()
    assert status(f"{address}/first-run/") == 200
    style = re.search(
        r"vendor/tabler/tabler\.min\.\w+\.css", (Path(settings.STATIC_ROOT) / "staticfiles.json").read_text()
    )
    assert style
    assert status(f"{address}/static/{style[0]}") == 200
    stop(site, process)
    site.run("from django.contrib.auth import get_user_model as u; u().objects.create(username='kept', name='甲')")
    process, address = start(site)
    assert site.output().count("/first-run/") == 1, "with an account there, nobody is sent to the first run"
    stop(site, process)
    assert site.column("select username from members_user") == ["kept"]
    assert "Traceback" not in site.output()


def test_the_clock_and_the_worker_run_inside(site: Site) -> None:
    site.migrate()
    """A job of a kind nobody knows is taken by the worker and refused, which shows that it listens."""
    process, _ = start(site)
    site.run(
        "from django.contrib.auth import get_user_model as u; from portal.models import Job\n"
        "from celery import current_app\n"
        "job = Job.objects.create(kind='nonsense', title='x', by=u().objects.create(username='x', name='x'))\n"
        "current_app.send_task('portal.tasks.run_job', (job.pk,), queue='print')"
    )
    wait_for(lambda: site.column("select state from portal_job") == ["failed"])
    assert len(processes(site, "celery")) == 2, "the worker and the clock inside it"
    stop(site, process)


def test_a_fallen_worker_is_started_again(site: Site) -> None:
    site.migrate()
    process, _ = start(site)
    before = {each.pid for each in wait_for(lambda: processes(site, "celery"))}
    for each in processes(site, "celery"):
        each.kill()
    wait_for(lambda: {each.pid for each in processes(site, "celery")} - before)
    assert "后台任务意外退出" in site.output()
    stop(site, process)


def test_a_killed_parent_leaves_no_children(site: Site) -> None:
    site.migrate()
    process, _ = start(site)
    wait_for(lambda: len(processes(site, "celery")) == 2)
    process.kill()
    process.wait()
    assert wait_for(lambda: processes(site) == [], seconds=10)


def test_a_taken_port_or_folder_is_told_in_plain_words(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = site.manage("start", "--port", str(port), check=False)
    assert refused.returncode != 0
    assert f"127.0.0.1:{port} 已被别的程序占用" in refused.stderr
    assert not (site.data / "portal.sqlite3").exists(), "nothing was prepared"
    site.migrate()
    process, _ = start(site)
    refused = site.manage("start", "--port", str(free_port()), check=False)
    assert refused.returncode != 0
    assert "门户已经在运行" in refused.stderr
    stop(site, process)


def test_the_demonstration_shows_its_accounts(site: Site) -> None:
    site.take(loaded())
    said = (site.data / "said").read_text()
    accounts = (site.data / "demo-accounts.txt").read_text().splitlines()
    assert accounts
    assert [said.count(line) for line in accounts] == [1] * len(accounts)
    [people] = site.column(COUNT)
    assert people > 3
    process, address = start(site, "--demo")
    assert site.column(COUNT) == [people]
    assert [site.output().count(line) for line in accounts] == [1] * len(accounts), "shown again, not loaded again"
    assert status(f"{address}/sign-in/") == 200
    stop(site, process)
