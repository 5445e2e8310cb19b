"""The portal in a real browser: no page overflows, jobs report by themselves, forms are sent once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from members.permissions import Role
from portal.models import Job, Notice
from tests import factories as make

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (settings.BASE_DIR / "static/vendor/tabler/tabler.min.css").exists(), reason="make assets"),
]
Browse = Callable[..., Page]
LONG = "中共滨江市城关区机关工作委员会区教育局机关第一联合党支部"


def job(by: Any, **fields: Any) -> Job:
    return Job.objects.create(kind="print", title=f"{LONG}学习动员阶段总结报告", by=by, **fields)


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_is_wider_than_the_screen(browse: Browse, width: int) -> None:
    home = make.branch(name=LONG)
    user = make.hat(Role.SECRETARY, home, of=make.member(home, "阿卜杜拉·买买提江·吾买尔"))
    Notice.objects.create(recipient=user, key="1", kind="x", text=LONG * 4, url="/")
    done = job(user, state="failed", message="https://" + "a" * 200)
    page = browse(user, width=width)
    for path in ("/", "/notices/", "/jobs/", f"/jobs/{done.pk}/", "/password/", "/nope/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path


def test_the_menu_opens_on_a_phone_and_closes_with_escape(browse: Browse) -> None:
    page = browse(make.user(), width=390)
    page.goto("/")
    entry = page.locator(".portal-menu-phone a", has_text="首页")
    expect(entry).to_be_hidden()
    page.locator(".portal-menu-phone summary").click()
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()


def test_without_javascript_one_still_gets_everywhere(browse: Browse) -> None:
    user = make.user()
    running = job(user)
    page = browse(user, width=390, java_script_enabled=False)
    page.goto("/")
    page.locator(".portal-menu-phone summary").click()
    page.locator(".portal-menu-phone a", has_text="首页").click()
    page.locator(".portal-account summary").click()
    page.get_by_role("link", name="打印与导入任务").click()
    page.get_by_role("link", name=running.title).click()
    page.get_by_role("button", name="取消任务").click()
    expect(page.locator("main")).to_contain_text("已按您的要求取消")
    page.locator(".portal-account summary").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("main")).to_contain_text("您已安全退出")


def test_a_job_page_follows_the_job_to_its_end(browse: Browse) -> None:
    user = make.user()
    mine = job(user, state="running", done=1, total=4)
    page = browse(user)
    page.goto(f"/jobs/{mine.pk}/")
    expect(page.locator("#job-status")).to_contain_text("1 / 4（25%）")
    Job.objects.filter(pk=mine.pk).update(done=3)
    expect(page.locator("#job-status")).to_contain_text("3 / 4（75%）")
    Job.objects.filter(pk=mine.pk).update(state="failed", message="名册里没有人。")
    expect(page.locator("#job-status")).to_contain_text("名册里没有人。")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == [], "a finished job is asked about no more"


def test_a_form_is_sent_once_however_often_its_button_is_pressed(browse: Browse) -> None:
    user = make.user()
    mine = job(user)
    page = browse(user)
    page.goto(f"/jobs/{mine.pk}/")
    sent = page.get_by_role("button", name="取消任务").evaluate(
        """button => {
            let sent = 0;
            document.addEventListener("submit", event => {
                sent += event.defaultPrevented ? 0 : 1;
                event.preventDefault();
            });
            for (let times = 0; times < 3; times++) button.click();
            return sent;
        }"""
    )
    assert sent == 1


def test_paper_shows_the_page_without_its_frame(browse: Browse) -> None:
    page = browse(make.user())
    page.goto("/")
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    for part in (".portal-menu", ".portal-tools", ".footer"):
        expect(page.locator(part)).to_be_hidden()
