"""Ready figures are what the records say, whatever was written and however the roll-up points were chosen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import sleep

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaign.models import (
    Attendance,
    Campaign,
    Enrolment,
    Participation,
    Progress,
    ProgressDay,
    RollupPoint,
    StudySession,
    Waiver,
)
from campaign.progress.days import keep_day
from campaign.progress.recounting import recount
from campaign.progress.rollups import choose, follow, rebalance
from campaign.progress.writing import Figures, figures_by_child, figures_of, recording
from members.models import Organization
from members.registry import roll_changed
from portal.celery import app
from tests import factories as make

REQUIREMENTS = (("plan-filed", "all-branches"), ("study-attended", "all-members"), ("surveyed", "all-branches"))


def world(districts: int = 3, branches: int = 3) -> tuple[Organization, Campaign, list[Enrolment]]:
    """Root → districts → branches, two people in each branch."""
    root = make.organization("市委")
    campaign = make.campaign(root, REQUIREMENTS)
    enrolments = []
    for d in range(districts):
        district = make.organization(f"区委{d}", Organization.objects.get(pk=root.pk))
        for _ in range(branches):
            home = make.branch(district)
            make.member(home)
            make.member(home)
            enrolments.append(make.enrolment(campaign, home))
    return Organization.objects.get(pk=root.pk), campaign, enrolments


def write(enrolment: Enrolment, what: str, yes: bool) -> None:
    """One act of a secretary."""
    enrolment = Enrolment.objects.get(pk=enrolment.pk)
    if what == "member":
        if yes:
            make.member(enrolment.organization)
        else:
            enrolment.organization.members.filter(ended_on=None).update(ended_on=date(2005, 9, 1))
        roll_changed([enrolment.organization_id])
        return
    with recording([enrolment.pk]) as [locked]:
        if what == "plan":
            locked.plan_filed_on = date(2005, 8, 1) if yes else None
            locked.save()
        elif what == "session":
            by = make.user()
            session = StudySession.objects.create(
                enrolment=locked, topic="学习", held_at="2005-08-01T09:00+08:00", by=by
            )
            for person in locked.participations.all():
                Attendance.objects.create(session=session, participation=person, state="present" if yes else "absent")
        elif what == "waiver":
            requirement = locked.campaign.requirements.get(indicator_code="surveyed")
            if yes:
                Waiver.objects.get_or_create(
                    requirement=requirement,
                    enrolment=locked,
                    participation=None,
                    defaults={"reason": "停产", "by": make.user()},
                )
            else:
                Waiver.objects.filter(enrolment=locked).delete()


class RandomWrites(TestCase):
    """Any order of writes and choices of roll-up points leaves nothing to mend."""

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.sampled_from(["plan", "session", "waiver", "member"]), st.integers(0, 5), st.booleans()),
                st.tuples(st.just("rebalance"), st.integers(1, 7), st.booleans()),
            ),
            max_size=14,
        )
    )
    def test_recount_finds_nothing(self, acts: list[tuple[str, int, bool]]) -> None:
        root, campaign, enrolments = world(2, 3)
        for what, number, yes in acts:
            if what == "rebalance":
                rebalance(campaign, number)
            else:
                write(enrolments[number], what, yes)
        assert list(recount(campaign)) == []
        people = campaign.requirements.get(indicator_code="study-attended")
        assert (
            figures_of(campaign, root)[people.pk].total
            == Participation.objects.active().filter(campaign=campaign).count()
        )


@pytest.mark.django_db
def test_points_are_chosen_where_the_parent_is_too_large() -> None:
    root, campaign, enrolments = world(3, 3)
    districts = {o.pk for o in Organization.objects.filter(name__startswith="区委")}
    assert set(choose(campaign, 9).values()) == {root.pk, *districts}
    assert set(choose(campaign, 4).values()) == districts
    assert choose(campaign, 2) == {}


@pytest.mark.django_db
def test_sums_stay_the_same_when_points_come_and_go() -> None:
    root, campaign, enrolments = world()
    write(enrolments[0], "plan", True)
    before, children = figures_of(campaign, root), figures_by_child(campaign, root)
    assert rebalance(campaign, 4) == (0, 3)
    assert Progress.objects.filter(kind="rollup").count() == 9
    assert not Progress.objects.filter(kind="branch", within=None).exists()
    assert (figures_of(campaign, root), figures_by_child(campaign, root)) == (before, children)
    write(enrolments[1], "plan", True)
    plan = campaign.requirements.get(indicator_code="plan-filed")
    assert figures_of(campaign, root)[plan.pk] == Figures(2, 0, 9)
    assert rebalance(campaign, 100) == (0, 1), "points lie inside points"
    assert figures_of(campaign, root)[plan.pk] == Figures(2, 0, 9)
    assert rebalance(campaign, 1) == (4, 0)
    assert not RollupPoint.objects.exists()
    assert figures_of(campaign, root)[plan.pk] == Figures(2, 0, 9)
    assert list(recount(campaign)) == []


@pytest.mark.django_db
def test_recount_tells_and_mends_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    root, campaign, enrolments = world(2, 2)
    rebalance(campaign, 3)
    plan = campaign.requirements.get(indicator_code="plan-filed")
    Enrolment.objects.filter(pk=enrolments[0].pk).update(plan_filed_on=date(2005, 8, 1))
    Progress.objects.filter(kind="rollup", requirement=plan).update(done=1)
    with pytest.raises(SystemExit) as ending:
        call_command("recount")
    assert ending.value.code == 1
    told = capsys.readouterr().out
    assert enrolments[0].organization.name in told
    assert "区委1（汇总）" in told
    with pytest.raises(SystemExit):
        call_command("recount", "--mend")
    call_command("recount")
    assert "没有差异" in capsys.readouterr().out
    assert figures_of(campaign, root)[plan.pk] == Figures(1, 0, 4)


@pytest.mark.django_db
def test_a_branch_that_moved_to_another_district_counts_there() -> None:
    root, campaign, enrolments = world(2, 3)
    rebalance(campaign, 4)
    moving = Organization.objects.get(pk=enrolments[0].organization_id)
    Organization.objects.move(moving, Organization.objects.get(name="区委1"), "last-child")
    assert any("汇总方式不符" in str(d) for d in recount(campaign)), "nobody was told"
    follow(Organization.objects.get(pk=moving.pk))
    assert list(recount(campaign)) == []
    rebalance(campaign, 4)
    assert list(recount(campaign)) == []
    plan = campaign.requirements.get(indicator_code="plan-filed")
    assert figures_of(campaign, Organization.objects.get(name="区委1"))[plan.pk].total == 4


@pytest.mark.django_db
def test_a_day_is_kept_once_and_only_where_something_changed() -> None:
    root, campaign, enrolments = world(1, 2)
    assert keep_day(date(2005, 8, 1)) == 6  # two nodes above branches, three requirements
    assert keep_day(date(2005, 8, 1)) == 0
    write(enrolments[0], "plan", True)
    assert keep_day(date(2005, 8, 1)) == 2
    assert keep_day(date(2005, 8, 2)) == 0
    plan = campaign.requirements.get(indicator_code="plan-filed")
    kept = ProgressDay.objects.get(organization=root, requirement=plan)
    assert (kept.day, kept.done, kept.total) == (date(2005, 8, 1), 1, 2)


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_the_clock_rings_for_tasks_that_there_are(entry: str) -> None:
    app.loader.import_default_modules()
    assert app.conf.beat_schedule[entry]["task"] in app.tasks


@pytest.mark.django_db
def test_every_night_the_points_follow_the_size_of_the_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    root, campaign, enrolments = world(2, 3)
    closed = make.campaign(make.organization("邻市"), REQUIREMENTS)
    Campaign.objects.filter(pk=closed.pk).update(state=Campaign.State.CLOSED)
    before = figures_of(campaign, root)
    monkeypatch.setattr(rebalance, "__defaults__", (1,))
    app.loader.import_default_modules()
    nightly = app.tasks[app.conf.beat_schedule["rebalance"]["task"]]
    nightly()
    assert not RollupPoint.objects.exists(), "nobody has as few as one"
    monkeypatch.setattr(rebalance, "__defaults__", (4,))
    states = []
    for _ in range(2):
        nightly()
        points = list(RollupPoint.objects.order_by("pk").values_list("pk", "organization__name"))
        states.append((points, list(Progress.objects.order_by("pk").values_list("pk", "within", "done", "total"))))
        assert [name for _, name in points] == ["区委0", "区委1"]
        assert figures_of(campaign, root) == before
        assert list(recount(campaign)) == []
    assert states[0] == states[1], "the second run changes nothing"


@pytest.fixture
def at_once(transactional_db: None) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    return run


def test_points_may_be_chosen_twice_at_once_while_people_write(at_once: None) -> None:
    root, campaign, enrolments = world(3, 3)
    for limit in (4, 1, 4):
        jobs = [lambda limit=limit: rebalance(campaign, limit) for _ in range(2)]
        jobs += [lambda e=e, limit=limit: write(e, "plan", limit == 4) for e in enrolments[::2]]
        with ThreadPoolExecutor(len(jobs)) as threads:
            for outcome in [threads.submit(in_thread(job)) for job in jobs]:
                outcome.result(timeout=60)
        assert RollupPoint.objects.count() == (3 if limit == 4 else 0)
        assert list(recount(campaign)) == []
    plan = campaign.requirements.get(indicator_code="plan-filed")
    assert figures_of(campaign, root)[plan.pk] == Figures(5, 0, 9)


def test_who_waited_while_a_point_was_set_up_adds_to_it(at_once: None) -> None:
    root, campaign, [enrolment, *_] = world(2, 3)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            rebalance(campaign, 4)
            writing = threads.submit(in_thread(lambda: write(enrolment, "plan", True)))
            sleep(0.5)
            assert not writing.done()
        writing.result(timeout=60)
    assert list(recount(campaign)) == []
    plan = campaign.requirements.get(indicator_code="plan-filed")
    assert figures_of(campaign, root)[plan.pk] == Figures(1, 0, 6)
