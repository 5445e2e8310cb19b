"""One page answers where we are, who is late and why, whatever the size of the subtree."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Gate, PhaseRun, ProgressDay, Requirement, StudyNote
from campaign.progress.ready import coverage_by_child, coverage_of
from campaign.progress.writing import figures_of, recording, refresh
from campaign.reports.overview import Stage, board, gatekeeping, main_phase, requirements_in
from campaign.units.roll import roll_changed
from members.models import Mobility, Organization
from members.permissions import Role
from tests import factories as make

REQUIREMENTS = (("plan-filed", "all-branches"), ("study-note", "all-members"))


class World:
    """Root → two districts → branches; the first district has two branches of two people each."""

    def __init__(self) -> None:
        root = make.organization("市委")
        self.campaign: Campaign = make.campaign(root, REQUIREMENTS)
        self.district = make.organization("城东区委", Organization.objects.get(pk=root.pk))
        self.other = make.organization("城西区委", Organization.objects.get(pk=root.pk))
        self.enrolments: list[Enrolment] = []
        for _ in range(2):
            self.grow(self.district)
        self.grow(self.other)
        self.root = Organization.objects.get(pk=root.pk)
        self.district.refresh_from_db()

    def grow(self, parent: Organization) -> Enrolment:
        home = make.branch(parent)
        make.member(home, "阿卜杜拉·买买提")
        make.member(home)
        self.enrolments.append(make.enrolment(self.campaign, home))
        return self.enrolments[-1]

    def url(self, node: Organization, name: str = "dashboard") -> str:
        return reverse(name, args=[self.campaign.pk, node.pk])


@pytest.fixture
def world(db: Any) -> World:
    return World()


def open_page(user: Any, url: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(url)


def text(response: Any) -> str:
    return response.content.decode()


def plain(body: str) -> str:
    """What is read, without tags."""
    return re.sub(r"<[^>]*>", "", body)


def test_the_office_sees_figures_children_and_links(world: World) -> None:
    with recording([world.enrolments[0].pk]) as [locked]:
        locked.plan_filed_on = date(2005, 8, 1)
        locked.save()
    page = open_page(make.hat(Role.OFFICE, world.root), world.url(world.root))
    body = text(page)
    assert page.status_code == 200
    assert "plan-filed：应完成3个支部，完成1，免除0，未完成2" in body
    assert "在册党员6，其中参加活动6" in body
    assert body.index("城东区委") < body.index("城西区委")
    assert world.url(world.district) in body
    assert "1/2 差1" in plain(body)
    assert "阶段总结报告" in body
    assert "规定动作已齐备 0 个" in body


def test_a_branch_leads_to_its_own_page(world: World) -> None:
    body = text(open_page(make.hat(Role.OFFICE, world.root), world.url(world.district)))
    for enrolment in world.enrolments[:2]:
        assert reverse("enrolment-detail", args=[enrolment.pk]) in body
    assert reverse("enrolment-detail", args=[world.enrolments[2].pk]) not in body


def test_an_overseer_sees_numbers_but_neither_names_nor_print(world: World) -> None:
    overseer = make.hat(Role.OVERSEER, world.root)
    body = text(open_page(overseer, world.url(world.root)))
    assert "未完成2" in body or "未完成3" in body
    assert "买买提" not in body
    assert "阶段总结报告" not in body
    assert "看名单" not in body


def test_foreign_nodes_are_not_found_and_members_are_refused(world: World) -> None:
    outsider = make.hat(Role.OFFICE, make.organization("外市"))
    assert open_page(outsider, world.url(world.root)).status_code == 404
    assert open_page(outsider, world.url(outsider.hats[0].organization)).status_code == 404
    district_office = make.hat(Role.OFFICE, world.district)
    assert open_page(district_office, world.url(world.district)).status_code == 200
    assert open_page(district_office, world.url(world.other)).status_code == 404
    assert open_page(district_office, world.url(world.root)).status_code == 404
    home = world.enrolments[0].organization
    member = make.user(home.members.first())
    assert open_page(member, world.url(home)).status_code == 403


def test_queries_stay_the_same_as_children_grow(world: World, django_assert_max_num_queries: Any) -> None:
    office = make.hat(Role.OFFICE, world.root)
    urls = [world.url(world.root), world.url(world.district)]
    client = Client()
    client.force_login(office)
    client.get(urls[0])
    counts = []
    for _ in range(2):
        for url in urls:
            with django_assert_max_num_queries(40) as captured:
                client.get(url)
            counts.append(len(captured))
        for _ in range(4):
            world.grow(world.district)
            world.grow(make.organization("新区", Organization.objects.get(pk=world.root.pk)))
    assert counts[:2] == counts[2:]


@pytest.mark.parametrize("query", ["?phase=x", "?phase=99", "?phase=1", "?after=%00", "?after=zzzz", "?phase=²"])
def test_a_bad_query_string_is_no_error(world: World, query: str) -> None:
    assert open_page(make.hat(Role.OFFICE, world.root), world.url(world.root) + query).status_code == 200


def test_children_come_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.views.dashboard.CHILDREN", 1)
    office = make.hat(Role.OFFICE, world.root)
    first = text(open_page(office, world.url(world.root)))
    assert "城西区委" not in first
    assert f"after={world.district.path}" in first
    second = text(open_page(office, f"{world.url(world.root)}?after={world.district.path}"))
    assert "城西区委" in second
    assert "城东区委" not in second


def test_an_empty_node_says_so(world: World) -> None:
    empty = make.organization("新设工委", Organization.objects.get(pk=world.root.pk))
    body = text(open_page(make.hat(Role.OFFICE, world.root), world.url(Organization.objects.get(pk=empty.pk))))
    assert "在册党员 0" in body
    assert "目前没有单位处于" in body


def test_every_member_is_counted_in_exactly_one_place(world: World) -> None:
    home = world.enrolments[0].organization
    lone = make.branch(world.district)
    make.member(lone)
    away, lost = make.member(lone), make.member(home)
    Mobility.objects.create(member=away, kind="out-of-province", since=date(2005, 1, 1))
    Mobility.objects.create(member=lost, kind="lost", since=date(2005, 1, 1))
    gone = make.member(home)
    gone.ended_on = date(2005, 8, 1)
    gone.save()
    roll_changed([home.pk, lone.pk])
    found = coverage_of(world.campaign, world.district)
    assert (found.on_roll, found.taking_part, found.elsewhere, found.without_place, found.lost) == (7, 5, 1, 1, 1)
    assert (found.branches, found.enrolled, found.started) == (3, 2, 2)
    by_child = coverage_by_child(world.campaign, world.root)
    assert by_child[world.district.path] == found
    assert sum(c.on_roll for c in by_child.values()) == coverage_of(world.campaign, world.root).on_roll


def test_late_is_what_is_missing_past_the_own_end_of_the_phase(world: World) -> None:
    today = timezone.localdate()
    PhaseRun.objects.update(ends_on=today)
    PhaseRun.objects.filter(enrolment=world.enrolments[0]).update(ends_on=today - timedelta(12))
    plan, note = requirements_in(world.campaign, main_phase(world.campaign, world.root))

    def overdue() -> tuple[int, int]:
        refresh(world.campaign)
        figures = figures_of(world.campaign, world.root)
        return figures[plan.pk].overdue, figures[note.pk].overdue

    assert overdue() == (1, 2)
    Requirement.objects.filter(pk=plan.pk).update(due_offset=12)  # its own last day is today, which is no day too late
    assert overdue() == (0, 2)
    Requirement.objects.filter(pk=note.pk).update(due_offset=-1)
    assert overdue() == (0, 6)


def test_what_blocks_the_gate(world: World) -> None:
    phase = main_phase(world.campaign, world.root)
    assert phase is not None
    with recording([world.enrolments[0].pk]) as [locked]:
        locked.plan_filed_on = date(2005, 8, 1)
        locked.save()
        StudyNote.objects.bulk_create(
            StudyNote(participation=p, title="心得", body="心得") for p in locked.participations.all()
        )
    Gate.objects.create(enrolment=world.enrolments[0], phase=phase, assessment="好", requested_by=make.user())
    found = gatekeeping(board(world.campaign, world.root, [], None), phase)
    assert (found.inside, found.complete, found.held_up, found.waiting) == (3, 1, 2, 1)


def test_the_main_phase_is_where_most_are(world: World) -> None:
    second = world.campaign.phases.get(number=1)
    with recording([e.pk for e in world.enrolments[:2]]) as locked:
        Enrolment.objects.filter(pk__in=[e.pk for e in locked]).update(phase=second)
    assert main_phase(world.campaign, world.root) == second
    assert main_phase(world.campaign, world.other) == world.campaign.phases.get(number=0)


def test_trend_shows_from_two_days_on(world: World) -> None:
    office, plan = make.hat(Role.OFFICE, world.root), world.campaign.requirements.get(indicator_code="plan-filed")
    day = timezone.localdate() - timedelta(9)
    ProgressDay.objects.create(organization=world.root, requirement=plan, day=day, done=0, waived=0, total=4)
    assert "完成率变化" not in text(open_page(office, world.url(world.root)))
    later = day + timedelta(5)
    ProgressDay.objects.create(organization=world.root, requirement=plan, day=later, done=1, waived=1, total=4)
    body = text(open_page(office, world.url(world.root)))
    assert f"{day:%Y-%m-%d} 0%；{later:%Y-%m-%d} 50%" in body


def test_a_stage_is_told_in_words() -> None:
    stage = Stage()
    assert stage.note == "未编入"
    stage.add("running", "学习动员", 1)
    assert stage.note == "学习动员"
    stage.add("preparing", None, 2)
    stage.add("postponed", "学习动员", 1)
    assert stage.note == "学习动员1个，准备中2个，暂缓1个"


def test_without_phases_all_goes_on_at_once(world: World) -> None:
    """The pattern of 2023 (不划阶段、不分环节): one stretch of time, and no next phase to move on to."""
    office = make.hat(Role.OFFICE, world.root)
    assert "转入下一阶段还差什么" in text(open_page(office, world.url(world.root)))
    Campaign.objects.update(sequential=False)
    PhaseRun.objects.update(state=PhaseRun.State.ACTIVE)
    refresh(world.campaign)
    page = open_page(office, world.url(world.district))
    body = text(page)
    assert "转入下一阶段" not in body
    assert body.count("各项同步推进 ") >= 2
    assert "进行中" in plain(body)
    listing = reverse("listing", args=[world.campaign.pk, world.district.pk, "stages"]) + "?at=running"
    assert len(open_page(office, listing).context["lines"]) == 2
    above = text(open_page(office, world.url(world.root)))
    assert f'<a href="{listing.replace("&", "&amp;")}">2</a>个' in above


def test_where_nobody_is_asked_nothing_is_called_done(world: World) -> None:
    empty = make.organization("新设工委", Organization.objects.get(pk=world.root.pk))
    body = text(open_page(make.hat(Role.OFFICE, world.root), world.url(Organization.objects.get(pk=empty.pk))))
    assert "本阶段没有未完成的规定动作" not in body
