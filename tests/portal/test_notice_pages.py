"""Everybody reads their own notices, unread ones first."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from members.models import User
from portal.models import Notice
from tests import factories as make

pytestmark = pytest.mark.django_db


def told(user: User, *texts: str, url: str = "/jobs/") -> list[Notice]:
    Notice.objects.bulk_create(
        Notice(recipient=user, key=f"{user.pk}-{text}", kind="test", text=text, url=url) for text in texts
    )
    return list(Notice.objects.visible_to(user).order_by("pk"))


def signed(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_unread_come_first_and_only_ones_own() -> None:
    user, other = make.user(), make.user()
    _, second = told(user, "第一件事", "第二件事")
    (foreign,) = told(other, "别人的事")
    client = signed(user)
    assert client.get(reverse("notice-open", args=[second.pk])).headers["Location"] == "/jobs/"
    page = client.get(reverse("notice-list")).content.decode()
    assert page.index("第一件事") < page.index("已读</h2>") < page.index("第二件事")
    assert "别人的事" not in page
    assert client.get(reverse("notice-open", args=[foreign.pk])).status_code == 404
    foreign.refresh_from_db()
    assert foreign.read_at is None


def test_the_frame_counts_the_unread_until_all_are_read() -> None:
    user, other = make.user(), make.user()
    told(user, "甲", "乙")
    told(other, "别人的事")
    client = signed(user)
    assert '2<span class="visually-hidden">条未读' in client.get("/").content.decode()
    client.post(reverse("notice-read-all"))
    assert "条未读" not in client.get("/").content.decode()
    assert [notice.text for notice in Notice.objects.unread()] == ["别人的事"]


@pytest.mark.parametrize("url", ["", "https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_notice_leads_nowhere_but_into_the_portal(url: str) -> None:
    user = make.user()
    (notice,) = told(user, "去哪里", url=url)
    opened = signed(user).get(reverse("notice-open", args=[notice.pk]))
    assert opened.headers["Location"] == reverse("notice-list")


def test_old_ones_are_reached_page_by_page_with_the_same_number_of_queries(
    django_assert_max_num_queries: Any,
) -> None:
    user = make.user()
    told(user, *(f"事{n:03}。" for n in range(120)))
    client = signed(user)
    client.post(reverse("notice-read-all"))
    seen: list[str] = []
    address = reverse("notice-list")
    while address:
        with django_assert_max_num_queries(8):
            response: Any = client.get(address)
        seen += [notice.text for notice in response.context["page"].rows]
        address = response.context["page"].next_url
    assert seen == [f"事{n:03}。" for n in reversed(range(120))]


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 40, "１２", "1.5"])
def test_a_broken_page_mark_shows_the_newest(before: str) -> None:
    assert signed(make.user()).get(reverse("notice-list"), {"before": before}).status_code == 200
