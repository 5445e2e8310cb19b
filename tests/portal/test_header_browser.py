"""The header on a phone: one row for name and tools, however much is unread."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from members.permissions import Role
from portal.models import Notice
from tests import factories as make

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (settings.BASE_DIR / "static/vendor/tabler/tabler.min.css").exists(), reason="make assets"),
]


@pytest.mark.parametrize("unread", [0, 5, 120])
def test_the_tools_stay_beside_the_name(browse: Callable[..., Page], unread: int) -> None:
    home = make.branch(name="中共滨江市城关区教育局机关第一联合党支部")
    user: Any = make.hat(Role.SECRETARY, home, of=make.member(home, "阿卜杜拉·买买提"))
    make.hat(Role.COMMITTEE, home, account=user)
    for number in range(unread):
        Notice.objects.create(recipient=user, key=f"{unread}-{number}", kind="x", text="通知", url="/")
    page = browse(user, width=390)
    page.goto("/")
    brand, tools = (page.locator(each).bounding_box() for each in (".portal-brand", ".portal-tools"))
    assert brand
    assert tools
    assert brand["y"] < tools["y"] + tools["height"]
    assert tools["y"] < brand["y"] + brand["height"]
    assert brand["x"] + brand["width"] <= tools["x"] + 1
    if unread:
        assert page.locator(".badge-count").evaluate("e => e.scrollWidth <= e.clientWidth")
        badge = page.locator(".badge-count").bounding_box()
        account = page.locator(".portal-tools .portal-account").bounding_box()
        assert badge
        assert account
        assert badge["x"] + badge["width"] <= account["x"] + 8
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_one_match_is_offered_plainly(browse: Callable[..., Page]) -> None:
    root = make.organization("青岚区委")
    home, there = make.branch(root, "财政局党支部"), make.branch(root, "民政局党支部")
    person = make.member(home, "李强")
    page = browse(make.secretary(home))
    page.goto(f"/members/{person.pk}/transfer/")
    page.get_by_label("转入支部").fill("民政")
    page.get_by_role("button", name="提出转接").click()
    offer = page.locator(".invalid-feedback")
    expect(offer).to_contain_text(f"找到{there}")
    expect(offer).not_to_have_css("color", "rgb(166, 27, 20)")
    page.get_by_label("转入支部").first.fill("海事局")
    page.get_by_role("button", name="提出转接").click()
    expect(page.locator(".invalid-feedback")).to_have_css("color", "rgb(166, 27, 20)")
