"""A unit prepares, starts only when prepared, and sees where it stands."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from campaign.actions.enrolment import start
from campaign.actions.waiver import waive
from campaign.models import Enrolment, PhaseRun, Waiver
from campaign.progress.writing import figures_of
from members.models import Mobility, Organization
from members.permissions import Role
from members.registry import roll_changed
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, prepared, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def fresh() -> Unit:
    return unit(started=False)


@pytest.fixture
def here() -> Unit:
    return unit()


def dates(enrolment: Enrolment, **change: object) -> dict[str, object]:
    """What the form of the unit's own dates sends."""
    fields: dict[str, object] = {"starts_on": enrolment.starts_on, "ends_on": enrolment.ends_on}
    for run in enrolment.runs.exclude(state=PhaseRun.State.DONE):
        fields |= {f"starts-{run.pk}": run.starts_on, f"ends-{run.pk}": run.ends_on}
    return fields | change


def test_pages_are_for_the_branch_and_those_above(fresh: Unit) -> None:
    for name in ("enrolment-prepare", "enrolment-dates", "filing-create"):
        url = reverse(name, args=[fresh.enrolment.pk])
        assert signed_in(fresh.secretary).get(url).status_code == 200
        assert signed_in(fresh.office).get(url).status_code == (200 if name == "enrolment-dates" else 403)
        assert signed_in(fresh.outsider).get(url).status_code == 404
    start_url = reverse("enrolment-start", args=[fresh.enrolment.pk])
    assert signed_in(fresh.office).post(start_url).status_code == 403
    assert signed_in(fresh.outsider).post(start_url).status_code == 404
    assert signed_in(fresh.secretary).get(start_url).status_code == 405


def test_an_unprepared_unit_does_not_start_and_is_told_why(fresh: Unit) -> None:
    """S2 三1: 准备工作不充分的，不要急于启动."""
    lost = make.member(fresh.branch, "失联者")
    Mobility.objects.create(member=lost, kind=Mobility.Kind.LOST, since=TODAY())
    roll_changed([fresh.branch.pk])
    page = said(signed_in(fresh.secretary).post(reverse("enrolment-start", args=[fresh.enrolment.pk]), follow=True))
    assert "“开展调查摸底”还没有完成：机关第一党支部" in page
    assert "“与每名党员取得联系”还没有完成：失联者" in page
    assert fresh.fresh().state == Enrolment.State.PREPARING


def test_a_weak_organisation_is_put_in_order_first(fresh: Unit) -> None:
    """S0 五(一): 软弱涣散的先行整顿."""
    prepared(fresh.enrolment, fresh.secretary)
    Organization.objects.filter(pk=fresh.branch.pk).update(condition=Organization.Condition.WEAK)
    client = signed_in(fresh.secretary)
    assert "软弱涣散" in said(client.get(reverse("enrolment-detail", args=[fresh.enrolment.pk])))
    assert "先行整顿" in said(client.post(reverse("enrolment-start", args=[fresh.enrolment.pk]), follow=True))
    assert fresh.fresh().state == Enrolment.State.PREPARING
    Organization.objects.filter(pk=fresh.branch.pk).update(condition=Organization.Condition.NORMAL)
    assert "已启动" in said(client.post(reverse("enrolment-start", args=[fresh.enrolment.pk]), follow=True))


def test_prepare_then_start_opens_the_first_phase(fresh: Unit) -> None:
    client = signed_in(fresh.secretary)
    url = reverse("enrolment-prepare", args=[fresh.enrolment.pk])
    answer = client.post(url, {"head": "书记", "office_members": "甲、乙", "survey_note": "已摸底"})
    assert answer.status_code == 302
    surveyed = fresh.requirement("开展调查摸底")
    assert figures_of(fresh.campaign, fresh.root)[surveyed.pk].done == 1
    page = said(client.post(reverse("enrolment-start", args=[fresh.enrolment.pk]), follow=True))
    assert "“实施方案报上级备案”还没有完成" in page
    prepared(fresh.enrolment, fresh.secretary)
    client.post(reverse("enrolment-start", args=[fresh.enrolment.pk]))
    now = fresh.fresh()
    assert (now.state, now.phase.name, now.started_on) == (Enrolment.State.RUNNING, "学习动员", TODAY())
    assert [run.state for run in now.runs.all()] == ["done", "active", "waiting", "waiting", "waiting"]
    assert start(enrolment=now, by=fresh.secretary)[0] == ["本单位已经启动，不必重复操作。"]


def test_own_dates_lie_inside_the_batch_and_move_the_roll(fresh: Unit) -> None:
    client, enrolment = signed_in(fresh.secretary), fresh.enrolment
    url = reverse("enrolment-dates", args=[enrolment.pk])
    early = dates(enrolment, starts_on=enrolment.starts_on - timedelta(days=3))
    assert "早于第一批的起止日期" in said(client.post(url, early))
    backwards = dates(enrolment, ends_on=enrolment.starts_on - timedelta(days=3))
    assert "结束日期早于开始日期" in said(client.post(url, backwards))
    run = enrolment.runs.first()
    later = enrolment.starts_on + timedelta(days=2)
    assert client.post(url, dates(enrolment, starts_on=later, **{f"starts-{run.pk}": later})).status_code == 302
    assert fresh.fresh().starts_on == later
    assert PhaseRun.objects.get(pk=run.pk).starts_on == later
    assert {p.joined_on for p in fresh.people()} == {later}


def test_a_unit_does_not_start_before_its_own_first_day(fresh: Unit) -> None:
    prepared(fresh.enrolment, fresh.secretary)
    first = TODAY() + timedelta(days=3)
    client, office = signed_in(fresh.secretary), signed_in(fresh.office)
    page, go = (reverse(name, args=[fresh.enrolment.pk]) for name in ("enrolment-detail", "enrolment-start"))
    runs = list(fresh.enrolment.runs.all())
    days = [first + timedelta(20 * n) for n in range(len(runs))]
    moved = {f"starts-{run.pk}": day for run, day in zip(runs, days, strict=True)}
    moved |= {f"ends-{run.pk}": day + timedelta(19) for run, day in zip(runs, days, strict=True)}
    moved |= {"short_reason": "全员抢险"}
    dates_page = reverse("enrolment-dates", args=[fresh.enrolment.pk])
    assert client.post(dates_page, dates(fresh.enrolment, starts_on=first, **moved)).status_code == 302
    why = f"从{first.year}年{first.month}月{first.day}日开始，到那一天才能启动"
    assert why in said(client.get(page))
    assert why in said(client.post(go, follow=True))
    assert fresh.fresh().state == Enrolment.State.PREPARING
    assert dates_page in said(office.get(page)), "the office may bring it forward"
    assert office.post(dates_page, dates(fresh.fresh(), starts_on=TODAY(), short_reason="抢险")).status_code == 302
    assert "已启动" in said(client.post(go, follow=True))


def test_less_than_three_months_of_study_needs_a_reason_that_the_office_sees(fresh: Unit) -> None:
    """S0 四: 集中学习教育一般不少于3个月."""
    client, enrolment = signed_in(fresh.secretary), fresh.enrolment
    url = reverse("enrolment-dates", args=[enrolment.pk])
    day, short, full = enrolment.starts_on, {}, dates(enrolment)
    for position, run in enumerate(enrolment.runs.all()):
        short |= {
            f"starts-{run.pk}": day + timedelta(9 * position),
            f"ends-{run.pk}": day + timedelta(9 * position + 8),
        }
    assert "合计不足3个月" in said(client.post(url, dates(enrolment, **short)))
    assert fresh.fresh().short_reason == ""
    client.post(url, dates(enrolment, **short, short_reason="全员抢险，压缩时间"))
    assert fresh.fresh().short_reason == "全员抢险，压缩时间"
    office = signed_in(fresh.office)
    assert "全员抢险，压缩时间" in said(office.get(reverse("enrolment-detail", args=[enrolment.pk])))
    units = reverse("listing", args=[fresh.campaign.pk, fresh.root.pk, "units"])
    assert "全员抢险" in said(office.get(units, {"mark": "short"}))
    client.post(url, full | {"short_reason": "不用了"})
    assert fresh.fresh().short_reason == ""
    assert "没有符合条件的" in said(office.get(units, {"mark": "short"}))


def test_a_unit_on_its_way_changes_what_is_to_come_only(here: Unit) -> None:
    url = reverse("enrolment-dates", args=[here.enrolment.pk])
    done = here.enrolment.runs.first()
    page = said(signed_in(here.secretary).get(url))
    assert f"starts-{done.pk}" not in page
    last = here.enrolment.runs.last()
    fields = dates(here.fresh(), starts_on=TODAY(), **{f"ends-{last.pk}": last.ends_on - timedelta(2)})
    assert signed_in(here.secretary).post(url, fields).status_code == 302
    assert here.enrolment.runs.get(pk=last.pk).ends_on == last.ends_on - timedelta(2)
    assert here.fresh().starts_on == here.enrolment.starts_on


def test_names_are_shown_only_to_those_entitled(here: Unit) -> None:
    url = reverse("enrolment-detail", args=[here.enrolment.pk])
    owing = "党员甲"
    assert owing in said(signed_in(here.secretary).get(url))
    assert owing in said(signed_in(here.office).get(url))
    member = make.user(here.people()[1].member)
    page = said(signed_in(member).get(url))
    assert "参加学习，缺课的补课" in page
    assert owing not in page
    overseer = make.hat(Role.OVERSEER, here.root)
    assert owing not in said(signed_in(overseer).get(url))
    assert signed_in(here.outsider).get(url).status_code == 404


def test_page_costs_the_same_as_people_grow(here: Unit, django_assert_max_num_queries: object) -> None:
    client, url = signed_in(here.secretary), reverse("enrolment-detail", args=[here.enrolment.pk])
    client.get(url)
    for _ in range(15):
        make.participation(here.enrolment)
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        client.get(url)


def test_waiving_counts_apart_and_needs_the_right(here: Unit) -> None:
    url = reverse("waiver-create", args=[here.enrolment.pk])
    assert signed_in(here.secretary).get(url).status_code == 403
    assert signed_in(here.outsider).get(url).status_code == 404
    client, person = signed_in(here.office), here.people()[0]
    requirement = here.requirement("参加学习，缺课的补课")
    fields = {"requirement": requirement.pk, "participations": [person.pk], "reason": "长期住院"}
    client.post(url, fields)
    client.post(url, fields)
    assert Waiver.objects.filter(participation=person).count() == 1
    assert figures_of(here.campaign, here.root)[requirement.pk].waived == 1
    assert "长期住院" in said(client.get(reverse("enrolment-detail", args=[here.enrolment.pk])))


def test_waiving_says_what_is_wrong(here: Unit) -> None:
    client, url = signed_in(here.office), reverse("waiver-create", args=[here.enrolment.pk])
    person = here.people()[0]
    study, activity = here.requirement("参加学习，缺课的补课"), here.requirement("开展主题实践活动")
    lecture, strict = here.requirement("党员领导干部讲党课"), here.requirement("召开动员大会")
    assert "请勾选党员" in said(client.post(url, {"requirement": study.pk, "reason": "x"}))
    wrong = {"requirement": activity.pk, "participations": [person.pk], "reason": "x"}
    assert "不必勾选党员" in said(client.post(url, wrong))
    assert "不适用于党员甲" in said(client.post(url, wrong | {"requirement": lecture.pk}))
    assert "请写明免除的理由" in said(client.post(url, {"requirement": activity.pk, "reason": ""}))
    client.post(url, {"requirement": strict.pk, "reason": "x"})
    foreign = make.participation(make.enrolment(make.campaign(make.organization()), make.branch()))
    client.post(url, {"requirement": study.pk, "participations": [foreign.pk], "reason": "x"})
    assert not Waiver.objects.exists()


def test_a_waived_branch_requirement_lets_the_unit_start(fresh: Unit) -> None:
    lost = make.member(fresh.branch, "失联者")
    Mobility.objects.create(member=lost, kind=Mobility.Kind.LOST, since=TODAY())
    roll_changed([fresh.branch.pk])
    prepared(fresh.enrolment, fresh.secretary)
    reasons, missing = start(enrolment=fresh.enrolment, by=fresh.secretary)
    assert [gap.who for gap in missing] == [["失联者"]]
    person = fresh.enrolment.participations.get(member=lost)
    waive(
        requirement=fresh.requirement("与每名党员取得联系"),
        enrolment=fresh.enrolment,
        participations=[person],
        reason="多方查找未果",
        by=fresh.office,
    )
    assert start(enrolment=fresh.enrolment, by=fresh.secretary) == ([], [])


def test_committee_member_is_offered_only_pages_that_open(here: Unit) -> None:
    make.hat(Role.COMMITTEE, here.branch, account=here.secretary)
    here.secretary.appointments.filter(role=Role.SECRETARY).delete()
    client = signed_in(here.secretary)
    page = client.get(reverse("enrolment-detail", args=[here.enrolment.pk])).content.decode()
    offered = set(re.findall(r'<a[^>]* href="(/[^"#?]*)', page))
    assert reverse("study-session-create", args=[here.enrolment.pk]) in offered
    assert {address: client.get(address, follow=True).status_code for address in offered} == dict.fromkeys(offered, 200)
