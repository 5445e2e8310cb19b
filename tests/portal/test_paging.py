"""Lists page by key: every row once, in order, forwards and backwards, whatever stands in the address."""

from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from members.models import Member, User
from portal.models import Notice
from portal.paging import Page, key_of, paged
from tests import factories as make

pytestmark = pytest.mark.django_db
ORDERS = [["-pk"], ["pk"], ["kind", "pk"], ["-kind", "text", "-pk"], ["text", "-kind", "pk"]]


@pytest.fixture
def user() -> User:
    """Has 23 notices with many equal kinds and texts."""
    owner = make.user()
    Notice.objects.bulk_create(
        Notice(recipient=owner, key=f"{n}", kind="abc"[n % 3], text=f"{n * 7 % 5}", url="/") for n in range(23)
    )
    return owner


def page(user: User, address: str, order: list[str], size: int = 4) -> Page[Notice]:
    return paged(RequestFactory().get(address), Notice.objects.visible_to(user), order, size)


def walk(user: User, address: str, order: list[str], way: str) -> list[list[int]]:
    found = []
    while address:
        here = page(user, address, order)
        found.append([notice.pk for notice in here.rows])
        address = getattr(here, way)
    return found


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_every_row_comes_once_in_order_and_back_again(user: User, order: list[str]) -> None:
    forwards = walk(user, "/list/", order, "next_url")
    assert [pk for rows in forwards for pk in rows] == list(
        Notice.objects.order_by(*order).values_list("pk", flat=True)
    )
    assert [len(rows) for rows in forwards] == [4, 4, 4, 4, 4, 3]
    last = f"/list/?after={forwards[-2][-1]}"
    assert walk(user, last, order, "previous_url") == forwards[::-1]


def test_pages_are_followed_along_relations() -> None:
    root = make.organization()
    for home in (make.branch(root, "二支部"), make.branch(root, "一支部")):
        for _ in range(3):
            make.member(home)
    order = ["branch__path", "-pk"]
    seen: list[int] = []
    address = "/list/"
    while address:
        here = paged(RequestFactory().get(address), Member.objects.select_related("branch"), order, 2)
        seen += [member.pk for member in here.rows]
        address = here.next_url
    assert seen == list(Member.objects.order_by(*order).values_list("pk", flat=True))


def test_filters_stay_in_the_address_and_old_places_do_not(user: User) -> None:
    first = page(user, "/list/?q=%E7%94%B2&state=a&state=b", ["pk"])
    assert first.next_url == f"/list/?q=%E7%94%B2&state=a&state=b&after={first.rows[-1].pk}"
    assert first.previous_url == ""
    second = page(user, first.next_url, ["pk"])
    assert second.next_url == f"/list/?q=%E7%94%B2&state=a&state=b&after={second.rows[-1].pk}"
    assert second.previous_url == f"/list/?q=%E7%94%B2&state=a&state=b&before={second.rows[0].pk}"
    back = page(user, second.previous_url, ["pk"])
    assert (back.rows, back.next_url, back.previous_url) == (first.rows, first.next_url, "")


@pytest.mark.parametrize("key", ["", "0", "-1", "x", "1.5", "１２", "²", "9" * 18, "9" * 40, "\x00", "1 OR 1"])
@pytest.mark.parametrize("name", ["after", "before"])
def test_junk_keys_give_the_first_page(user: User, name: str, key: str) -> None:
    request = RequestFactory().get("/list/", {name: key})
    assert paged(request, Notice.objects.visible_to(user), ["-pk"], 4) == page(user, "/list/", ["-pk"])


def test_the_row_of_another_list_gives_the_first_page(user: User) -> None:
    foreign = Notice.objects.create(recipient=make.user(), key="other", kind="a", text="", url="/")
    assert page(user, f"/list/?after={foreign.pk}", ["pk"]) == page(user, "/list/", ["pk"])


def test_past_the_end_the_way_leads_back_to_the_first_page(user: User) -> None:
    last = Notice.objects.order_by("pk").last()
    first = Notice.objects.order_by("pk").first()
    assert last
    assert first
    assert page(user, f"/list/?q=x&after={last.pk}", ["pk"]) == Page([], previous_url="/list/?q=x")
    assert page(user, f"/list/?before={first.pk}", ["pk"]) == Page([], previous_url="/list/")


def test_an_empty_list_has_no_neighbours() -> None:
    assert page(make.user(), "/list/?after=1", ["pk"]) == Page([])


def test_a_page_costs_two_queries_however_deep(user: User) -> None:
    """The row in the address, and the rows after it; the first page needs no more than its rows."""
    deep: Any = Notice.objects.order_by("pk")[18]
    for address, queries in (("/list/", 1), (f"/list/?after={deep.pk}", 2)):
        with CaptureQueriesContext(connection) as asked:
            page(user, address, ["pk"])
        assert len(asked) == queries
        assert not any("OFFSET" in query["sql"] for query in asked)


@pytest.mark.parametrize(("text", "key"), [("17", 17), ("017", 17), ("", 0), ("-1", 0), ("１", 0), ("9" * 19, 0)])
def test_keys_are_plain_numbers(text: str, key: int) -> None:
    assert key_of(text) == key
