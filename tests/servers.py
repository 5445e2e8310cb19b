"""Real servers for tests, on free loopback ports and in temporary folders: PostgreSQL, Redis, workers, a whole portal.

As a command: ``python -m tests.servers postgresql -- pytest …`` runs what follows with ``DATABASE_URL`` set, then stops
the server.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
from redis import Redis
from redis.exceptions import ConnectionError as RedisDown

from portal.processes import die_with_parent

BASE_DIR = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 30.0, pause: float = 0.05) -> Any:
    """The first true value of ``what()``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain")
        time.sleep(pause)
    return value


def launch(command: list[str], env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """A child that ends with us, even when we are killed."""
    return subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env=env,
        text=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=partial(die_with_parent, os.getpid()),
        **options,
    )


def end(process: subprocess.Popen[str], first: signal.Signals = signal.SIGTERM) -> None:
    """Ask it to end, insist after ten seconds."""
    for number in (first, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def postgres_binary(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which(name, path=os.pathsep.join([*(str(folder) for folder in folders[::-1]), os.environ["PATH"]]))
    if not found:
        raise FileNotFoundError(f"{name} not found: apt-get install postgresql")
    return found


@contextmanager
def postgresql(*settings: str) -> Iterator[str]:
    """An empty PostgreSQL; its ``DATABASE_URL``. With ``settings`` it is a server for measuring: these, and safe on disk.

    It refuses to run as root: root lends it the account ``postgres``.
    """
    root = os.geteuid() == 0
    lent = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig", "INT"] if root else []
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    folder.chmod(0o755)
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    if root:
        shutil.chown(data, "postgres", "postgres")
    made = ["-D", str(data), "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run([*lent, postgres_binary("initdb"), *made], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    quick = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60"]
    quick = ["listen_addresses=127.0.0.1", *(settings or quick)]
    options = [part for setting in [*quick, f"unix_socket_directories={data}"] for part in ("-c", setting)]
    with (folder / "log").open("w") as log:
        server = launch([*lent, postgres_binary("postgres"), "-D", str(data), "-p", str(port), *options], stderr=log)
    url = f"postgres://portal@127.0.0.1:{port}/postgres"
    try:
        wait_for(lambda: execute(url, "select 1"))
        yield url
    finally:
        end(server, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def execute(url: str, statement: str) -> bool:
    """Run one statement outside a transaction; false when the server does not listen yet."""
    try:
        connection = psycopg2.connect(url)
    except psycopg2.OperationalError:
        return False
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
    return True


@contextmanager
def redis(port: int = 0) -> Iterator[str]:
    """An empty Redis that keeps nothing on disk; its ``BROKER_URL``."""
    port = port or free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = launch(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        end(server)


def listens(port: int) -> bool:
    with suppress(RedisDown):
        return bool(Redis(port=port).ping())
    return False


class Site:
    """A portal of its own: data folder, database and broker that no other test touches. Use as a context manager.

    Its database is SQLite, or one of its own on the PostgreSQL that ``DATABASE_URL`` names.
    """

    def __init__(self, broker: str = "files://localhost", **env: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="portal-site-"))
        self.data = self.folder / "data"
        url = os.environ.get("DATABASE_URL", "")
        self.server = url if url.startswith("postgres") else ""
        self.database = f"site_{uuid.uuid4().hex}"
        self.children: list[subprocess.Popen[str]] = []
        dropped = {"DATABASE_URL", "SECRET_KEY", "FIELD_KEY", "PORTAL_MODE", "ALLOWED_HOSTS", "SITE_URL", "KEY_DIR"}
        self.env = {key: value for key, value in os.environ.items() if key not in dropped}
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONPATH": str(BASE_DIR),
            "DATA_DIR": str(self.data),
            "BROKER_URL": broker,
            "JOB_LEASE_SECONDS": "3",
        } | env
        if self.server:
            execute(self.server, f"create database {self.database}")
            self.env["DATABASE_URL"] = f"{self.server.rpartition('/')[0]}/{self.database}"

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *args: object) -> None:
        for child in self.children:
            end(child)
        if "DATABASE_URL" in self.env:
            execute(self.server, f"drop database {self.database} with (force)")
        shutil.rmtree(self.folder, ignore_errors=True)

    def migrate(self) -> None:
        """Make the tables: by the migrations the first time in this test run, by copying that database from then on."""
        self.take(migrated())

    def take(self, kept: "Kept") -> None:
        """Begin as a copy."""
        shutil.copytree(kept.folder, self.data, dirs_exist_ok=True)
        if self.server:
            execute(self.server, f"drop database {self.database}")
            execute(self.server, f"create database {self.database} template {kept.database}")

    def manage(self, *args: str, check: bool = True, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *args]
        done = subprocess.run(command, cwd=BASE_DIR, env=self.env, text=True, capture_output=True, timeout=timeout)
        assert not check or done.returncode == 0, done.stderr[-3000:]
        return done

    def run(self, code: str) -> Any:
        """Run Python inside the portal, where the tests' jobs are known; what it assigns to ``answer`` comes back."""
        program = (
            "import django, json; django.setup(); import tests.portal.job_kinds\n"
            f"answer = None\n{code}\nprint('\\n' + json.dumps(answer, default=str))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=BASE_DIR, env=self.env, text=True, capture_output=True, timeout=120
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def column(self, statement: str) -> list[Any]:
        """The first column of what a query finds, asked without starting the portal."""
        where = self.env.get("DATABASE_URL", "")
        with closing(
            psycopg2.connect(where) if where else sqlite3.connect(self.data / "portal.sqlite3", timeout=20)
        ) as link:
            cursor = link.cursor()
            cursor.execute(statement)
            return [row[0] for row in cursor.fetchall()]

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A process of this portal; its output goes to ``log``."""
        with self.log.open("a") as log:
            self.children.append(
                launch([sys.executable, *command], self.env, stdout=log, stderr=log, start_new_session=True)
            )
        return self.children[-1]

    def start_worker(self, *options: str) -> subprocess.Popen[str]:
        """A worker that knows the jobs of the tests: by default embedded, with the clock inside."""
        pool = options or ("-P", "solo", "-B")
        queues = ("-Q", "quick,print,import", "-I", "tests.portal.job_kinds", "-l", "INFO")
        names = ("-n", f"{uuid.uuid4().hex}@localhost")
        return self.start("-m", "celery", "-A", "portal", "worker", *queues, *pool, *names)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def output(self) -> str:
        return self.log.read_text()


class Kept(NamedTuple):
    """What a portal left: the files of its data folder, on PostgreSQL a database too."""

    folder: Path
    database: str


def kept(name: str, prepare: Callable[[Site], object]) -> Kept:
    """A portal that was prepared once: by the process of this test run that asks first, while the others wait."""
    run = Path(os.environ["RUN_DIR"])
    found = Kept(run / name, f"{name}_{run.name.rpartition('-')[2]}".lower())
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.folder.exists():
            with Site() as site:
                prepare(site)
                if site.server:
                    execute(site.server, f"create database {found.database} template {site.database}")
                    (run / f"{name}.database").write_text(found.database)
                shutil.copytree(site.data, run / "unfinished", dirs_exist_ok=True)
                (run / "unfinished").rename(found.folder)
    return found


def migrated() -> Kept:
    return kept("migrated", lambda site: site.manage("migrate", "-v0", timeout=600))


def loaded() -> Kept:
    """A portal that was once started with ``--demo`` on empty tables; what it said is in the file ``said``."""

    def prepare(site: Site) -> None:
        site.migrate()
        process = site.start("manage.py", "start", "--demo", "--port", str(free_port()))
        wait_for(lambda: "按 Ctrl-C 停止" in site.output() or process.poll() is not None, seconds=300)
        end(process, signal.SIGINT)
        assert process.returncode == 0, site.output()[-3000:]
        (site.data / "said").write_text(site.output())

    return kept("demonstration", prepare)


def forget() -> None:
    """Drop the databases that were kept for this test run."""
    for name in Path(os.environ.get("RUN_DIR", "nowhere")).glob("*.database"):
        execute(os.environ["DATABASE_URL"], f"drop database {name.read_text()}")


def main(arguments: list[str]) -> int:
    """``postgresql redis -- command …``: the command's exit code."""
    split = arguments.index("--")
    offered = {"postgresql": (postgresql, "DATABASE_URL"), "redis": (redis, "BROKER_URL")}
    with ExitStack() as stack:
        for name in arguments[:split]:
            server, variable = offered[name]
            os.environ[variable] = stack.enter_context(server())
        # Importing the portal named its own settings to the environment; the tests have others.
        env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        return subprocess.run(arguments[split + 1 :], env=env).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
