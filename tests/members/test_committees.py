"""Committees: what counts as complete, seats one by one and by election, terms that end, and the list."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.actions import member as people
from members.actions import organization_reshape as reshape
from members.actions import transfer
from members.actions.committee import Occupied, OrganizationClosed, Seat, add, elect
from members.committee import standing_of
from members.dates import add_months
from members.models import Appointment, CommitteePost, Member, Organization
from members.permissions import Role
from portal.documents import documents
from portal.print_job import find_subject
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def seats(*titles: str) -> list[Seat]:
    return [Seat(title, f"{title}某") for title in titles]


def elected(node: Organization, *titles: str, on: date = TODAY, years: int = 3) -> None:
    elect(organization=node, seats=seats(*titles), on=on, years=years, by=None)


@pytest.fixture
def district() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home = make.branch(root, "财政局党支部")
    away = make.branch(root, "民政局党支部")
    people = [make.member(home, f"党员{n}") for n in "甲乙丙丁戊己"]
    root = Organization.objects.get(pk=root.pk)
    return {
        "root": root, "home": home, "away": away, "people": people, "secretary": make.secretary(home),
        "office": make.hat(Role.OFFICE, root), "overseer": make.hat(Role.OVERSEER, root),
        "outsider": make.secretary(away), "inspector": make.hat(Role.INSPECTOR, root),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("full", "probationary", "titles", "gap"),
    [
        (2, 9, ["secretary"], "few-members"),
        (3, 0, [], "nobody"),
        (6, 5, ["secretary"], ""),
        (6, 0, ["deputy"], "no-secretary"),
        (7, 0, ["secretary", "deputy"], "too-small"),
        (7, 0, ["secretary", "organization", "discipline"], ""),
        (9, 0, ["organization", "publicity", "discipline"], "no-secretary"),
        (
            60,
            0,
            ["secretary", "deputy", "organization", "publicity", "discipline", "youth", "security", "member"],
            "too-large",
        ),
    ],
)
def test_rule_for_branches(full: int, probationary: int, titles: list[str], gap: str) -> None:
    home = make.branch()
    Member.objects.bulk_create(Member(branch=home, name=f"甲{n}") for n in range(full))
    Member.objects.bulk_create(Member(branch=home, name=f"乙{n}", status="probationary") for n in range(probationary))
    elected(home, *titles)
    standing = standing_of(home)
    assert standing is not None
    assert standing.gap == gap


def test_rule_for_those_above_and_for_those_without_a_committee() -> None:
    general = make.organization(kind="general-branch")
    elected(general, "secretary", "deputy")
    assert standing_of(general).gap == "too-small"  # type: ignore[union-attr]
    elected(general, "secretary", "deputy", "discipline")
    assert standing_of(general).gap == ""  # type: ignore[union-attr]
    assert standing_of(make.organization(kind="party-group")) is None


def test_who_holds_two_posts_is_one_person() -> None:
    home = make.branch()
    people = [make.member(home) for _ in range(8)]
    posts = [("secretary", 0), ("organization", 1), ("publicity", 1)]
    elect(organization=home, seats=[Seat(t, "", people[n]) for t, n in posts], on=TODAY, years=3, by=None)
    assert standing_of(home).gap == "too-small"  # type: ignore[union-attr]


def election(*rows: dict[str, str], **fields: str) -> dict[str, str]:
    sent = {"seats-TOTAL_FORMS": "9", "seats-INITIAL_FORMS": "0", "on": str(TODAY), "years": "3"} | fields
    for number, row in enumerate(rows):
        sent |= {f"seats-{number}-{key}": value for key, value in row.items()}
    return sent


def test_an_election_replaces_the_whole_committee(district: dict[str, Any]) -> None:
    client, url = signed_in(district["secretary"]), reverse("committee-elect", args=[district["home"].pk])
    assert 'value="3"' in client.get(url).text
    elected(district["home"], "secretary", "member", on=TODAY - timedelta(1200))
    rows = [
        {"title": "secretary", "person": "党员甲"},
        {"title": "other", "other_title": "文体委员", "person": "党员乙"},
    ]
    page = client.post(url, election(*rows), follow=True).text
    assert "已登记财政局党支部换届选举，共2个职务" in page
    assert "文体委员" in page
    assert "历任" in page
    held = CommitteePost.objects.held()
    assert {(post.name, post.member) for post in held} == {(p.name, p) for p in district["people"][:2]}
    assert {post.until for post in held} == {add_months(TODAY, 36)}


def test_an_election_offers_the_posts_that_are_held_and_folds_the_rest_away(district: dict[str, Any]) -> None:
    home, client = district["home"], signed_in(district["secretary"])
    url = reverse("committee-elect", args=[home.pk])
    assert len(client.get(url).context["seats"].shown) == 5
    few = signed_in(district["outsider"]).get(reverse("committee-elect", args=[district["away"].pk]))
    assert len(few.context["seats"].shown) == 2, "fewer than seven members: a secretary, perhaps a deputy"
    posts = [Seat("secretary", "", district["people"][0]), Seat("other", "外单位某", None, "文体委员")]
    elect(organization=home, seats=posts, on=TODAY - timedelta(1200), years=3, by=None)
    page = client.get(url)
    assert [form["title"].value() for form in page.context["seats"].shown] == ["secretary", "other"]
    assert 'placeholder="现任 党员甲"' in page.text
    assert 'value="文体委员"' in page.text
    assert not any(form["person"].value() for form in page.context["seats"]), "nobody is elected again unasked"
    assert '<details class="more-seats">' in page.text
    rows: list[dict[str, str]] = [{}, {}, {"title": "member", "person": "没有这人"}]
    assert '<details class="more-seats" open>' in client.post(url, election(*rows)).text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "请至少填写一位成员"),
        ([{"title": "member", "person": "党员甲"}], "须有一名书记"),
        ([{"title": "secretary", "person": "党员甲"}, {"title": "secretary", "person": "党员乙"}], "只能有一名"),
        ([{"title": "secretary", "person": "没有这人"}], "名册上没有“没有这人”"),
        ([{"title": "secretary", "person": "新党员"}], "没有被选举权"),
        ([{"title": "secretary", "person": "同名"}], "不止一位"),
        ([{"title": "other", "person": "党员甲"}], "请写明职务名称"),
        ([{"title": "", "person": "党员甲"}], "请选择职务"),
        ([{"title": "secretary", "person": "党员甲"}, *[{"title": "member", "person": "党员乙"}] * 2], "填写了两次"),
    ],
)
def test_a_wrong_election_is_refused_in_words(district: dict[str, Any], rows: list[dict[str, str]], said: str) -> None:
    make.member(district["home"], "新党员", status="probationary")
    make.member(district["home"], "同名"), make.member(district["home"], "同名")
    client = signed_in(district["secretary"])
    page = client.post(reverse("committee-elect", args=[district["home"].pk]), election(*rows))
    assert page.status_code == 422
    assert said in page.text
    assert not CommitteePost.objects.exists()
    if rows and rows[0]["person"]:
        assert f'value="{rows[0]["person"]}"' in page.text


def test_election_day_comes_after_the_present_committee(district: dict[str, Any]) -> None:
    elected(district["home"], "secretary", on=TODAY - timedelta(9))
    row = {"title": "secretary", "person": "党员甲"}
    url = reverse("committee-elect", args=[district["home"].pk])
    page = signed_in(district["secretary"]).post(url, election(row, on=str(TODAY - timedelta(10))))
    assert "选举日期不能早于" in page.text
    page = signed_in(district["secretary"]).post(url, election(row, years="30"))
    assert "任期最多5年" in page.text


def test_a_post_is_added_and_ends(district: dict[str, Any]) -> None:
    client, home = signed_in(district["secretary"]), district["home"]
    url = reverse("committee-post-create", args=[home.pk])
    sent = {"title": "secretary", "person": "外来人", "since": str(TODAY), "until": ""}
    assert "请勾选“不在本组织名册”" in client.post(url, sent).text
    assert "已登记外来人（书记）" in client.post(url, sent | {"off_roll": "on"}, follow=True).text
    assert "书记由外来人担任" in client.post(url, sent | {"person": "党员甲"}).text
    post = CommitteePost.objects.get()
    assert (post.member, post.name) == (None, "外来人")
    end = reverse("committee-post-end", args=[post.pk])
    assert "不能早于任职起始" in client.post(end, {"on": str(TODAY - timedelta(1))}).text
    assert "卸任" in client.post(end, {"on": str(TODAY)}, follow=True).text
    assert "没有改动" in client.post(end, {"on": str(TODAY)}, follow=True).text
    assert not CommitteePost.objects.held().exists()


def test_two_secretaries_at_the_same_moment_are_one(district: dict[str, Any]) -> None:
    add(organization=district["home"], seat=Seat("secretary", "甲"), since=TODAY, until=None, by=None)
    with pytest.raises(Occupied):
        add(organization=district["home"], seat=Seat("secretary", "乙"), since=TODAY, until=None, by=None)


def test_the_secretary_gets_the_role_with_one_click(district: dict[str, Any]) -> None:
    person, home = district["people"][0], district["home"]
    account = make.user(person)
    post = add(organization=home, seat=Seat("secretary", "", person), since=TODAY, until=None, by=None)
    office, url = signed_in(district["office"]), reverse("committee-post-appoint", args=[post.pk])
    page = reverse("committee-detail", args=[home.pk])
    assert url in office.get(page).text
    assert url not in signed_in(district["secretary"]).get(page).text
    assert signed_in(district["secretary"]).post(url).status_code == 403
    assert "已授予党员甲支部书记职责" in office.post(url, follow=True).text
    assert Appointment.objects.current().filter(user=account, organization=home, role=Role.SECRETARY).exists()
    assert url not in office.get(page).text
    assert "没有改动" in office.post(url, follow=True).text


def test_only_a_secretary_on_the_roll_gets_it(district: dict[str, Any]) -> None:
    post = add(organization=district["home"], seat=Seat("secretary", "外来人"), since=TODAY, until=None, by=None)
    page = signed_in(district["office"]).post(reverse("committee-post-appoint", args=[post.pk]), follow=True)
    assert "只有党支部在册的书记" in page.text


def test_who_reads_and_who_writes(district: dict[str, Any]) -> None:
    home = district["home"]
    post = add(organization=home, seat=Seat("member", "甲"), since=TODAY, until=None, by=None)
    reading = [reverse("committee-detail", args=[home.pk]), reverse("committee-list", args=[home.pk])]
    writing = [reverse(name, args=[home.pk]) for name in ("committee-post-create", "committee-elect")]
    writing.append(reverse("committee-post-end", args=[post.pk]))
    expected = {"secretary": (200, 200), "inspector": (200, 403), "overseer": (403, 403), "outsider": (404, 404)}
    for who, (reads, writes) in expected.items():
        client = signed_in(district[who])
        assert {client.get(url).status_code for url in reading} == {reads}, who
        # The post itself is a name, which the overseer does not find.
        assert {client.get(url).status_code for url in writing[:2]} == {writes}, who


def test_an_ended_term_is_a_duty_of_the_secretary(district: dict[str, Any]) -> None:
    client = signed_in(district["secretary"])
    elected(district["home"], "secretary", on=TODAY - timedelta(365))
    assert "任期届满" not in client.get(reverse("home")).text
    elected(district["home"], "secretary", on=TODAY - timedelta(365), years=1)
    CommitteePost.objects.held().update(until=TODAY - timedelta(5))
    page = client.get(reverse("home")).text
    assert "财政局党支部班子任期届满，请按期换届并登记" in page
    assert "已过期 5 天" in page
    assert "已届满" in client.get(reverse("organization-detail", args=[district["home"].pk])).text
    assert "任期届满" not in signed_in(district["outsider"]).get(reverse("home")).text


def test_list_finds_gaps_and_ends_and_leads_on(district: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    elected(district["root"], "secretary", "deputy", "discipline")
    elected(district["home"], "secretary", "deputy", "discipline", on=TODAY - timedelta(300), years=1)
    client, url = signed_in(district["office"]), reverse("committee-list", args=[district["root"].pk])
    page = client.get(url).text
    assert "财政局党支部" in page
    assert "即将届满" in page
    assert "正式党员不足3人" in page
    assert "青岚区委</a></td>" not in page
    assert "民政局党支部" not in client.get(url, {"kind": "soon"}).text
    assert "财政局党支部" not in client.get(url, {"kind": "gap"}).text
    assert "没有符合条件的组织" in client.get(url, {"kind": "over"}).text
    assert client.get(url, {"after": "\x00", "kind": "?", "sector": "x"}).status_code == 200
    monkeypatch.setattr("members.committee_list.WINDOW", 1)
    first = client.get(url)
    assert "请点“下一页”继续" in first.text
    second = client.get(first.context["page"].next_url)
    assert "财政局党支部" in second.text


def test_list_as_a_table(district: dict[str, Any]) -> None:
    given = {"organization": str(district["root"].pk), "kind": "gap"}
    document = documents["committee-list"]
    assert document.tables is not None
    asked = find_subject(document, given, district["office"])
    rows = document.tables(asked, given, district["office"])[0].rows
    found = {row[1]: row[6] for row in rows}
    assert found["财政局党支部"] == "还没有登记班子成员"
    assert found["青岚区委"] == "还没有登记班子成员"
    assert (
        signed_in(district["overseer"]).post(reverse("document-print", args=["committee-list"]), given).status_code
        == 403
    )


def test_list_asks_as_much_for_many_as_for_few(district: dict[str, Any]) -> None:
    client, url = signed_in(district["office"]), reverse("committee-list", args=[district["root"].pk])
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(55):
        make.branch(district["root"])
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert len(many) <= len(few)
    assert "下一页" in page.text


def test_years_after_a_leap_day() -> None:
    assert add_months(date(2004, 2, 29), 36) == date(2007, 2, 28)


def test_the_same_election_sent_twice_is_one(district: dict[str, Any]) -> None:
    elected(district["home"], "secretary", "organization")
    elected(district["home"], "secretary", "organization")
    assert CommitteePost.objects.count() == 2
    elected(district["home"], "secretary", "publicity")
    assert CommitteePost.objects.count() == 4
    assert CommitteePost.objects.held().count() == 2


@pytest.mark.parametrize("way", ["transfer", "leave", "merge"])
def test_who_goes_or_whose_branch_is_no_more_has_no_seat_any_more(district: dict[str, Any], way: str) -> None:
    home, away, person = district["home"], district["away"], district["people"][0]
    above = make.member(make.branch(district["root"], "文化局党支部"), "党员庚")
    add(organization=home, seat=Seat("secretary", "", person), since=TODAY, until=None, by=None)
    add(organization=home, seat=Seat("deputy", "外单位某"), since=TODAY, until=None, by=None)
    add(organization=district["root"], seat=Seat("member", "", person), since=TODAY, until=None, by=None)
    add(organization=district["root"], seat=Seat("deputy", "", above), since=TODAY, until=None, by=None)
    if way == "transfer":
        transfer.at_once(member=person, target=away, by=district["office"])
    elif way == "leave":
        people.leave(member=person, ending="moved", ended_on=TODAY, by=district["office"])
    else:
        reshape.merge(node=home, other=away, by=district["office"])
    held = {(post.organization, post.name) for post in CommitteePost.objects.held()}
    stays = {(district["root"], "党员庚")}
    stays |= {(district["root"], person.name)} if way != "leave" else set()
    stays |= {(home, "外单位某")} if way != "merge" else set()
    assert held == stays


def test_a_closed_branch_is_shown_for_reading_only(district: dict[str, Any]) -> None:
    elected(district["home"], "secretary")
    asked = reverse("organization-merge", args=[district["home"].pk])
    assert "班子的1个职务随即登记卸任" in signed_in(district["office"]).post(asked, {"other": "民政局党支部"}).text
    reshape.merge(node=district["home"], other=district["away"], by=district["office"])
    page = signed_in(district["office"]).get(reverse("organization-detail", args=[district["home"].pk])).text
    assert "供查阅" in page
    assert "已配齐" not in page
    assert reverse("organization-reopen", args=[district["home"].pk]) in page
    for name in ("organization-edit", "organization-create", "appointment-create", "condition-create"):
        assert reverse(name, args=[district["home"].pk]) not in page
    before = CommitteePost.objects.count()
    for name, sent in (
        ("committee-elect", election({"title": "secretary", "person": "外单位某"})),
        ("committee-post-create", {"title": "secretary", "person": "外单位某", "since": str(TODAY)}),
    ):
        answer = signed_in(district["office"]).post(reverse(name, args=[district["home"].pk]), sent, follow=True)
        assert "已撤销，班子情况只供查阅" in answer.text
    with pytest.raises(OrganizationClosed):
        elect(organization=district["home"], seats=[Seat("secretary", "外单位某")], on=TODAY, years=3, by=None)
    assert CommitteePost.objects.count() == before
