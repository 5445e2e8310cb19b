"""Hats, the second step and its set-up as a browser shows them, with and without scripts."""

import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from members.models.user import HATS_AT_ONCE
from members.permissions import Role
from portal.models import SecondFactor
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize("width", [390, 1440])
def test_a_hat_is_changed_in_the_header(browse: Callable[..., Page], width: int) -> None:
    home = make.branch(name="第一党支部")
    user = make.hat(Role.SECRETARY, home, of=make.member(home, "赵小兰"))
    make.hat(Role.COMMITTEE, make.branch(name="第二党支部"), account=user)
    page = browse(user, width)
    page.goto("/")
    page.get_by_role("button", name="支部委员").click()
    expect(page.locator(".portal-hat [aria-current]")).to_have_text("支部委员 第二党支部")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [390, 1440])
def test_many_hats_are_a_list(browse: Callable[..., Page], width: int) -> None:
    user = make.hat(Role.SECRETARY, make.branch(name="第一党支部"))
    for number in range(HATS_AT_ONCE):
        make.hat(Role.COMMITTEE, make.branch(name=f"联系点{number}"), account=user)
    page = browse(user, width)
    page.goto("/")
    page.locator(".portal-hat summary").click()
    page.get_by_role("button", name="联系点2").click()
    expect(page.locator(".portal-hat-name")).to_have_text("支部委员·联系点2")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".portal-hat summary").click()
    page.keyboard.press("Escape")
    expect(page.locator(".portal-hat")).not_to_have_attribute("open", "")


def test_the_second_step_works_without_scripts(browse: Callable[..., Page]) -> None:
    user = make.user()
    SecondFactor.objects.create(user=user, secret=KEY, confirmed_at=timezone.now())
    page = browse(None, 390, java_script_enabled=False)
    page.goto(reverse("sign-in"))
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", make.PASSWORD)
    page.click("main button")
    expect(page.locator("h1")).to_have_text("第二步：输入验证码")
    page.fill("[name=code]", pyotp.TOTP(KEY).at(int(time.time())))
    page.click("main button")
    expect(page.locator("h1")).to_contain_text("同志")


def test_setting_up_shows_the_code_to_scan_and_prints_the_codes(browse: Callable[..., Page]) -> None:
    user = make.user()
    page: Any = browse(user, 390)
    page.goto(reverse("second-factor-enrol"))
    box = page.locator(".enrol-qr svg").bounding_box()
    assert box["width"] > 150
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.fill("[name=code]", pyotp.TOTP(SecondFactor.objects.get(user=user).secret).now())
    page.fill("[name=password]", make.PASSWORD)
    page.get_by_role("button", name="启用").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="打印本页").click()
    assert page.evaluate("window.printed") is True
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="打印本页")).to_be_hidden()
    expect(page.locator(".print-only")).to_contain_text(user.username)
