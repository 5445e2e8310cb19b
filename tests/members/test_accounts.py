"""Accounts: made in bulk, first used with a slip, reset by those who answer for them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.actions.account import create_missing
from members.documents import login_slips
from members.models import Member, Organization, User
from members.permissions import Role
from portal.documents import documents
from portal.jobs import JobFailure
from portal.models import AuditEntry
from portal.print_job import find_subject, page_of
from portal.printing import render_pdf
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
OWN = "我自己想的口令-1921"


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home = make.branch(root, "财政局党支部")
    root.refresh_from_db()
    away = make.branch(root, "民政局党支部")
    people = [make.member(home, f"党员{n}", number=f"QL{n:03}" if n else None) for n in range(3)]
    return {
        "root": Organization.objects.get(pk=root.pk), "home": home, "away": away, "people": people,
        "secretary": make.secretary(home), "office": make.hat(Role.OFFICE, root),
        "administrator": make.hat(Role.ADMINISTRATOR, root), "committee": make.hat(Role.COMMITTEE, home),
        "overseer": make.hat(Role.OVERSEER, root), "outsider": make.secretary(away),
    }  # fmt: skip


def slips(place: dict[str, Any], by: str = "secretary") -> dict[str, str]:
    """One-time passwords by username, as a sheet printed now would hold them."""
    sheet = login_slips(place["home"], {}, User.objects.get(pk=place[by].pk))
    return {account.username: password for account, password in sheet["slips"]}


def test_list_is_for_those_who_keep_accounts(place: dict[str, Any]) -> None:
    url = reverse("account-list", args=[place["home"].pk])
    for who, status in [
        ("secretary", 200), ("office", 200), ("administrator", 200),
        ("committee", 403), ("overseer", 403), ("outsider", 404),
    ]:  # fmt: skip
        assert signed_in(place[who]).get(url).status_code == status, who
    assert "3名在册党员还没有账号" in signed_in(place["secretary"]).get(url).text


def test_bulk_creation_twice_makes_no_doubles(place: dict[str, Any]) -> None:
    client, url = signed_in(place["secretary"]), reverse("account-create", args=[place["home"].pk])
    page = client.post(url, {"everyone": "on"}, follow=True)
    assert "已建立3个账号" in page.text
    page = client.post(url, {"everyone": "on"}, follow=True)
    assert "没有重复建立" in page.text
    made = User.objects.filter(member__in=place["people"])
    assert made.count() == 3
    assert {"ql001", "ql002"} < set(made.values_list("username", flat=True))
    assert not any(user.has_usable_password() for user in made)


def test_a_chosen_few_and_only_from_here(place: dict[str, Any]) -> None:
    client, url = signed_in(place["secretary"]), reverse("account-create", args=[place["home"].pk])
    assert "请先勾选" in client.post(url, {}, follow=True).text
    stranger = make.member(place["away"])
    page = client.post(url, {"members": [stranger.pk]}, follow=True)
    assert "请刷新页面后重新勾选" in page.text
    client.post(url, {"members": [place["people"][1].pk]})
    assert [user.username for user in User.objects.filter(member__in=[*place["people"], stranger])] == ["ql001"]
    assert signed_in(place["committee"]).post(url, {"everyone": "on"}).status_code == 403
    assert signed_in(place["outsider"]).post(url, {"everyone": "on"}).status_code == 404


def test_a_taken_username_is_replaced(place: dict[str, Any]) -> None:
    make.user(username="ql001")
    assert create_missing(members=place["people"], at=place["home"], by=place["office"]) == 3
    username = User.objects.get(member=place["people"][1]).username
    assert re.fullmatch(r"p[2-9a-z]{6}", username)


def test_a_slip_works_once_and_forces_an_own_password(place: dict[str, Any]) -> None:
    create_missing(members=place["people"], at=place["home"], by=place["office"])
    password = slips(place)["ql001"]
    assert re.fullmatch(r"[2-9a-z]{5}-[2-9a-z]{5}", password)
    client = Client()
    client.post(reverse("sign-in"), {"username": "ql001", "password": password})
    assert client.get(reverse("organization-list")).url == reverse("password-change")
    client.post(reverse("password-change"), {"new_password1": OWN, "new_password2": OWN})
    assert client.get(reverse("organization-list")).status_code == 200
    again = Client()
    assert again.post(reverse("sign-in"), {"username": "ql001", "password": password}).status_code == 200
    assert again.get(reverse("organization-list")).status_code == 302
    assert "ql001" not in slips(place)


def test_a_new_sheet_makes_the_older_one_invalid(place: dict[str, Any]) -> None:
    create_missing(members=place["people"], at=place["home"], by=place["office"])
    first, second = slips(place), slips(place)
    client = Client()
    client.post(reverse("sign-in"), {"username": "ql001", "password": first["ql001"]})
    assert client.get(reverse("organization-list")).url.startswith(reverse("sign-in"))
    client.post(reverse("sign-in"), {"username": "ql001", "password": second["ql001"]})
    assert client.get(reverse("organization-list")).url == reverse("password-change")
    assert "作废" in signed_in(place["secretary"]).get(reverse("account-list", args=[place["home"].pk])).text


def test_no_slip_for_who_may_do_more_elsewhere(place: dict[str, Any]) -> None:
    create_missing(members=place["people"], at=place["home"], by=place["office"])
    make.hat(Role.OFFICE, place["root"], account=User.objects.get(username="ql001"))
    assert "ql001" not in slips(place)
    assert "ql001" in slips(place, by="office")
    assert User.objects.get(username="ql001").check_password("") is False
    for username in ("ql002",):
        assert username in slips(place)


def test_nothing_to_print_is_said(place: dict[str, Any]) -> None:
    User.objects.update(activated_at="2005-07-01T00:00Z")
    with pytest.raises(JobFailure, match="没有等待首次登录的账号"):
        slips(place)


def test_reset_shows_a_password_once_and_signs_out_everywhere(place: dict[str, Any]) -> None:
    account = make.user(place["people"][1])
    elsewhere = signed_in(account)
    assert elsewhere.get(reverse("organization-list")).status_code == 200
    page = signed_in(place["secretary"]).post(reverse("account-reset", args=[account.pk]))
    password = page.context["password"]
    assert password in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert elsewhere.get(reverse("organization-list")).url.startswith(reverse("sign-in"))
    client = Client()
    client.post(reverse("sign-in"), {"username": account.username, "password": password})
    assert client.get(reverse("organization-list")).url == reverse("password-change")
    entry = AuditEntry.objects.get(verb="重置密码")
    assert password not in str(entry.details)


def test_only_those_who_answer_for_the_account_reset_it(place: dict[str, Any]) -> None:
    account = make.user(place["people"][1])
    url = reverse("account-reset", args=[account.pk])
    for who, status in [
        ("administrator", 200),
        ("office", 200),
        ("committee", 403),
        ("overseer", 404),
        ("outsider", 404),
    ]:
        assert signed_in(place[who]).post(url).status_code == status, who
    assert signed_in(account).get(url).status_code == 302


def test_a_secretary_cannot_get_into_a_higher_account(place: dict[str, Any]) -> None:
    account = make.hat(Role.OFFICE, place["root"], of=place["people"][1])
    url = reverse("account-reset", args=[account.pk])
    assert signed_in(place["secretary"]).post(url).status_code == 403
    assert signed_in(place["secretary"]).post(reverse("account-reset", args=[place["office"].pk])).status_code == 404
    assert User.objects.get(pk=account.pk).check_password(make.PASSWORD)
    own = reverse("account-reset", args=[place["secretary"].pk])
    assert signed_in(place["secretary"]).post(own).status_code == 403


def test_list_shows_states_in_a_fixed_number_of_queries(place: dict[str, Any]) -> None:
    used = make.user(place["people"][0])
    User.objects.filter(pk=used.pk).update(activated_at="2005-07-01T00:00Z")
    make.user(place["people"][1])
    client, url = signed_in(place["secretary"]), reverse("account-list", args=[place["home"].pk])
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(40):
        make.user(make.member(place["home"]))
    with CaptureQueriesContext(connection) as many:
        page = client.get(url).text
    assert len(many) <= len(few)
    for state in ("已启用", "从未登录", "还没有账号"):
        assert state in page
    assert f">{place['people'][2]}<" in client.get(url, {"state": "none"}).text
    assert f">{place['people'][0]}<" not in client.get(url, {"state": "none"}).text
    assert f">{place['people'][0]}<" in client.get(url, {"state": "used"}).text
    assert f">{place['people'][0]}<" not in client.get(url, {"state": "unused"}).text


def test_an_administrator_keeps_accounts_but_sees_no_roll(place: dict[str, Any]) -> None:
    client = signed_in(place["administrator"])
    assert client.get(reverse("member-detail", args=[place["people"][0].pk])).status_code == 404
    assert client.get(reverse("member-list", args=[place["home"].pk])).status_code == 403
    assert not Member.objects.visible_to(place["administrator"]).exists()


def test_a_whole_branch_comes_in_with_its_slips(place: dict[str, Any]) -> None:
    """From no accounts to everybody at work: made at once, printed, cut up, each with an own password."""
    people = [make.member(place["home"], f"新党员{n}", number=f"QL1{n:02}") for n in range(30)]
    client = signed_in(place["secretary"])
    client.post(reverse("account-create", args=[place["home"].pk]), {"everyone": "on"})
    document, params = documents["login-slips"], {"organization": str(place["home"].pk)}
    secretary = User.objects.get(pk=place["secretary"].pk)
    html = page_of(document, find_subject(document, params, secretary), params, secretary)
    on_paper = dict(
        re.findall(r'账号</td><td class="code">([^<]+)</td>.*?一次性密码</td><td class="code">([^<]+)</td>', html, re.S)
    )
    waiting = [*people, *place["people"], place["committee"].member]
    accounts = User.objects.filter(member__in=[person for person in waiting if person])
    assert set(on_paper) == set(accounts.values_list("username", flat=True)) | {place["committee"].username}
    assert len(set(on_paper.values())) == 34
    assert render_pdf(html).startswith(b"%PDF")
    for username, password in on_paper.items():
        person = Client()
        person.post(reverse("sign-in"), {"username": username, "password": password})
        person.post(reverse("password-change"), {"new_password1": OWN, "new_password2": OWN})
        assert person.get(reverse("home")).status_code == 200, username
    assert "没有等待首次登录的账号" in client.get(reverse("account-list", args=[place["home"].pk])).text
    assert not any(password in html for password in User.objects.values_list("password", flat=True))
