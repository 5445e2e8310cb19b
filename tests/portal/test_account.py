"""Coming in, being kept out, choosing a password, and how long a sign-in lasts."""

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from members.models import User
from portal.models import AuditEntry
from portal.sessions import SEEN_AT, SIGNED_IN_AT
from tests import factories as make

pytestmark = pytest.mark.django_db
NEW = "春风又绿江南岸-明月何时"


def sign_in(client: Client, user: User, password: str = make.PASSWORD, **fields: str) -> Any:
    return client.post(reverse("sign-in"), {"username": user.username, "password": password, **fields})


def inside(client: Client) -> bool:
    return bool(client.get(reverse("home")).status_code == 200)


def test_the_right_password_leads_to_the_page_that_was_asked_for(client: Client) -> None:
    user = make.user()
    asked = client.get(reverse("notice-list"))
    assert asked.headers["Location"] == "/sign-in/?next=/notices/"
    assert 'name="next" value="/notices/"' in client.get(asked.headers["Location"]).content.decode()
    assert sign_in(client, user, next="/notices/").headers["Location"] == "/notices/"
    assert inside(client)


def test_sign_in_never_leads_to_a_foreign_site(client: Client) -> None:
    assert sign_in(client, make.user(), next="https://evil.example/").headers["Location"] == "/"


@pytest.mark.parametrize("fields", [{"is_active": False}, {}])
def test_a_refusal_does_not_tell_whether_the_account_exists(client: Client, fields: dict[str, Any]) -> None:
    user = make.user(**fields)
    for who, password in ((user, "不对的密码不对的密码"), (User(username="nobody"), make.PASSWORD)):
        page = sign_in(client, who, password).content.decode()
        assert "账号或密码不正确" in page
        assert f'value="{who.username}"' in page
    assert not inside(client)


def test_an_account_that_was_closed_is_out_at_the_next_request(client: Client) -> None:
    user = make.user()
    sign_in(client, user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not inside(client)


def test_signing_out_needs_a_form_and_ends_the_session(client: Client) -> None:
    sign_in(client, make.user())
    assert "这个地址不能直接打开" in client.get(reverse("sign-out")).content.decode()
    assert inside(client)
    left = client.post(reverse("sign-out"), follow=True)
    assert "您已安全退出" in left.content.decode()
    assert not inside(client)


@pytest.fixture
def lock_out(settings: Any) -> None:
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3


@pytest.mark.usefixtures("lock_out")
def test_guessing_locks_this_account_at_this_address_only(client: Client) -> None:
    victim, colleague = make.user(), make.user()
    for _ in range(2):
        assert sign_in(client, victim, "猜一猜猜一猜猜一猜").status_code == 200
    locked = sign_in(client, victim, "猜一猜猜一猜猜一猜")
    assert locked.status_code == 429
    page = locked.content.decode()
    assert "连续输错 3 次" in page
    assert "15 分钟后再试" in page
    assert sign_in(client, victim).status_code == 429, "the right password does not help while locked"
    assert sign_in(client, colleague).status_code == 302
    elsewhere = Client(REMOTE_ADDR="10.9.8.7")
    assert sign_in(elsewhere, victim).status_code == 302


@pytest.mark.usefixtures("lock_out")
def test_a_right_password_forgets_earlier_slips(client: Client) -> None:
    user = make.user()
    for _ in range(3):
        sign_in(client, user, "手滑了手滑了手滑了")
        assert sign_in(client, user).status_code == 302
        client.post(reverse("sign-out"))


def test_a_printed_password_is_changed_before_anything_else(client: Client) -> None:
    user = make.user(must_change_password=True)
    sign_in(client, user)
    for name in ("home", "notice-list", "job-list"):
        assert client.get(reverse(name)).headers["Location"] == reverse("password-change")
    page = client.get(reverse("password-change")).content.decode()
    assert "设置您自己的密码" in page
    assert "old_password" not in page
    done = client.post(reverse("password-change"), {"new_password1": NEW, "new_password2": NEW}, follow=True)
    assert done.redirect_chain[-1][0] == "/", "still signed in, and let through"
    assert "密码已修改" in done.content.decode()
    user.refresh_from_db()
    assert user.activated_at is not None
    assert user.check_password(NEW)
    assert AuditEntry.objects.get(verb="修改密码").by == user


@pytest.mark.parametrize(
    ("new", "again", "why"),
    [
        (NEW, NEW + "。", "两次输入的新密码不一致"),
        (make.PASSWORD, make.PASSWORD, "新密码与原密码相同"),
        ("短", "短", "密码太短，至少要 12 个字符"),
        ("2005200520052005", "2005200520052005", "密码只包含数字"),
    ],
)
def test_a_bad_new_password_is_refused_with_the_reason(client: Client, new: str, again: str, why: str) -> None:
    user = make.user(must_change_password=True)
    sign_in(client, user)
    page = client.post(reverse("password-change"), {"new_password1": new, "new_password2": again})
    assert why in page.content.decode()
    assert not inside(client)
    assert User.objects.get(pk=user.pk).check_password(make.PASSWORD)


def test_changing_it_later_asks_for_the_present_one(client: Client) -> None:
    user = make.user()
    sign_in(client, user)
    other = Client()
    sign_in(other, user)
    fields = {"new_password1": NEW, "new_password2": NEW}
    assert "原密码不正确" in client.post(reverse("password-change"), {"old_password": "错", **fields}).content.decode()
    assert client.post(reverse("password-change"), {"old_password": make.PASSWORD, **fields}).status_code == 302
    assert inside(client)
    assert not inside(other), "sign-ins elsewhere end"
    user.refresh_from_db()
    assert user.check_password(NEW)


@pytest.mark.parametrize(("name", "limit"), [(SEEN_AT, "SESSION_IDLE_SECONDS"), (SIGNED_IN_AT, "SESSION_COOKIE_AGE")])
def test_a_session_ends_when_idle_and_after_a_working_day(client: Client, settings: Any, name: str, limit: str) -> None:
    sign_in(client, make.user())
    assert inside(client)
    session = client.session
    session[name] = int(time.time()) - getattr(settings, limit) + 30
    session.save()
    assert inside(client)
    session = client.session
    session[name] = int(time.time()) - getattr(settings, limit) - 1
    session.save()
    out = client.get(reverse("home"), follow=True)
    assert "已自动退出" in out.content.decode()
    assert not inside(client)


def test_work_keeps_a_session_alive(client: Client, settings: Any) -> None:
    sign_in(client, make.user())
    inside(client)
    session = client.session
    session[SEEN_AT] -= settings.SESSION_IDLE_SECONDS - 30
    session.save()
    assert inside(client)
    assert time.time() - client.session[SEEN_AT] < 10
