"""The registers: who must be looked for, kept in contact with, or cared for; and finding them."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.models import Member, Mobility, SearchAttempt
from members.permissions import Role
from members.registers import registers
from portal.documents import documents
from portal.print_job import find_subject, page_of
from portal.printing import render_pdf
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home = make.branch(root, "财政局党支部")
    root.refresh_from_db()
    away = make.branch(root, "民政局党支部")
    root.refresh_from_db()
    return {
        "root": root, "home": home, "away": away, "secretary": make.secretary(home),
        "office": make.hat(Role.OFFICE, root), "committee": make.hat(Role.COMMITTEE, home),
        "overseer": make.hat(Role.OVERSEER, root), "outsider": make.secretary(away),
    }  # fmt: skip


def absent(at: Any, name: str, kind: str, since: date = date(2004, 3, 1), **fields: Any) -> Mobility:
    return Mobility.objects.create(member=make.member(at, name), kind=kind, since=since, **fields)


def attempt(mobility: Mobility, made_on: date, **fields: Any) -> SearchAttempt:
    return SearchAttempt.objects.create(mobility=mobility, made_on=made_on, how="phone", submission=uuid4(), **fields)


def register(place: dict[str, Any], kind: str, at: str = "root", by: str = "office", **query: str) -> str:
    return signed_in(place[by]).get(reverse("register-list", args=[place[at].pk, kind]), query).text


def tried(**fields: Any) -> dict[str, Any]:
    return {"made_on": "2005-05-01", "how": "visit", "outcome": "邻居说去了南方", "submission": str(uuid4())} | fields


def test_registers_are_for_those_who_may_see_names(place: dict[str, Any]) -> None:
    for kind in registers:
        url = reverse("register-list", args=[place["home"].pk, kind.code])
        for who, status in [
            ("secretary", 200),
            ("committee", 200),
            ("office", 200),
            ("overseer", 403),
            ("outsider", 404),
        ]:
            assert signed_in(place[who]).get(url).status_code == status, (kind.code, who)
    assert signed_in(place["office"]).get(reverse("register-list", args=[place["home"].pk, "x"])).status_code == 404


def test_a_search_is_recorded_try_by_try_until_the_member_is_found(place: dict[str, Any]) -> None:
    mobility = absent(place["home"], "钱失联", "lost", place="南方")
    assert "还没有查找" in register(place, "lost")
    client, url = signed_in(place["secretary"]), reverse("search-attempt-list", args=[mobility.pk])
    page = client.post(url, tried(next_step="函询街道"), follow=True)
    assert "邻居说去了南方" in page.text
    assert "1次，最近2005年5月1日走访" in register(place, "lost")
    assert "函询街道" in register(place, "lost", at="home", by="secretary")
    assert "函询街道" not in register(place, "lost", at="home", by="committee")
    sent = tried(made_on="2005-06-01", reached="on", outcome="回函：在深圳")
    client.post(url, sent)
    client.post(url, sent)
    mobility.refresh_from_db()
    assert (mobility.until, mobility.attempts.count()) == (date(2005, 6, 1), 2)
    assert "钱失联" not in register(place, "lost")
    assert "2005年6月1日" in register(place, "lost", show="found")
    assert mobility.member.history.get().verb == "结束失联"
    assert "已经结束" in client.post(url, tried(made_on="2005-07-01"), follow=True).text
    assert mobility.attempts.count() == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"how": ""}, "请选择用什么方式联系"),
        ({"made_on": "2003-01-01"}, "不能早于失联的起始日期（2004-03-01）"),
        ({"made_on": "2099-01-01"}, "日期不能晚于今天"),
        ({"outcome": ""}, "没有联系上的，请写明了解到什么"),
    ],
)
def test_bad_input_is_named_and_stays(place: dict[str, Any], fields: dict[str, str], reason: str) -> None:
    mobility = absent(place["home"], "钱失联", "lost")
    url = reverse("search-attempt-list", args=[mobility.pk])
    page = signed_in(place["secretary"]).post(url, tried(next_step="") | fields)
    assert page.status_code == 422
    assert reason in page.text
    assert not SearchAttempt.objects.exists()
    for who, status in [("committee", 403), ("outsider", 404)]:
        assert signed_in(place[who]).post(url, tried()).status_code == status


def test_who_floats_unheard_of_for_three_months_stands_out(place: dict[str, Any]) -> None:
    today = timezone.localdate()
    heard = absent(place["home"], "孙常联", "in-city", contact="其妻 13500000000")
    attempt(heard, today - timedelta(days=30), reached=True)
    attempt(heard, today - timedelta(days=2))
    silent = absent(place["away"], "周久别", "out-of-province")
    attempt(silent, today - timedelta(days=100), reached=True)
    absent(place["away"], "吴新来", "inflow", today - timedelta(days=5))
    everybody = register(place, "floating")
    assert everybody.count("row-late") == 1
    assert "已超过三个月" in everybody
    only = register(place, "floating", show="silent")
    assert "周久别" in only
    assert "孙常联" not in only
    assert "吴新来" not in only
    assert "吴新来" in register(place, "floating", show="inflow")
    assert "13500000000" in register(place, "floating", at="home", by="secretary")
    assert "13500000000" not in register(place, "floating", at="home", by="committee")


def test_a_guest_from_another_branch_stands_in_the_register_of_the_branch_where_they_live(
    place: dict[str, Any],
) -> None:
    guest = absent(place["away"], "郑远来", "out-of-province", host=place["home"], contact="其兄 13500000000")
    page = register(place, "floating", at="home", by="secretary")
    assert "郑远来" in page
    assert "民政局党支部" in page
    assert "13500000000" not in page
    assert reverse("member-detail", args=[guest.member_id]) not in page
    assert "郑远来" in register(place, "floating", at="home", by="secretary", show="inflow", q="郑")
    assert "郑远来" not in register(place, "floating", at="home", by="secretary", show="out-of-province")
    assert register(place, "floating").count("郑远来") == 1


def test_who_is_cared_for_and_by_whom(place: dict[str, Any]) -> None:
    make.member(place["home"], "赵体弱", tags=("frail", "retired"), helper="小李")
    make.member(place["home"], "钱退休", tags=("retired",))
    make.member(place["away"], "孙下岗", tags=("laid-off",))
    page = register(place, "frail")
    assert "小李" in page
    assert page.count("赵体弱") == 1
    assert "孙下岗" not in page
    alone = register(place, "frail", show="alone")
    assert "钱退休" in alone
    assert "赵体弱" not in alone
    assert "孙下岗" in register(place, "laid-off")
    assert "孙下岗" not in register(place, "laid-off", at="home")
    assert "赵体弱" in register(place, "frail", q="赵 体", show="nonsense")
    assert "没有符合条件" in register(place, "frail", q="无此人")
    assert "赵体弱" in register(place, "frail", q="\x00")


@pytest.mark.parametrize("kind", ["lost", "floating", "frail", "probationary"])
def test_registers_page_by_key_with_a_fixed_number_of_queries(place: dict[str, Any], kind: str) -> None:
    def grow(number: int) -> None:
        for n in range(number):
            branch = place["home"] if n % 2 else place["away"]
            if kind in {"lost", "floating"}:
                attempt(absent(branch, f"人{n}", "lost" if kind == "lost" else "inflow"), date(2005, 1, 1))
            else:
                make.member(branch, f"人{n}", tags=("frail",), status="probationary", joined="2004-07")

    grow(2)
    client, url = signed_in(place["office"]), reverse("register-list", args=[place["root"].pk, kind])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    grow(60)
    with CaptureQueriesContext(connection) as many:
        first = client.get(url)
    assert len(many) <= len(few)
    second = client.get(first.context["page"].next_url)
    seen = [entry.member.pk for page in (first, second) for entry in page.context["entries"]]
    assert len(seen) == len(set(seen)) == 62


def test_a_register_prints_and_exports_as_it_is_shown(place: dict[str, Any]) -> None:
    absent(place["home"], "钱失联", "lost", place="南方")
    absent(place["away"], "孙失联", "lost")
    params = {"organization": str(place["root"].pk), "kind": "lost", "q": "钱", "show": "untried"}
    sheet = find_subject(documents["register"], params, place["office"])
    html = page_of(documents["register"], sheet, params, place["office"])
    assert "钱失联" in html
    assert "孙失联" not in html
    assert "还没有查找" in html
    assert " style=" not in html
    assert render_pdf(html, landscape=True).startswith(b"%PDF")
    [table] = documents["register"].tables(sheet, params, place["office"])  # type: ignore[misc]
    assert [row[1] for row in table.rows] == ["钱失联"]
    url = reverse("document-print", args=["register"])
    assert signed_in(place["office"]).post(url, params | {"kind": "x"}).status_code == 404
    assert signed_in(place["overseer"]).post(url, params).status_code == 403
    assert signed_in(place["outsider"]).post(url, params).status_code == 404


def test_the_roll_is_searched_by_number_and_age(place: dict[str, Any]) -> None:
    year = timezone.localdate().year
    make.member(place["home"], "老人", number="QL001", born=f"{year - 70}-07")
    make.member(place["home"], "青年", number="QL002", born=f"{year - 25}")
    make.member(place["home"], "未知", number="X9")
    client, url = signed_in(place["secretary"]), reverse("member-list", args=[place["home"].pk])

    def names(**query: str) -> set[str]:
        page = client.get(url, query).text
        return {name for name in ("老人", "青年", "未知") if f">{name}<" in page}

    assert names(name="ql0") == {"老人", "青年"}
    assert names(age="60") == {"老人"}
    assert names(age="0") == {"青年"}
    assert names(age="old") == {"老人", "青年", "未知"}


def test_partial_dates_stay_partial_and_read_in_chinese(place: dict[str, Any]) -> None:
    person = make.member(place["home"], "王芳", born="1968", joined="1998-07", confirmed="1999-07-01")
    client = signed_in(place["secretary"])
    page = client.get(reverse("member-detail", args=[person.pk])).text
    for words in (">1968年<", ">1998年7月<", ">1999年7月1日<"):
        assert words in page
    assert 'value="1998-07"' in client.get(reverse("member-edit", args=[person.pk])).text
    params = {"organization": str(place["home"].pk)}
    sheet = page_of(
        documents["roll"], find_subject(documents["roll"], params, place["secretary"]), params, place["secretary"]
    )
    assert "1998年7月" in sheet
    assert Member.objects.get(pk=person.pk).born == "1968"
