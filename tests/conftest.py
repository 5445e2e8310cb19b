"""What tests of every room share: the browser, and a clean end."""

import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import portal.fonts  # noqa: F401 - pages and sheets with the portal's own fonts only
from tests import servers
from tests.sinks import Mailbox, Receiver, running

# Playwright keeps an event loop on the test's thread, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
REFUSED = "Content Security Policy"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever drives the browser is marked so. Long tests run first when processes share the work, last otherwise."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    shared = "PYTEST_XDIST_WORKER" in os.environ
    long = ("browser", "servers", "long")
    items.sort(key=lambda item: any(item.get_closest_marker(mark) for mark in long), reverse=shared)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure() -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:  # the folders are for all workers
        return
    servers.forget()
    for folder in (Path(os.environ.get(name, "")) for name in ("DATA_DIR", "RUN_DIR")):
        if folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith("portal-test-"):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_use_migrations: bool
) -> Iterator[None]:
    """Migrated once per test run: the database of each process begins as a copy, in which nothing is left to migrate."""
    if not django_db_use_migrations:
        yield
    elif connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = servers.migrated().database
        yield
    else:
        memory = sqlite3.connect(connection.creation._get_test_db_name(), uri=True)
        with closing(memory), closing(sqlite3.connect(servers.migrated().folder / "portal.sqlite3")) as file:
            file.backup(memory)
            yield


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Headless Chromium; without one the test is skipped, except in CI."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """``browse(user, width=1440)``: a page on the running portal, signed in as ``user`` (``None``: a stranger).

    At the end of the test nothing may have gone wrong in the page: no script error, nothing that its policy refused.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(user: Any = None, width: int = 1440, **options: Any) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            **options,
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            key = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that keeps what it is sent."""
    with running(Mailbox()) as server:
        yield server


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A messenger that keeps what it is sent."""
    with running(Receiver(tmp_path)) as server:
        yield server
