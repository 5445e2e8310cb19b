"""The late list: everybody who owes something, once, in tree order, page by page; names only for those entitled."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from campaign.dashboards.late import late_rows, mark, unmark
from campaign.models import PhaseRun, Progress, Requirement, StudyNote, Waiver
from campaign.progress.writing import recording, unmet
from campaign.reports.overview import requirements_in
from members.permissions import Role
from tests import factories as make
from tests.campaign.test_dashboard import World, open_page, text


@pytest.fixture
def world(db: Any) -> World:
    return World()


def walk(world: World, *, names: bool, limit: int, requirements: list[Requirement] | None = None) -> list[Any]:
    """All lines, page by page as a reader turns them."""
    asked, found, start = requirements or requirements_in(world.campaign, None), [], None
    while True:
        rows = late_rows(world.campaign, world.root, asked, names=names, limit=limit, start=start)
        found += rows
        if len(rows) < limit:
            return found
        start = unmark(mark(rows[-1].position))


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_of_any_size_tell_everybody_once_in_tree_order(world: World, limit: int) -> None:
    with recording([world.enrolments[1].pk]) as [locked]:
        StudyNote.objects.create(participation=locked.participations.first(), title="心得", body="x")
    rows = walk(world, names=True, limit=limit)
    keys = [row.position.key for row in rows]
    assert keys == sorted(set(keys))
    expected = sum(unmet(r).count() for r in requirements_in(world.campaign, None))
    assert len(rows) == expected == 8
    numbers = walk(world, names=False, limit=limit)
    assert sum(row.missing for row in numbers) == expected
    assert [n.name for n in numbers] == [""] * 6


def test_a_figure_ahead_of_the_records_hides_nobody(world: World) -> None:
    """Branches that seem to miss something but do not fill no page."""
    plan = world.campaign.requirements.get(indicator_code="plan-filed")
    for enrolment in world.enrolments[:2]:
        enrolment.plan_filed_on = date(2005, 8, 1)
        enrolment.save()
    assert Progress.objects.filter(requirement=plan, done=0).count() == 3
    rows = late_rows(world.campaign, world.root, requirements_in(world.campaign, None)[:1], names=True, limit=1)
    assert [row.organization_id for row in rows] == [world.enrolments[2].organization_id]


def test_waived_and_done_are_not_late(world: World) -> None:
    plan = world.campaign.requirements.get(indicator_code="plan-filed")
    with recording([world.enrolments[0].pk]):
        Waiver.objects.create(requirement=plan, enrolment=world.enrolments[0], reason="停产", by=make.user())
    rows = walk(world, names=True, limit=50, requirements=requirements_in(world.campaign, None)[:1])
    assert [row.enrolment_id for row in rows] == [e.pk for e in world.enrolments[1:]]


def test_the_last_day_is_the_organisations_own(world: World) -> None:
    PhaseRun.objects.filter(enrolment=world.enrolments[0], phase__number=0).update(ends_on=date(2005, 8, 20))
    Requirement.objects.filter(indicator_code="plan-filed").update(due_offset=-3)
    rows = walk(world, names=True, limit=50, requirements=requirements_in(world.campaign, None)[:1])
    assert [row.due for row in rows] == [date(2005, 8, 17), date(2005, 12, 28), date(2005, 12, 28)]
    assert rows[0].days_over(date(2005, 8, 20)) == 3
    assert rows[1].days_over(date(2005, 8, 20)) == 0


def test_names_only_for_those_entitled(world: World) -> None:
    url = world.url(world.root, "late-list")
    entitled = text(open_page(make.hat(Role.LEADING_GROUP, world.root), url))
    assert "阿卜杜拉·买买提" in entitled
    overseer = text(open_page(make.hat(Role.OVERSEER, world.root), url))
    assert "买买提" not in overseer
    assert "2 人" in overseer
    assert "导出名单" not in overseer
    assert "导出名单" in entitled


def test_owner_outsider_and_member(world: World) -> None:
    home = world.enrolments[0].organization
    url = world.url(home, "late-list")
    assert open_page(make.secretary(home), url).status_code == 200
    assert open_page(make.secretary(world.enrolments[2].organization), url).status_code == 404
    assert open_page(make.user(home.members.first()), url).status_code == 403


def test_the_page_turns_and_narrows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.views.late.PAGE", 4)
    client = Client()
    client.force_login(make.hat(Role.OFFICE, world.root))
    url, note = world.url(world.root, "late-list"), world.campaign.requirements.get(indicator_code="study-note")
    first = client.get(url, {"requirement": note.pk})
    assert [line["row"].requirement for line in first.context["rows"]] == ["study-note"] * 4
    second = client.get(url + first.context["pager"]["next_url"])
    assert len(second.context["rows"]) == 2
    assert second.context["pager"]["next_url"] == ""
    assert "回到第一页" in text(second)


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=%00", "?requirement=x", "?requirement=999999999999999999999", "?after="]
)
def test_a_bad_query_string_shows_the_first_page(world: World, query: str) -> None:
    page = open_page(make.hat(Role.OFFICE, world.root), world.url(world.root, "late-list") + query)
    assert page.status_code == 200
    assert len(page.context["rows"]) == 9


def test_queries_stay_the_same_as_branches_grow(world: World, django_assert_max_num_queries: Any) -> None:
    client = Client()
    client.force_login(make.hat(Role.OFFICE, world.root))
    client.get(world.url(world.root, "late-list"))
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(30) as captured:
            client.get(world.url(world.root, "late-list"))
        counts.append(len(captured))
        for _ in range(6):
            world.grow(world.district)
    assert counts[0] == counts[1]
