"""E-mail can be refused and taken again; the portal's own notices can't."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import User
from portal.actions.notice import notify, send_digests
from portal.letters import unsubscribe_token
from portal.models import AuditEntry, Digest, MailRefusal, Notice
from portal.notices import Draft
from tests import factories as make

pytestmark = pytest.mark.django_db
MOMENT = timezone.make_aware(datetime(2005, 11, 8, 10))


@pytest.fixture
def user() -> User:
    return make.user(email="wang@example.org")


def signed(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def tell(user: User, key: str) -> None:
    notify([Draft(user.pk, key, "整改", f"事项{key}")])
    Notice.objects.filter(key=key).update(created_at=MOMENT)


def test_a_letter_says_how_to_get_no_more(user: User, settings: Any) -> None:
    settings.SITE_URL = "https://portal.example"
    tell(user, "a")
    assert send_digests(now=MOMENT) == 1
    headers = mail.outbox[0].extra_headers
    link = re.fullmatch(r"<(https://portal\.example/notices/no-mail/[^>]+)>", headers["List-Unsubscribe"])
    assert link
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link[1] in mail.outbox[0].body


def test_looking_at_the_link_changes_nothing_one_click_does(user: User) -> None:
    address = reverse("mail-unsubscribe", args=[unsubscribe_token(user.pk)])
    stranger = Client(enforce_csrf_checks=True)
    page = stranger.get(address)
    assert "不再发送邮件" in page.content.decode()
    assert not MailRefusal.objects.exists()
    done = stranger.post(address, {"List-Unsubscribe": "One-Click"})
    assert (done.status_code, "已经退订" in done.content.decode()) == (200, True)
    stranger.post(address)
    assert MailRefusal.objects.get().user == user
    assert AuditEntry.objects.filter(verb="退订邮件提醒").count() == 1
    tell(user, "a")
    assert send_digests(now=MOMENT) == 0
    assert Notice.objects.visible_to(user).unread().count() == 1, "the portal's own notice is there all the same"


@pytest.mark.parametrize("token", ["x", "1:abc", unsubscribe_token(999_999), "1"])
def test_nobody_unsubscribes_another(user: User, token: str) -> None:
    answer = Client().post(reverse("mail-unsubscribe", args=[token]))
    assert answer.status_code == 404
    assert "链接不完整或已失效" in answer.content.decode()
    assert not MailRefusal.objects.exists()


def test_what_waited_unsent_is_not_sent_after_unsubscribing(user: User) -> None:
    tell(user, "a")
    Digest.objects.create(recipient=user, day=MOMENT.date())
    signed(user).post(reverse("notice-settings"), {"email": user.email})
    assert send_digests(now=MOMENT) == 0
    assert "退订" in Digest.objects.get().error


def test_who_unsubscribes_while_letters_are_being_sent_gets_none(user: User) -> None:
    tell(user, "a")
    Digest.objects.create(recipient=user, day=MOMENT.date())
    MailRefusal.objects.create(user=user)
    assert send_digests(now=MOMENT) == 0
    assert mail.outbox == []


def test_on_again_with_another_address(user: User) -> None:
    client = signed(user)
    client.post(reverse("notice-settings"), {"email": user.email})
    assert MailRefusal.objects.exists()
    answer = client.post(reverse("notice-settings"), {"by_mail": "on", "email": "new@example.org"}, follow=True)
    assert "提醒设置已保存" in answer.content.decode()
    tell(user, "a")
    assert send_digests(now=MOMENT) == 1
    assert mail.outbox[0].to == ["new@example.org"]
    assert "已发送" in client.get(reverse("notice-settings")).content.decode()


@pytest.mark.parametrize(("email", "words"), [("", "请填写电子邮箱"), ("wang@", "不是有效的地址")])
def test_an_address_that_is_none_is_refused(user: User, email: str, words: str) -> None:
    page = signed(user).post(reverse("notice-settings"), {"by_mail": "on", "email": email}).content.decode()
    assert words in page
    user.refresh_from_db()
    assert user.email == "wang@example.org"
