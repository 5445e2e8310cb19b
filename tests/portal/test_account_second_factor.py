"""The second factor: set up, asked for at sign-in, demanded of roles, taken away by who keeps the account."""

import re
import time
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import User
from members.permissions import Role
from portal.actions import second_factor as actions
from portal.kept_text import CONTEXT, author_token
from portal.models import AuditEntry, Notice, SecondFactor
from portal.signing_in import HALF
from tests import factories as make

pytestmark = pytest.mark.django_db
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def with_factor(user: User | None = None) -> SecondFactor:
    return SecondFactor.objects.create(user=user or make.user(), secret=KEY, confirmed_at=timezone.now())


def now_code(offset: int = 0) -> str:
    return pyotp.TOTP(KEY).at(int(time.time()) + offset)


def wrong_code() -> str:
    right = {now_code(offset) for offset in (-60, -30, 0, 30, 60)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)


def password_step(user: User, client: Client | None = None, **fields: str) -> Client:
    client = client or Client()
    client.post(reverse("sign-in"), {"username": user.username, "password": make.PASSWORD, **fields})
    return client


def code_step(client: Client, code: str) -> Any:
    return client.post(reverse("sign-in-code"), {"code": code})


def inside(client: Client) -> bool:
    return bool(client.get(reverse("home")).status_code == 200)


# ---- setting up ----


def test_setting_up_shows_key_and_codes_once() -> None:
    user = make.user()
    client = password_step(user)
    elsewhere = password_step(user)
    page = client.get(reverse("second-factor-enrol"))
    key = SecondFactor.objects.get(user=user).secret
    assert "no-store" in page.headers["Cache-Control"]
    assert [key[n : n + 4] for n in range(0, len(key), 4)] == page.context["key"]
    assert "<svg" in page.content.decode()
    assert 'autocomplete="one-time-code"' in page.content.decode()
    assert 'inputmode="numeric"' in page.content.decode()
    assert " style=" not in page.content.decode()
    assert client.get(reverse("second-factor-enrol")).context["key"] == page.context["key"], (
        "what was scanned stays right"
    )
    right = {"code": pyotp.TOTP(key).now(), "password": make.PASSWORD}
    for wrong, why in (({"code": "12345"}, "验证码不正确"), ({"password": "别人的密码"}, "密码不正确")):
        bad = client.post(reverse("second-factor-enrol"), right | wrong)
        assert bad.status_code == 422
        assert why in bad.content.decode()
        assert not SecondFactor.objects.confirmed().exists()
    done = client.post(reverse("second-factor-enrol"), right)
    codes = re.findall(r"<li>([2-9a-z]{5}-[2-9a-z]{5})</li>", done.content.decode())
    assert len(set(codes)) == 10
    assert "no-store" in done.headers["Cache-Control"]
    assert AuditEntry.objects.filter(verb="启用动态验证码", by=user).exists()
    status = client.get(reverse("second-factor")).content.decode()
    assert "已启用" in status
    assert "10 个" in status
    assert codes[0] not in status
    assert not inside(elsewhere), "a session that never gave a code ends"
    assert client.get(reverse("second-factor-enrol")).headers["Location"] == reverse("second-factor")
    fresh = password_step(user)
    assert not inside(fresh)
    code_step(fresh, codes[3])
    assert inside(fresh)


def test_the_database_holds_neither_secret_nor_codes() -> None:
    factor = with_factor()
    codes = actions.fresh_codes(factor)
    with connection.cursor() as cursor:
        cursor.execute("select * from portal_secondfactor")
        rows = repr([[bytes(c) if isinstance(c, memoryview) else c for c in row] for row in cursor.fetchall()])
        cursor.execute("select * from portal_recoverycode")
        rows += repr(cursor.fetchall())
    assert KEY not in rows
    assert not any(code in rows or code.replace("-", "") in rows for code in codes)


# ---- signing in ----


def test_password_then_code_leads_to_the_page_that_was_asked_for() -> None:
    user = with_factor().user
    client = Client()
    first = client.post(reverse("sign-in"), {"username": user.username, "password": make.PASSWORD, "next": "/notices/"})
    assert first.headers["Location"] == reverse("sign-in-code")
    assert not inside(client), "the password alone opens nothing"
    page = client.get(reverse("sign-in-code")).content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert "no-store" in client.get(reverse("sign-in-code")).headers["Cache-Control"]
    assert code_step(client, now_code()).headers["Location"] == "/notices/"
    assert inside(client)


def test_spaces_and_full_width_digits_are_understood() -> None:
    user = with_factor().user
    code = now_code()
    client = password_step(user)
    code_step(client, f"{code[:3]} {code[3:]}".translate({n + 48: n + 0xFF10 for n in range(10)}))
    assert inside(client)


def test_a_code_opens_once() -> None:
    user = with_factor().user
    code = now_code()
    code_step(password_step(user), code)
    second = password_step(user)
    page = code_step(second, code).content.decode()
    assert "已经用过" in page
    assert not inside(second)
    third = password_step(user)
    code_step(third, now_code(-30))
    assert not inside(third), "nor does an older one afterwards"
    fourth = password_step(user)
    code_step(fourth, now_code(30))
    assert inside(fourth)


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "²²²²²²", "' or 1=1", "0" * 41])
def test_what_is_not_a_code_is_refused_kindly(given: str) -> None:
    client = password_step(with_factor().user)
    page = code_step(client, given)
    assert page.status_code == 200
    assert "invalid-feedback" in page.content.decode()
    assert not inside(client)


def test_guessing_is_paused_and_the_owner_is_told() -> None:
    factor = with_factor()
    client = password_step(factor.user)
    for _ in range(actions.TRIES):
        assert "验证码不正确" in code_step(client, wrong_code()).content.decode()
    assert "15 分钟后再试" in code_step(client, now_code()).content.decode(), "not even the right one"
    assert not inside(client)
    assert "连续多次输错" in Notice.objects.get(recipient=factor.user).text
    SecondFactor.objects.update(blocked_until=timezone.now() - timedelta(seconds=1))
    code_step(client, now_code())
    assert inside(client)
    factor.refresh_from_db()
    assert factor.failures == 0


def test_after_a_pause_one_more_wrong_code_begins_the_next() -> None:
    factor = with_factor()
    SecondFactor.objects.update(failures=actions.TRIES, blocked_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(actions.WrongCode):
        actions.check(factor=factor, code=wrong_code())
    with pytest.raises(actions.Paused):
        actions.check(factor=factor, code=now_code())


def test_a_recovery_code_opens_once() -> None:
    factor = with_factor()
    code = actions.fresh_codes(factor)[0]
    client = password_step(factor.user)
    page = client.get(reverse("sign-in-code") + "?recovery").content.decode()
    assert "恢复码" in page
    assert "numeric" not in page
    done = client.post(reverse("sign-in-code") + "?recovery", {"code": code.upper()}, follow=True)
    assert "还剩 9 个" in done.content.decode()
    assert inside(client)
    assert factor.codes_left == 9
    again = password_step(factor.user)
    code_step(again, code)
    assert not inside(again)
    other = with_factor()
    stranger = password_step(other.user)
    code_step(stranger, actions.fresh_codes(factor)[1])
    assert not inside(stranger), "another person's code is none"


def test_the_second_step_needs_the_first_and_ends_after_five_minutes() -> None:
    user = with_factor().user
    stranger = Client()
    assert stranger.get(reverse("sign-in-code")).headers["Location"] == reverse("sign-in")
    assert code_step(stranger, now_code()).headers["Location"] == reverse("sign-in")
    client = password_step(user)
    session = client.session
    session[HALF] = session[HALF] | {"at": int(time.time()) - 301}
    session.save()
    assert code_step(client, now_code()).headers["Location"] == reverse("sign-in")
    assert not inside(client)


def test_a_password_changed_in_between_ends_the_half_way() -> None:
    user = with_factor().user
    client = password_step(user)
    user.set_password("另一个很长的口令-2006")
    user.save()
    assert code_step(client, now_code()).headers["Location"] == reverse("sign-in")
    closed = password_step(with_factor().user)
    User.objects.update(is_active=False)
    assert code_step(closed, now_code()).headers["Location"] == reverse("sign-in")


def test_text_kept_from_an_expired_session_survives_the_second_step() -> None:
    user = with_factor().user
    client = Client()
    client.post(
        reverse("password-change"), {"kept_for": author_token(user), "text": "写到一半的话", "kept_back": "/notices/"}
    )
    assert CONTEXT in client.session
    client = password_step(user, client)
    code_step(client, now_code())
    assert inside(client)
    assert CONTEXT in client.session


# ---- keeping it ----


def test_recovery_codes_are_renewed_and_the_factor_stopped_only_with_a_code() -> None:
    factor = with_factor()
    old = actions.fresh_codes(factor)[0]
    client = password_step(factor.user)
    code_step(client, now_code(-30))
    for name in ("second-factor-codes", "second-factor-stop"):
        assert client.post(reverse(name), {"code": wrong_code()}).status_code == 422
        assert client.get(reverse(name)).status_code == 405
    page = client.post(reverse("second-factor-codes"), {"code": now_code()}).content.decode()
    assert len(re.findall(r"<li>[2-9a-z]{5}-[2-9a-z]{5}</li>", page)) == 10
    assert old not in page
    page = client.post(reverse("second-factor-stop"), {"code": now_code(30)}, follow=True).content.decode()
    assert "已停用动态验证码" in page
    assert not SecondFactor.objects.exists()
    assert inside(password_step(factor.user))
    assert client.post(reverse("second-factor-stop"), {"code": "123456"}).status_code == 404


# ---- demanded of roles ----


@pytest.fixture
def demanded(settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["secretary", "office"]


@pytest.mark.usefixtures("demanded")
def test_a_role_that_must_have_one_reaches_nothing_else_before() -> None:
    home = make.branch()
    secretary = make.secretary(home)
    client = password_step(secretary)
    enrol = reverse("second-factor-enrol")
    for name in ("home", "notice-list", "session-list", "second-factor", "password-change", "my-appointments"):
        assert client.get(reverse(name)).headers["Location"] == enrol
    assert client.post(reverse("hat-choose"), {"hat": "0"}).headers["Location"] == enrol
    page = client.get(enrol).content.decode()
    assert "按规定" in page
    assert reverse("notice-list") not in page, "no menu that leads nowhere"
    key = SecondFactor.objects.get(user=secretary).secret
    client.post(enrol, {"code": pyotp.TOTP(key).now(), "password": make.PASSWORD})
    assert inside(client)
    assert not inside(password_step(secretary))


@pytest.mark.usefixtures("demanded")
def test_others_are_left_alone_and_a_new_appointment_counts_at_once() -> None:
    home = make.branch()
    person = make.user(make.member(home))
    client = password_step(person)
    assert inside(client)
    assert inside(password_step(make.hat(Role.COMMITTEE, home)))
    make.hat(Role.SECRETARY, home, account=person)
    assert client.get(reverse("home")).headers["Location"] == reverse("second-factor-enrol")


@pytest.mark.usefixtures("demanded")
def test_who_has_one_comes_in_with_it() -> None:
    secretary = make.secretary(make.branch())
    with_factor(secretary)
    client = password_step(secretary)
    code_step(client, now_code())
    assert inside(client)


# ---- a lost telephone ----


def test_who_keeps_the_account_takes_the_factor_away_and_the_person_is_told() -> None:
    root = make.organization()
    home = make.branch(root)
    person = make.user(make.member(home, "李强"))
    with_factor(person)
    there = password_step(person)
    code_step(there, now_code())
    url = reverse("account-second-factor-reset", args=[person.pk])
    secretary = make.secretary(home)
    for who, status in ((make.hat(Role.COMMITTEE, home), 403), (make.secretary(make.branch()), 404), (secretary, 302)):
        client = Client()
        client.force_login(who)
        assert client.post(url).status_code == status
    assert not SecondFactor.objects.filter(user=person).exists()
    assert not inside(there)
    assert AuditEntry.objects.get(verb="解除动态验证码").by == secretary
    assert "解除您账号的动态验证码" in Notice.objects.get(recipient=person).text
    again = Client()
    again.force_login(secretary)
    assert "没有启用动态验证码" in again.post(url, follow=True).content.decode()
    assert inside(password_step(person))


def test_the_button_is_there_only_for_accounts_that_have_one() -> None:
    home = make.branch()
    person, other = make.user(make.member(home)), make.user(make.member(home))
    with_factor(person)
    client = Client()
    client.force_login(make.secretary(home))
    page = client.get(reverse("account-list", args=[home.pk])).content.decode()
    assert reverse("account-second-factor-reset", args=[person.pk]) in page
    assert reverse("account-second-factor-reset", args=[other.pk]) not in page
