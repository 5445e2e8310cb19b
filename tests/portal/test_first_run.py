"""A portal without accounts opens with its first run, once."""

import pytest
from django.test import Client
from django.urls import reverse

from members.actions.first_run import AlreadySetUp, set_up
from members.models import Organization, User
from members.permissions import Permission
from tests import factories as make

pytestmark = pytest.mark.django_db
FIELDS = {
    "organization_name": "中共滨江市委员会",
    "organization_code": "001",
    "organization_kind": "committee",
    "name": "王秀芳",
    "username": "office",
    "email": "",
    "password1": make.PASSWORD,
    "password2": make.PASSWORD,
}


def test_an_empty_portal_leads_to_its_first_run_and_is_ready_after_it(client: Client) -> None:
    opened = client.get("/", follow=True)
    assert opened.redirect_chain[-1][0] == reverse("first-run")
    page = client.post(reverse("first-run"), FIELDS, follow=True).content.decode()
    assert "王秀芳同志" in page
    root = Organization.objects.get()
    user = User.objects.get()
    assert root.name == "中共滨江市委员会"
    assert user.can(Permission.SET_UP_CAMPAIGN, at=root)
    assert user.can(Permission.MANAGE_APPOINTMENTS, at=root)
    assert "中共滨江市委员会" in page
    assert Client().post("/sign-in/", {"username": "office", "password": make.PASSWORD}).status_code == 302


def test_it_is_gone_as_soon_as_there_is_an_account(client: Client) -> None:
    make.user()
    assert client.get(reverse("first-run")).status_code == 404
    assert client.post(reverse("first-run"), FIELDS).status_code == 404
    assert not Organization.objects.exists()
    assert client.get("/", follow=True).redirect_chain[-1][0].startswith("/sign-in/")


def test_of_two_first_runs_only_one_is_taken() -> None:
    values = {k: v for k, v in FIELDS.items() if not k.startswith("password")}
    set_up(**values, password=make.PASSWORD)
    with pytest.raises(AlreadySetUp):
        set_up(**values, password=make.PASSWORD)
    assert User.objects.count() == Organization.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"password2": "另一个密码-另一个密码"}, "两次输入的密码不一致"),
        ({"password1": "1234567890", "password2": "1234567890"}, "密码只包含数字"),
        ({"organization_kind": "branch"}, "选择一个有效的选项"),
        ({"username": "两 个"}, "账号里有空格"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client: Client, wrong: dict[str, str], why: str) -> None:
    page = client.post(reverse("first-run"), FIELDS | wrong).content.decode()
    assert why in page
    assert 'value="中共滨江市委员会"' in page
    assert not User.objects.exists()
