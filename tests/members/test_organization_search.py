"""Finding organisations by name, initials and code: inside one's scope, in tree order, page by page."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect

from members import search as searching
from members.models import Organization
from members.permissions import Role
from members.pinyin import initials_of
from members.search import among, search
from members.search_index import create, is_ready
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["plain", "indexed"])
def city(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Two districts with branches of the same kind; on PostgreSQL with the index and without, elsewhere only without."""
    if request.param == "indexed":
        if connection.vendor != "postgresql":
            pytest.skip("the index is PostgreSQL's")
        create(connection)
    is_ready.cache_clear()
    city = make.organization("京华市委", code="11")
    north = make.organization("海淀区工程公司党委", city, code="1101")
    south = make.organization("丰台区IBM（中国）有限公司党委", Organization.objects.get(pk=city.pk), code="1102")
    for parent, words in ((north, "海淀"), (south, "丰台")):
        for number in "一二三":
            make.branch(parent, f"{words}财政局第{number}党支部", code=f"{parent.code}{'一二三'.index(number)}A")
    people = {"office": make.hat(Role.OFFICE, city), "north": make.hat(Role.OFFICE, north)}
    yield people | {"city": city, "south": south, "stranger": make.secretary(make.branch())}
    is_ready.cache_clear()


def names(user: Any, text: str) -> list[str]:
    return [row.name for row in search(user, text).rows]


@pytest.mark.parametrize(
    ("text", "first", "number"),
    [
        ("hdgc", "海淀区工程公司党委", 1),
        ("HDQGC", "海淀区工程公司党委", 1),
        ("工程公司", "海淀区工程公司党委", 1),
        ("ibm", "丰台区IBM（中国）有限公司党委", 1),
        ("ibm（中", "丰台区IBM（中国）有限公司党委", 1),
        ("1102", "丰台区IBM（中国）有限公司党委", 4),
        ("1102a", "", 0),
        ("11021a", "丰台财政局第二党支部", 1),
        ("财政局", "海淀财政局第一党支部", 6),
        ("丰台 第三", "丰台财政局第三党支部", 1),
        ("第三 ft", "丰台财政局第三党支部", 1),
        ("支部", "海淀财政局第一党支部", 6),
        ("华", "京华市委", 1),
        ("不存在", "", 0),
        ("%", "", 0),
        ("_政", "", 0),
        ("   ", "", 0),
    ],
)
def test_words_initials_and_codes_are_found(city: dict[str, Any], text: str, first: str, number: int) -> None:
    found = names(city["office"], text)
    assert (found[0] if found else "", len(found)) == (first, number)


@pytest.mark.parametrize(
    ("text", "number"), [("财政局第一", 2), ("czj", 6), ("1102", 3), ("支部", 6), ("党委", 0), ("不存在", 0)]
)
def test_among_branches_the_same_words_find(city: dict[str, Any], text: str, number: int) -> None:
    found = among(Organization.objects.branches().under(city["city"]), text, 20)
    assert len(found) == number
    assert [row.path for row in found] == sorted(row.path for row in found)
    assert len(among(Organization.objects.branches().under(city["city"]), text, 2)) == min(2, number)


def test_nothing_outside_the_scope_is_found(city: dict[str, Any]) -> None:
    assert names(city["north"], "财政局") == [f"海淀财政局第{n}党支部" for n in "一二三"]
    assert names(city["north"], "丰台") == []
    assert names(city["north"], "1102") == []
    assert names(city["stranger"], "财政局") == []


def test_two_places_of_one_person_are_both_searched(city: dict[str, Any]) -> None:
    both = make.hat(Role.INSPECTOR, city["south"], account=city["north"])
    assert len(names(both, "第二党支部")) == 2


@pytest.mark.parametrize("walk", [3, 10_000])
def test_pages_follow_each_other_without_gap_or_double(
    city: dict[str, Any], monkeypatch: pytest.MonkeyPatch, walk: int
) -> None:
    monkeypatch.setattr(searching, "WALK", walk)
    seen, after = [], ""
    for _ in range(20):
        found = search(city["office"], "支部", after, size=2)
        seen += [row.path for row in found.rows]
        if not (after := found.next_after):
            break
    expected = Organization.objects.filter(path__startswith=city["city"].path, name__contains="支部")
    assert seen == [*expected.values_list("path", flat=True)]


def test_more_hits_than_are_listed_are_said_to_be_partial(
    city: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_ready("default"):
        pytest.skip("without the index everything is looked at")
    monkeypatch.setattr(searching, "WALK", 1)
    monkeypatch.setattr(searching, "LISTED", 1)
    assert search(city["office"], "支部").is_partial
    monkeypatch.setattr(searching, "COMMON", 0)
    found = search(city["office"], "支部")
    assert (found.rows, found.is_partial) == ([], True)
    assert found.next_after


def test_a_renamed_organisation_is_found_by_its_new_initials(city: dict[str, Any]) -> None:
    north = Organization.objects.get(code="1101")
    values = {"name": "重庆路党委", "code": "1101", "kind": "committee", "sector": ""}
    signed_in(city["office"]).post(reverse("organization-edit", args=[north.pk]), values)
    assert names(city["office"], "cql") == ["重庆路党委"]
    assert names(city["office"], "hdgc") == []


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("重庆市财政局", "cqsczj cqczj"),
        ("长沙银行第12党支部", "csyhd12dzb"),
        ("ＩＢＭ（中国）", "ibmzg"),
        ("市区", "sq"),
        ("阿卜杜拉·买买提村", "abdlmmtc"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials_of(name) == letters


def test_very_long_names_keep_what_fits() -> None:
    assert len(initials_of("海淀区" * 60)) <= 250


def test_page_shows_the_way_to_each_and_keeps_the_words(city: dict[str, Any]) -> None:
    client = signed_in(city["office"])
    page = client.get(reverse("organization-list"), {"q": "第三 ft"})
    assert "京华市委 › 丰台区IBM（中国）有限公司党委" in " ".join(page.text.split())
    assert 'value="第三 ft"' in page.text
    assert "<html" not in client.get(reverse("organization-list"), {"q": "第三"}, headers={"HX-Request": "true"}).text
    north = signed_in(city["north"]).get(reverse("organization-list"), {"q": "第三"}).text
    assert "京华市委" not in north


@pytest.mark.parametrize(
    "query", ["q=x&after=%27", "q=%00", "q=%25%5c", "q=a&after=ZZZZ", f"q={'长' * 500}", "q='; --"]
)
def test_odd_questions_are_no_error(city: dict[str, Any], query: str) -> None:
    assert signed_in(city["office"]).get(f"{reverse('organization-list')}?{query}").status_code == 200


def test_queries_do_not_grow_with_what_is_found(city: dict[str, Any], django_assert_max_num_queries: Any) -> None:
    for _ in range(60):
        make.branch(city["south"])
    client = signed_in(city["office"])
    with django_assert_max_num_queries(25):
        page = client.get(reverse("organization-list"), {"q": "党支部"})
    assert "下一页" in page.text


@pytest.mark.django_db(transaction=True)
def test_typing_finds_and_the_arrow_keys_lead_there(browse: Callable[..., Page]) -> None:
    root = make.organization("京华市委")
    make.branch(root, "海淀区工程公司党支部")
    make.branch(root, "丰台区工程公司党支部")
    page = browse(make.hat(Role.OFFICE, root))
    page.goto(reverse("organization-list"))
    page.keyboard.press("/")
    page.keyboard.type("hdgc")
    expect(page.locator("#found a.tree-name")).to_have_text("海淀区工程公司党支部")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("海淀区工程公司党支部")
