"""Member statistics: every table adds up to the roll and can be rebuilt from the records."""

import io
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from pypdf import PdfReader

from members.dimensions import AGES, PERIODS, dimensions
from members.models import Member, Mobility, Organization
from members.permissions import Role
from members.statistics import CrossTable, cross, units, yearly
from portal.documents import documents
from portal.print_job import find_subject, page_of
from portal.printing import render_pdf
from tests import factories as make

pytestmark = pytest.mark.django_db
DAY = date(2005, 12, 31)


def again(node: Organization) -> Organization:
    return Organization.objects.get(pk=node.pk)


def table(node: Organization, rows: str, columns: str, day: date = DAY) -> CrossTable:
    node = again(node)
    return cross(node, units(node) if rows == "unit" else dimensions[rows], dimensions[columns], day)


def as_counts(found: CrossTable) -> dict[str, int]:
    return {label: n for label, n in zip(found.headings, found.sums.numbers, strict=True) if n}


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    one, two = make.organization("城东街道党工委", again(root)), make.organization("城西街道党工委", again(root))
    branches = [make.branch(at, sector=sector) for at, sector in ((one, "village"), (one, ""), (two, "school"))]
    return {"root": root, "one": one, "two": two, "branches": [again(branch) for branch in branches]}


def crowd(place: dict[str, Any], number: int = 120) -> None:
    pick = random.Random(7).choice
    for n in range(number):
        year = pick(range(1915, 1985))
        person = make.member(
            pick(place["branches"]),
            sex=pick(["male", "female", ""]),
            ethnicity=pick(["汉族", "汉", "回族", "满族", ""]),
            born=pick(["", f"{year}", f"{year}-0{pick(range(1, 10))}", f"{year}-12-31"]),
            education=pick(["", "大专", "大学本科", "硕士研究生", "初中", "技校", "自学"]),
            occupation=pick(["", "worker", "farmer", "official", "retired"]),
            joined=pick(["", f"{year + 20}", f"{year + 20}-10", f"{year + 20}-11-05"]),
            status=pick(["full", "probationary"]),
            group=pick(["", "第一小组", "第二小组"]),
            tags=pick([(), ("leader",), ("retired", "frail")]),
        )
        if n % 10 == 0:
            Mobility.objects.create(member=person, kind="lost", since=date(2005, 1, 1))
    Member.objects.filter(pk__in=list(Member.objects.values_list("pk", flat=True)[:5])).update(
        ended_on=date(2005, 1, 1), ending="moved"
    )


def test_every_table_adds_up_to_the_roll(place: dict[str, Any]) -> None:
    crowd(place)
    for node in (place["root"], place["one"], place["branches"][0]):
        on_roll = Member.objects.under(again(node)).on_roll().count()
        for rows in ["unit", *(each.code for each in dimensions)]:
            for columns in (each.code for each in dimensions if each.code != rows):
                found = table(node, rows, columns)
                assert found.sums.total == on_roll, (rows, columns)
                if not found.columns.overlaps:
                    assert sum(found.sums.numbers) == on_roll, (rows, columns)
                    assert all(sum(line.numbers) == line.total for line in found.lines), (rows, columns)
                if not found.rows.overlaps:
                    assert sum(line.total for line in found.lines) == on_roll, (rows, columns)
                    for n, number in enumerate(found.sums.numbers):
                        assert sum(line.numbers[n] for line in found.lines) == number, (rows, columns)


def test_figures_can_be_rebuilt_from_the_records(place: dict[str, Any]) -> None:
    crowd(place)
    people = list(Member.objects.on_roll().prefetch_related("tags", "mobilities"))

    def age_band(person: Member) -> str:
        if not person.born:
            return "未填"
        year, month, day = ([int(part) for part in person.born.split("-")] + [1, 1])[:3]
        age = DAY.year - year - ((DAY.month, DAY.day) < (month, day))
        return next(label for least, label in AGES if age >= least)

    assert as_counts(table(place["root"], "unit", "age")) == dict(Counter(map(age_band, people)))
    minority = Counter(
        "未填" if not p.ethnicity else "汉族" if p.ethnicity in {"汉", "汉族"} else "少数民族" for p in people
    )
    assert as_counts(table(place["root"], "unit", "minority")) == dict(minority)
    traits = Counter(str(tag) for p in people for tag in p.tags.all())
    traits["失联"] = sum(bool(p.mobilities.all()) for p in people)
    assert as_counts(table(place["root"], "unit", "trait")) == dict(traits)
    by_age = table(place["root"], "trait", "age")
    leaders = Counter(age_band(p) for p in people if p.has_tag("leader"))
    [line] = [line for line in by_age.lines if line.label == "领导干部"]
    assert {h: n for h, n in zip(by_age.headings, line.numbers, strict=True) if n} == dict(leaders)


@pytest.mark.parametrize(
    ("born", "label"),
    [
        ("1945-12-31", "60岁及以上"), ("1946-01-01", "55至59岁"), ("1945", "60岁及以上"), ("1945-12", "60岁及以上"),
        ("1950-12-31", "55至59岁"), ("1951", "46至54岁"), ("1959-12-31", "46至54岁"), ("1960", "36至45岁"),
        ("1969-12-31", "36至45岁"), ("1970-01", "31至35岁"), ("1974-12-31", "31至35岁"), ("1975", "30岁及以下"), ("", "未填"),
    ],
)  # fmt: skip
def test_ages_change_on_the_birthday(place: dict[str, Any], born: str, label: str) -> None:
    make.member(place["branches"][0], born=born)
    assert as_counts(table(place["root"], "unit", "age")) == {label: 1}


@pytest.mark.parametrize(
    ("confirmed", "status", "label"),
    [
        ("2000-12-31", "full", "5至9年"), ("2001-01-01", "full", "不满5年"), ("1995-12", "full", "10至19年"),
        ("1956", "full", "40至49年"), ("1955-12-31", "full", "50年及以上"), ("", "full", "转正时间未填"),
        ("", "probationary", "预备党员"),
    ],
)  # fmt: skip
def test_years_of_membership_are_counted_from_becoming_a_full_member(
    place: dict[str, Any], confirmed: str, status: str, label: str
) -> None:
    make.member(place["branches"][0], joined="1950", confirmed=confirmed, status=status)
    assert as_counts(table(place["root"], "unit", "seniority")) == {label: 1}


def test_on_paper_a_table_stands_with_its_picture(place: dict[str, Any]) -> None:
    crowd(place)
    office = make.hat(Role.OFFICE, again(place["root"]))
    document, params = documents["member-yearbook"], {"organization": str(place["root"].pk)}
    html = page_of(document, find_subject(document, params, office), params, office)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(render_pdf(html, landscape=True))).pages]
    assert len(pages) > 2
    columns = {each.columns.label: len(each.headings) for each in yearly(again(place["root"]), timezone.localdate())}
    for text in pages:
        # Every bar of a picture has a number of people; a page has as many of them as its tables have columns.
        here = [columns[label] for label in re.findall(r"下级组织×(\S+)", text)]
        assert len(re.findall(r"^\d+人$", text, re.MULTILINE)) == sum(here)


@pytest.mark.parametrize(
    ("joined", "number"),
    [
        ("1949-09-30", 0), ("1949", 0), ("1949-10-01", 1), ("1966-04-30", 1), ("1966-05", 2), ("1976-10-31", 2),
        ("1976-11", 3), ("1978-12-31", 3), ("1979", 4), ("1979-01-01", 4), ("2002-10-31", 4), ("2002-11", 5),
        ("2012-10-31", 5), ("2012-11-01", 6),
    ],
)  # fmt: skip
def test_periods_of_joining_begin_and_end_to_the_day(place: dict[str, Any], joined: str, number: int) -> None:
    make.member(place["branches"][0], joined=joined)
    assert as_counts(table(place["root"], "unit", "joined")) == {PERIODS[number][1]: 1}


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("在职研究生", "研究生"), ("大学", "大学本科"), ("大学专科", "大学专科"), ("中等专业学校", "中专"),
        ("技校", "中专"), ("职高", "高中"), ("初中", "初中及以下"), ("自学", "其他"), ("", "未填"),
    ],
)  # fmt: skip
def test_education_as_it_was_written_finds_its_level(place: dict[str, Any], written: str, label: str) -> None:
    make.member(place["branches"][0], education=written)
    assert as_counts(table(place["root"], "unit", "education")) == {label: 1}


def test_each_table_is_one_query_however_many_members(place: dict[str, Any]) -> None:
    crowd(place, 10)
    root = again(place["root"])
    below = units(root)
    with CaptureQueriesContext(connection) as few:
        cross(root, below, dimensions["age"], DAY)
    crowd(place, 40)
    with CaptureQueriesContext(connection) as many:
        cross(root, below, dimensions["age"], DAY)
    assert len(many) == len(few) == 1
    client = Client()
    client.force_login(make.hat(Role.OFFICE, root))
    url = reverse("member-statistics", args=[root.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as page:
        client.get(url, {"rows": "education", "columns": "age"})
    assert len(page) <= 12


def test_units_without_members_stand_in_the_table_and_closed_ones_only_with_members(place: dict[str, Any]) -> None:
    make.member(place["branches"][0], sex="female")
    closed = make.organization("已撤街道", again(place["root"]), closed_on=date(2005, 1, 1))
    labels = [line.label for line in table(place["root"], "unit", "sex").lines]
    assert labels == ["城东街道党工委", "城西街道党工委"]
    left = make.branch(closed)
    make.member(left, sex="male")
    assert "已撤街道（已撤销）" in [line.label for line in table(place["root"], "unit", "sex").lines]


def test_who_may_see_figures_sees_them_without_names(place: dict[str, Any]) -> None:
    person = make.member(place["branches"][0], "王芳", sex="female")
    url = reverse("member-statistics", args=[place["one"].pk])
    overseer, outsider = make.hat(Role.OVERSEER, again(place["one"])), make.secretary(place["branches"][2])
    own = make.user(person)
    for user, status in [(overseer, 200), (outsider, 404), (own, 404)]:
        client = Client()
        client.force_login(user)
        answer = client.get(url, {"rows": "nonsense", "columns": "sex", "day": "x"})
        assert answer.status_code == status
        assert user is own or "王芳" not in answer.text
    client.force_login(own)
    assert client.get(reverse("member-statistics", args=[place["branches"][0].pk])).status_code == 403


def test_the_table_is_the_same_on_page_paper_and_in_the_spreadsheet(place: dict[str, Any]) -> None:
    crowd(place, 30)
    office = make.hat(Role.OFFICE, again(place["root"]))
    client = Client()
    client.force_login(office)
    chosen = {"rows": "age", "columns": "sex", "day": "2005-12-31"}
    page = client.get(reverse("member-statistics", args=[place["root"].pk]), chosen)
    shown = page.context["table"]
    params = chosen | {"organization": str(place["root"].pk)}
    for code, tables in (("member-statistics", 1), ("member-yearbook", len(dimensions))):
        document = documents[code]
        subject = find_subject(document, params, office)
        html = page_of(document, subject, params, office)
        assert html.count("<table") == tables
        assert " style=" not in html
        assert render_pdf(html, landscape=True).startswith(b"%PDF")
        assert len(document.tables(subject, params, office)) == tables  # type: ignore[misc]
    [sheet] = documents["member-statistics"].tables(  # type: ignore[misc]
        find_subject(documents["member-statistics"], params, office), params, office
    )
    assert sheet.rows[-1] == ["合计", shown.sums.total, *shown.sums.numbers]
    assert str(page.context["picture"]) in page.text
    assert "2005年12月31日的周岁" in page.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1440])
def test_one_unbroken_line_parts_the_totals_from_the_table(
    browse: Callable[..., Page], place: dict[str, Any], width: int
) -> None:
    crowd(place, 10)
    page = browse(make.hat(Role.OFFICE, again(place["root"])), width)
    page.goto(reverse("member-statistics", args=[place["root"].pk]) + "?columns=occupation")
    drawn = """([part, side]) => [...new Set([...document.querySelectorAll(`.figures ${part} tr:last-child > *`)]
        .map(cell => getComputedStyle(cell)[`border${side}`]))]"""
    assert all(line.startswith("0px") for line in page.evaluate(drawn, ["tbody", "Bottom"]))
    [above] = page.evaluate(drawn, ["tfoot", "Top"])
    [below] = page.evaluate(drawn, ["tfoot", "Bottom"])
    assert above.startswith("2px solid")
    assert above.partition(" ")[2] == below.partition(" ")[2]
