"""Everything the portal needs to run, as one process to start and one to stop."""

import errno
import fcntl
import http.client
import os
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.fonts import fontconfig_file
from portal.processes import Supervisor

PATIENCE = 60.0  # seconds within which the web server must answer for the first time
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


class Command(BaseCommand):
    help = "启动门户：准备数据库，运行网页服务、后台任务和定时提醒；按 Ctrl-C 全部停止。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="数据库为空时装入演示数据")
        parser.add_argument("--host", default="127.0.0.1", help="监听地址（默认 127.0.0.1，只有本机能访问）")
        parser.add_argument("--port", type=int, default=8000, help="端口（默认 8000）")
        parser.add_argument("--web-workers", type=int, default=2, help="网页服务进程数（默认 2，各 4 个线程）")
        parser.add_argument("--task-workers", type=int, default=2, help="使用 Redis 时的后台任务进程数（默认 2）")

    def handle(self, *args: Any, **options: Any) -> None:
        with only_one():
            check_ready_to_start(options["host"], options["port"])
            url = prepare_environment(options["host"], options["port"])
            call_command("upgrade", stdout=self.stdout)
            loaded = options["demo"] and self.load_demo()
            self.run(url, options, show_accounts=not loaded)

    def load_demo(self) -> bool:
        """Fill an empty database, wholly or not at all; true if it was empty."""
        if get_user_model()._default_manager.exists():
            return False
        self.say("正在装入演示数据，约需一两分钟……")
        try:
            with transaction.atomic():
                call_command("load_demo")
        except KeyboardInterrupt as interrupt:
            raise CommandError("已中断，没有留下不完整的数据。") from interrupt
        return True

    def run(self, url: str, options: dict[str, Any], *, show_accounts: bool) -> None:
        supervisor = Supervisor(Path(settings.BASE_DIR), self.say)
        try:
            web = supervisor.add("网页服务", web_command(options["host"], options["port"], options["web_workers"]))
            for name, command in task_commands(options["task_workers"]):
                supervisor.add(name, command)
            deadline = time.monotonic() + PATIENCE
            while not supervisor.asked_to_stop and not answers(options["host"], options["port"]):
                if web.process.poll() is not None or time.monotonic() > deadline:
                    raise CommandError("网页服务没有启动成功，原因见上面的输出。")
                time.sleep(0.1)
            if not supervisor.asked_to_stop:
                self.welcome(url, show_accounts=show_accounts)
            supervisor.watch()
            self.say("正在停止……")
        finally:
            supervisor.stop()
        self.say("已停止。")

    def welcome(self, url: str, *, show_accounts: bool) -> None:
        self.say(f"\n{settings.PORTAL_NAME}已启动：{url}/")
        accounts = Path(settings.DATA_DIR) / "demo-accounts.txt"
        if show_accounts and accounts.exists():
            self.say(f"演示账号（职责、账号、口令、所在组织）：\n{accounts.read_text(encoding='utf-8').rstrip()}")
        elif not get_user_model()._default_manager.exists():
            self.say(f"还没有账号。请先打开 {url}/first-run/ 建立第一个组织和管理员。")
        self.say("按 Ctrl-C 停止。\n")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the data folder: a second ``start`` on it would run every clock twice. Raises ``CommandError``."""
    path = Path(settings.DATA_DIR) / "start.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"门户已经在运行（数据目录 {settings.DATA_DIR}）。请先停止它，或用 DATA_DIR 指定另一个目录。"
            ) from error
        yield


def check_ready_to_start(host: str, port: int) -> None:
    """Raises ``CommandError`` when the styles are not built or the port cannot be had."""
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        raise CommandError("页面样式还没有准备好，请先运行：make assets")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise CommandError(f"没有权限使用端口 {port}，请换一个 1024 以上的端口：--port 8000") from error
        except OSError as error:
            why = "已被别的程序占用" if error.errno == errno.EADDRINUSE else f"不可用：{error.strerror}"
            raise CommandError(f"{host}:{port} {why}。请换一个端口，例如：--port {port + 1}") from error


def prepare_environment(host: str, port: int) -> str:
    """Tell the children, through the environment, under which address the portal is reached; returns that address."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    os.environ.setdefault("FONTCONFIG_FILE", str(fontconfig_file()))
    os.environ.setdefault("SITE_URL", f"http://{shown}:{port}")
    if not settings.PRODUCTION:
        os.environ.setdefault("ALLOWED_HOSTS", ",".join(dict.fromkeys([*LOCAL_HOSTS, shown])))
    return os.environ["SITE_URL"].rstrip("/")


def web_command(host: str, port: int, workers: int) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        *(sys.executable, "-m", "gunicorn", "portal.wsgi:application"),
        *("--bind", bind, "--worker-class", "gthread", "--workers", str(workers), "--threads", "4"),
        *("--timeout", "120", "--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"),
    ]


def task_commands(workers: int) -> list[tuple[str, list[str]]]:
    """The worker that does the jobs and the clock: one process for the embedded broker, two commands with Redis."""
    celery = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "portal"]
    worker = [*celery, "worker", "-Q", "quick,print,import", "-l", "WARNING", "--without-gossip", "--without-mingle"]
    if settings.BROKER_URL.startswith("files"):
        return [("后台任务", [*worker, "--without-heartbeat", "-P", "solo", "-B"])]
    return [
        ("后台任务", [*worker, "-c", str(workers), "--max-tasks-per-child", "200"]),
        ("定时任务", [*celery, "beat", "-l", "WARNING", "--pidfile="]),
    ]


def answers(host: str, port: int) -> bool:
    """Whether the web server answers on its port, whatever it says."""
    name = next((name for name in settings.ALLOWED_HOSTS if name[0] not in "*."), "localhost")
    connection = http.client.HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=30)  # noqa: S104
    try:
        connection.request("GET", "/sign-in/", headers={"Host": name})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
