"""A real portal: ``manage.py start`` with its web server, worker and scheduler, and people in browsers of their own."""

import io
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.servers import Kept, Site, free_port, loaded, migrated, wait_for


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


def serve(beginning: Kept) -> Iterator[str]:
    """The address of a portal that goes on from what another left."""
    port = free_port()
    with Site(JOB_LEASE_SECONDS="60") as site:
        site.take(beginning)
        process = site.start("manage.py", "start", "--port", str(port))
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/sign-in/") or process.poll() is not None, 60, 0.5)
        assert process.poll() is None, site.output()[-3000:]
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def empty_portal() -> Iterator[str]:
    yield from serve(migrated())


@pytest.fixture(scope="module")
def demonstration() -> Iterator[str]:
    yield from serve(loaded())


@pytest.fixture(scope="module")
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """``visit(base, username, password)``: a signed-in page in a browser of its own; complaints of the browser fail the test."""
    complaints: list[str] = []

    def open_page(base: str, username: str = "", password: str = "", width: int = 1440) -> Page:
        context = chromium.new_context(
            base_url=base, viewport={"width": width, "height": 900}, locale="zh-CN", accept_downloads=True
        )
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        if username:
            sign_in(page, username, password)
        return page

    yield open_page
    assert not complaints


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto("/sign-in/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")


def submit(page: Page, button: str) -> None:
    """Press a button of the page's content and wait for the page that answers."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=button, exact=True).first.click()


def printed(page: Page, button: str) -> bytes:
    """Press a print button, wait for the worker, download what it made."""
    page.locator("main").get_by_role("button", name=button).first.click()
    link = page.locator("a[href$='/download/']").first
    link.wait_for(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def pdf_text(content: bytes) -> str:
    from pypdf import PdfReader

    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)
