"""Every number of a dashboard leads to a list that is as long as the number says."""

import re
from datetime import date, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaign.dashboards.outcomes import OUTCOMES, Wanted
from campaign.dashboards.records import records
from campaign.models import Enrolment, Gate, Participation, PhaseRun, Requirement, StudyNote, Waiver
from campaign.progress.writing import figures_of, recording, refresh
from campaign.reports.categories import by_category, by_sector
from campaign.units.roll import roll_changed
from members.models import Mobility, Organization
from members.permissions import Role
from tests import factories as make
from tests.campaign.test_dashboard import World, open_page, plain, text

LINK = re.compile(r'<a [^>]*?href="([^"]+)"[^>]*>(\d+)\b')


class Varied(World):
    """Something of everything: done, done by another way, waived, missing; two 领域; people and branches without a place."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = self.campaign.requirements.get(indicator_code="plan-filed")
        self.note = self.campaign.requirements.get(indicator_code="study-note")
        first, second, third = self.enrolments
        Organization.objects.filter(pk=third.organization_id).update(sector="village")
        Organization.objects.filter(pk=first.organization_id).update(sector="government")
        make.participation(first, "老党员", tags=("retired", "frail"))
        make.participation(first, "领导", tags=("leader",))
        with recording([e.pk for e in self.enrolments]) as locked:
            locked[0].plan_filed_on = date(2005, 8, 1)
            locked[0].save()
            people = list(first.participations.order_by("pk"))
            Participation.objects.filter(pk=people[2].pk).update(route="alternative")
            for person in (people[0], people[2]):
                StudyNote.objects.create(participation=person, title="心得", body="心得")
            by = make.user()
            Waiver.objects.create(requirement=self.note, enrolment=first, participation=people[1], reason="住院", by=by)
            Enrolment.objects.filter(pk=third.pk).update(state=Enrolment.State.PREPARING, started_on=None)
        lone = make.branch(self.other)
        away = make.member(lone)
        make.member(lone)
        Mobility.objects.create(member=away, kind="out-of-province", since=date(2005, 1, 1))
        Mobility.objects.create(member=people[0].member, kind="lost", since=date(2005, 1, 1))
        roll_changed([lone.pk, first.organization_id, third.organization_id])
        Gate.objects.create(enrolment=first, phase=self.campaign.phases.get(number=0), assessment="好", requested_by=by)
        today = timezone.localdate()
        PhaseRun.objects.filter(enrolment=second).update(ends_on=today + timedelta(3))
        refresh(self.campaign)
        self.office = make.hat(Role.OFFICE, self.root)


@pytest.fixture
def world(db: Any) -> Varied:
    return Varied()


def behind(client: Client, url: str) -> int:
    """How much the list at ``url`` holds, over all its pages."""
    found, address = 0, url
    while address:
        page = client.get(address)
        assert page.status_code == 200, address
        context = page.context
        if "listing" in context:
            found, address = found + len(context["lines"]), context["page"].next_url
        elif "wanted" in context:
            rows = [row for row, _ in context["lines"]]
            found += len(rows) if context["names"] or context["wanted"].by_unit else sum(r.missing for r in rows)
            address = context["pager"]["next_url"]
        else:
            rows = [line["row"] for line in context["rows"]]
            found += len(rows) if context["names"] else sum(r.missing for r in rows)
            address = context["pager"]["next_url"]
        address = f"{url.split('?')[0]}{address}" if address.startswith("?") else address
    return found


def numbers_on(client: Client, url: str) -> list[tuple[str, int]]:
    body = text(client.get(url))
    return [(unescape(href), int(number)) for href, number in LINK.findall(body) if "/campaigns/" in href]


class Reader(HTMLParser):
    """What a page says outside links, pictures, forms, headings and explanations."""

    EMPTY = {"input", "meta", "link", "br", "img", "use", "path", "rect", "line"}
    TAGS = {"a", "svg", "form", "thead", "nav", "h1", "h2", "label"}
    CLASSES = {"card-footer", "text-secondary", "cell-share", "name"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.EMPTY:
            classes = set((dict(attrs).get("class") or "").split())
            self.open.append(tag in self.TAGS or bool(classes & self.CLASSES))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.said += data


def bare_numbers(body: str) -> list[str]:
    """Numbers above nothing that a page shows without a way to what they count."""
    reader = Reader()
    reader.feed(body[body.index("<main") : body.index("</main")])
    return [n for n in re.findall(r"\d+", re.sub(r"\d+天内(到期|没有)", "", reader.said)) if int(n)]


@pytest.mark.parametrize("query", ["?phase=0", "?phase=1"])
def test_no_number_stands_without_its_list(world: Varied, query: str) -> None:
    client = Client()
    client.force_login(world.office)
    PhaseRun.objects.filter(enrolment=world.enrolments[0]).update(ends_on=timezone.localdate() - timedelta(2))
    refresh(world.campaign)
    home = world.enrolments[0].organization
    for node in (world.root, world.district, world.other, home):
        assert bare_numbers(text(client.get(world.url(node) + query))) == [], node
    breakdown = reverse("dashboard-breakdown", args=[world.campaign.pk, world.root.pk]) + query
    assert bare_numbers(text(client.get(breakdown))) == []
    # The check itself sees what stands bare.
    assert bare_numbers("<main><p>还有 3 人</p><svg>9</svg></main>") == ["3"]


@pytest.mark.parametrize("role", [Role.OFFICE, Role.OVERSEER])
@pytest.mark.parametrize("query", ["?phase=0", "?phase=1"])
def test_every_number_is_as_long_as_its_list(world: Varied, role: str, query: str) -> None:
    client = Client()
    client.force_login(make.hat(role, world.root))
    PhaseRun.objects.filter(enrolment=world.enrolments[0]).update(ends_on=timezone.localdate() - timedelta(2))
    refresh(world.campaign)
    for node in (world.root, world.district, world.other, world.enrolments[0].organization):
        numbers = numbers_on(client, world.url(node) + query)
        wrong = [(href, n, found) for href, n in set(numbers) if (found := behind(client, href)) != n]
        assert not wrong
        if query == "?phase=0":
            assert len(numbers) > 8


def test_the_break_down_too_and_its_rows_add_up(world: Varied) -> None:
    client = Client()
    client.force_login(world.office)
    url = reverse("dashboard-breakdown", args=[world.campaign.pk, world.root.pk]) + "?phase=0"
    numbers = numbers_on(client, url)
    assert len(numbers) > 10
    assert not [(href, n) for href, n in set(numbers) if behind(client, href) != n]
    total = figures_of(world.campaign, world.root)[world.note.pk]
    sectors = by_sector(world.root, [world.note])
    assert sum(found[world.note.pk].total for found in sectors.values()) == total.total
    kinds = by_category(world.root, [world.note])
    assert (
        kinds["full"][world.note.pk].total + kinds.get("probationary", {}).get(world.note.pk, total).total
        >= total.total
    )
    assert kinds["retired"][world.note.pk].done == 1
    assert kinds["leader"][world.note.pk].missing == 1


def test_the_cell_says_done_waived_by_another_way_and_missing(world: Varied) -> None:
    body = plain(text(open_page(world.office, world.url(world.district) + "?phase=0")))
    assert "3/4 差1（其中灵活方式1，免除1）" in body
    assert "✓ 1/1" in body


def test_records_page_by_page_are_all_of_them_once(world: Varied) -> None:
    for code in OUTCOMES:
        seen, start = [], None
        wanted = Wanted.read({"what": code})
        while rows := records(world.campaign, world.root, world.note, wanted, names=True, limit=2, start=start):
            seen += [row.position.pk for row in rows]
            start = rows[-1].position
        whole = records(world.campaign, world.root, world.note, wanted, names=True, limit=100)
        assert seen == [row.position.pk for row in whole]
        assert len(set(seen)) == OUTCOMES[code].of(figures_of(world.campaign, world.root)[world.note.pk])


def test_a_category_of_few_is_found_among_many_units(world: Varied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.dashboards.records.MOST", 1)
    rows = records(
        world.campaign,
        world.root,
        world.note,
        Wanted.read({"what": "total", "category": "leader"}),
        names=True,
        limit=1,
    )
    assert [row.name for row in rows] == ["领导"]


def test_names_only_for_those_entitled(world: Varied) -> None:
    url = reverse("record-list", args=[world.campaign.pk, world.root.pk]) + f"?requirement={world.note.pk}&what=done"
    assert "老党员" in text(open_page(world.office, url))
    overseer = make.hat(Role.OVERSEER, world.root)
    body = text(open_page(overseer, f"{url}&category=leader"))
    assert "老党员" not in body
    assert "2 人" in body
    assert "党员类别" not in body
    assert open_page(make.hat(Role.OFFICE, make.organization("外市")), url).status_code == 404
    home = world.enrolments[0].organization
    own = reverse("record-list", args=[world.campaign.pk, home.pk]) + f"?requirement={world.note.pk}"
    assert open_page(make.user(home.members.first()), own).status_code == 403


@pytest.mark.parametrize("query", ["?requirement=x", "?requirement=99999999"])
def test_records_of_nothing_are_not_found(world: Varied, query: str) -> None:
    url = reverse("record-list", args=[world.campaign.pk, world.root.pk]) + query
    assert open_page(world.office, url).status_code == 404


def test_from_the_list_on_to_the_person_and_to_the_record(world: Varied) -> None:
    client = Client()
    client.force_login(world.office)
    stem = reverse("record-list", args=[world.campaign.pk, world.root.pk])
    page = client.get(f"{stem}?requirement={world.note.pk}&what=done")
    rows = [row for row, _ in page.context["lines"]]
    assert len(rows) == 2
    for row in rows:
        assert f'href="{row.record_url}"' in text(page)
        assert "心得" in text(client.get(row.record_url))
        assert row.name in text(client.get(row.person_url))
    for requirement in world.campaign.requirements.all():
        for row, _ in client.get(f"{stem}?requirement={requirement.pk}&what=total").context["lines"]:
            for url in filter(None, (row.person_url, row.record_url)):
                assert client.get(url).status_code == 200, url


def test_a_bad_filter_is_left_aside(world: Varied) -> None:
    url = reverse("record-list", args=[world.campaign.pk, world.root.pk])
    bad = f"{url}?requirement={world.note.pk}&what=x&sector=%00&category=y&by=z&after=%00"
    assert open_page(world.office, bad).status_code == 200


def test_who_can_be_helped_first_is_named_with_reason_and_contact(world: Varied) -> None:
    home = world.enrolments[0].organization
    secretary = make.hat(Role.SECRETARY, home)
    PhaseRun.objects.filter(enrolment=world.enrolments[0]).update(ends_on=timezone.localdate() - timedelta(2))
    refresh(world.campaign)
    page = open_page(world.office, world.url(world.district) + "?phase=0")
    first, second = page.context["needs"]
    assert first.organization == home
    assert str(first.reasons[0]) == "已过期限：study-note1人"
    assert secretary.name in first.contact
    assert [str(reason) for reason in second.reasons] == ["7天内到期：plan-filed1个支部、study-note2人"]
    overseer = open_page(make.hat(Role.OVERSEER, world.root), world.url(world.district) + "?phase=0")
    assert secretary.name not in text(overseer)


def test_large_nodes_are_told_that_categories_take_a_job(world: Varied, monkeypatch: pytest.MonkeyPatch) -> None:
    url = reverse("dashboard-breakdown", args=[world.campaign.pk, world.root.pk])
    assert "按党员类别的统计要逐条清点" not in text(open_page(world.office, url))
    monkeypatch.setattr("campaign.reports.categories.AT_ONCE", 2)
    body = text(open_page(world.office, url))
    assert "按党员类别的统计要逐条清点" in body
    assert "预备党员" not in body


def test_queries_do_not_grow_with_requirements_or_children(world: Varied, django_assert_max_num_queries: Any) -> None:
    client = Client()
    client.force_login(world.office)
    url = world.url(world.root) + "?phase=0"
    client.get(url)
    counts = []
    for first in (10, 30):
        with django_assert_max_num_queries(40) as captured:
            client.get(url)
        counts.append(len(captured))
        for n in range(first, first + 12):
            values = {"indicator_code": "study-note", "audience_code": "all-members", "number": n, "label": f"动作{n}"}
            Requirement.objects.create(step=world.plan.step, campaign=world.campaign, **values)
        for _ in range(5):
            world.grow(world.district)
            world.grow(make.organization("新区", Organization.objects.get(pk=world.root.pk)))
        refresh(world.campaign)
    assert counts[0] == counts[1]


def test_a_branch_alone_and_a_campaign_without_units_say_so(world: Varied) -> None:
    lone = open_page(world.office, world.url(world.enrolments[0].organization))
    assert lone.status_code == 200
    assert "下级单位完成情况" not in text(lone)
    assert "本单位完成情况" in text(lone)
    empty = make.organization("空市委")
    bare = make.campaign(empty, (), state="draft")
    office = make.hat(Role.OFFICE, empty)
    body = text(open_page(office, reverse("dashboard", args=[bare.pk, empty.pk])))
    assert "活动还在筹备" in body
    assert "本阶段没有规定动作" in body
    for name in ("dashboard-trends", "dashboard-breakdown", "shared-view-list"):
        assert open_page(office, reverse(name, args=[bare.pk, empty.pk])).status_code == 200
