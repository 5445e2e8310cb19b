"""Two profiles of rules for passwords: told before one types, and kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import User
from portal.models import FormerPassword
from portal.password_profiles import PROFILES
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def classified(settings: Any) -> None:
    profile = PROFILES["classified"]
    settings.AUTH_PASSWORD_VALIDATORS = list(profile.validators)
    settings.PASSWORD_MAX_DAYS = profile.max_days


def refused(password: str, user: User | None = None) -> str:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def sign_in(user: User, password: str = make.PASSWORD) -> Client:
    client = Client()
    client.post(reverse("sign-in"), {"username": user.username, "password": password})
    return client


def change(client: Client, old: str, new: str) -> Any:
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(reverse("password-change"), fields)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short-password"[:11], "至少要 12 个字符"),
        ("不忘初心牢记使命", "太常见"),
        ("WoAiNi5201314" + "a", ""),
        ("123456789012345", "只包含数字"),
        ("zhongguogongchandang", "太常见"),
        ("Password@123", "太常见"),
        ("correct horse battery", ""),
        ("清晨的江面上有雾和渡船声", ""),
        ("ql001-清晨的江面有雾", "账号、姓名或党员编号"),
        ("阿卜杜拉买买提的江面有雾吗", "账号、姓名或党员编号"),
    ],
)
def test_modern_asks_for_length_and_against_lists_not_for_composition(password: str, why: str) -> None:
    person = make.member(make.branch(), "阿卜杜拉买买提", number="QL001")
    said = refused(password, make.user(person))
    assert (why in said) if why else said == ""


def test_the_modern_profile_never_runs_out_and_keeps_no_hashes(settings: Any) -> None:
    user = make.user()
    User.objects.update(password_set_at=timezone.now() - timedelta(3000))
    client = sign_in(user)
    assert client.get(reverse("home")).status_code == 200
    change(client, make.PASSWORD, "清晨的江面上有雾和渡船声")
    assert not FormerPassword.objects.exists()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Ab1-xyz", "至少要 8 个字符"),
        ("abcdefgh1", "四种中至少有三种"),
        ("ABCDEFGH-", "四种中至少有三种"),
        ("江面有雾渡船声声", "四种中至少有三种"),
        ("Jiangmian7", ""),
        ("江面有雾渡船Aa", ""),
        ("Admin@123", "太常见"),
    ],
)
@pytest.mark.usefixtures("classified")
def test_classified_asks_for_three_of_four_kinds(password: str, why: str) -> None:
    said = refused(password, make.user())
    assert (why in said) if why else said == ""


@pytest.mark.usefixtures("classified")
def test_the_last_five_do_not_come_again() -> None:
    user = make.user()
    client, present = sign_in(user), make.PASSWORD
    for n in range(6):
        assert change(client, present, f"Jiangmian-{n}").status_code == 302, n
        present = f"Jiangmian-{n}"
    assert FormerPassword.objects.filter(user=user).count() == 5
    page = change(client, present, "Jiangmian-2")
    assert "最近 5 次用过的密码不能再用" in page.content.decode()
    assert change(client, present, "Jiangmian-0").status_code == 302, "the sixth last may"
    assert not any("Jiangmian" in each.password for each in FormerPassword.objects.all())


@pytest.mark.usefixtures("classified")
def test_a_password_is_announced_a_week_before_it_runs_out() -> None:
    user = make.user()
    client = sign_in(user)
    for days, shown in ((82, False), (83, True), (89, True)):
        User.objects.update(password_set_at=timezone.now() - timedelta(days))
        page = client.get(reverse("home"))
        assert page.status_code == 200
        assert ("修改登录密码" in page.content.decode()) is shown, days


@pytest.mark.usefixtures("classified")
def test_one_that_has_run_out_is_changed_at_sign_in_not_in_the_middle_of_work() -> None:
    user = make.user()
    at_work = sign_in(user)
    User.objects.update(password_set_at=timezone.now() - timedelta(90))
    assert at_work.get(reverse("notice-list")).status_code == 200
    client = sign_in(user)
    assert client.get(reverse("home")).headers["Location"] == reverse("password-change")
    page = client.get(reverse("password-change")).content.decode()
    assert "已到更换期限" in page
    assert "old_password" in page
    change(client, make.PASSWORD, "Jiangmian-7")
    assert client.get(reverse("home")).status_code == 200
    assert sign_in(user, "Jiangmian-7").get(reverse("home")).status_code == 200


@pytest.mark.parametrize("profile", ["modern", "classified"])
def test_the_rules_are_told_before_one_types(settings: Any, profile: str) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = list(PROFILES[profile].validators)
    client = sign_in(make.user())
    page = client.get(reverse("password-change")).content.decode()
    assert ("至少 12 个字符" in page) is (profile == "modern")
    assert ("至少 8 个字符" in page) is (profile == "classified")
    assert ("四种中至少有三种" in page) is (profile == "classified")
    assert ("不能是最近 5 次用过的密码" in page) is (profile == "classified")
    assert "不能与账号、姓名或党员编号相近" in page
