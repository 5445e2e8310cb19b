"""«登录设备»: where one is signed in, and signing out elsewhere."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import User
from portal.browsers import browser_in_words, masked_address
from portal.models import AuditEntry, Session
from portal.tasks import clear_sessions
from tests import factories as make

pytestmark = pytest.mark.django_db
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50"


@pytest.fixture(autouse=True, params=["database", "cached"])
def engine(request: Any, settings: Any) -> None:
    settings.SESSION_ENGINE = f"portal.session_stores.{request.param}"


def device(user: User, agent: str = WINDOWS, address: str = "10.9.8.7") -> Client:
    """A browser that has signed in through the page."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    client.post(reverse("sign-in"), {"username": user.username, "password": make.PASSWORD})
    return client


def inside(client: Client) -> bool:
    return bool(client.get(reverse("home")).status_code == 200)


def row_of(client: Client) -> Session:
    return Session.objects.get(pk=client.session.session_key)


def test_the_page_names_browsers_and_masks_addresses() -> None:
    user = make.user()
    here = device(user)
    device(user, PHONE, "2001:db8:0:7::1")
    device(make.user(), "curl/8.5", "192.0.2.9")
    page = here.get(reverse("session-list")).content.decode()
    for words in ("Chrome，Windows", "微信，iPhone", "10.9.8.*", "2001:db8:0:*", "本机", "退出其他全部登录"):
        assert words in page
    for secret in ("10.9.8.7", "192.0.2", here.session.session_key):
        assert str(secret) not in page


def test_one_device_is_signed_out_at_its_next_request() -> None:
    user = make.user()
    here, phone, third = device(user), device(user, PHONE), device(user)
    page = here.post(reverse("session-end", args=[row_of(phone).number]), follow=True)
    assert "已退出 微信，iPhone 上的登录" in page.content.decode()
    assert not inside(phone)
    assert inside(here)
    assert inside(third)
    assert AuditEntry.objects.get(verb="退出登录设备").details == {"browser": "微信，iPhone"}


def test_all_others_are_signed_out_and_this_one_stays() -> None:
    user = make.user()
    here, others, stranger = device(user), [device(user), device(user, PHONE)], device(make.user())
    page = here.post(reverse("session-end-others"), follow=True)
    assert "已退出其他 2 处登录" in page.content.decode()
    assert not any(inside(other) for other in others)
    assert inside(here)
    assert inside(stranger)


def test_nobody_ends_a_strangers_session_nor_their_own_by_this_button() -> None:
    here, stranger = device(make.user()), device(make.user())
    for number in (row_of(stranger).number, row_of(here).number):
        assert here.post(reverse("session-end", args=[number])).status_code == 404
    assert here.get(reverse("session-end", args=[row_of(stranger).number])).status_code == 405
    assert inside(stranger)


def test_changing_the_password_ends_every_other_session() -> None:
    user = make.user()
    here, other = device(user), device(user)
    old_key = here.session.session_key
    new = "春风又绿江南岸-明月何时"
    here.post(reverse("password-change"), {"old_password": make.PASSWORD, "new_password1": new, "new_password2": new})
    assert inside(here)
    assert not inside(other)
    assert list(Session.objects.visible_to(user)) == [row_of(here)]
    assert here.session.session_key != old_key


def test_a_reset_by_the_secretary_leaves_no_session_behind() -> None:
    home = make.branch()
    person = make.user(make.member(home))
    there, secretary = device(person), make.secretary(home)
    assert inside(there)
    client = Client()
    client.force_login(secretary)
    client.post(reverse("account-reset", args=[person.pk]))
    assert not Session.objects.filter(user=person).exists()
    assert not inside(there)


def test_the_row_is_written_once_a_minute_and_gone_after_signing_out() -> None:
    here = device(make.user())
    inside(here)
    first = row_of(here).seen_at
    before = here.session["seen-at"]
    inside(here)
    assert row_of(here).seen_at == first
    session = here.session
    session["seen-at"] = before - 61
    session.save()
    inside(here)
    assert row_of(here).seen_at >= first
    assert here.session["seen-at"] >= before
    key = here.session.session_key
    here.post(reverse("sign-out"))
    assert not Session.objects.filter(pk=key).exists()


def test_the_list_takes_as_many_queries_for_ten_devices(django_assert_max_num_queries: Any) -> None:
    user = make.user()
    here = device(user)
    inside(here)
    for _ in range(10):
        device(user, PHONE)
    with django_assert_max_num_queries(8):
        assert here.get(reverse("session-list")).content.decode().count("微信，iPhone") == 10


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS.replace("Safari", "Edg/126.0"), "Edge，Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/96 Safari/537.36 UOS", "Chrome，统信 UOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/17 Safari/605", "Safari，Mac"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/126 Mobile Safari/537", "Chrome，安卓"),
        ("<script>alert(1)</script>", "未知浏览器"),
        ("", "未知浏览器"),
    ],
)
def test_browsers_in_words(agent: str, words: str) -> None:
    assert browser_in_words(agent) == words


def test_addresses_lose_their_last_part() -> None:
    assert masked_address("::ffff:10.1.2.3") == "10.1.2.*"
    assert masked_address("fe80::1") == "fe80:0:0:*"
    assert masked_address("not an address") == ""


def test_rows_that_have_run_out_are_forgotten() -> None:
    user = make.user()
    device(user)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    here = device(user)
    page = here.get(reverse("session-list")).content.decode()
    assert "退出其他全部登录" not in page
    clear_sessions()
    assert list(Session.objects.all()) == [row_of(here)]
