"""Planned study: put on the calendar once, repeated around holidays, moved and cancelled with everybody told."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.actions import study_plan as actions
from campaign.models import Attendance, PlannedSession, StudySession
from campaign.study.plans import expected, repetitions
from members.models import MemberTag, Mobility
from members.permissions import Role
from portal.models import Notice
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


@pytest.fixture
def here() -> Unit:
    return unit()


def moment(day: date, at: time = time(14)) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))


def planned(here: Unit, **change: Any) -> PlannedSession:
    """A session tomorrow at two, for everybody."""
    values = {"topic": "学习党章", "form": "collective", "starts_at": moment(TODAY() + DAY), "place": "会议室"} | change
    return actions.plan(enrolment=here.enrolment, materials=[], submission=None, by=here.secretary, **values)[0]


def fields(**change: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "topic": "学习党章",
        "form": "collective",
        "on": TODAY() + DAY,
        "from_time": "14:00",
        "minutes_long": 120,
        "late_after": 10,
        "place": "会议室",
        "chair": "书记",
    }
    return values | change


def create(here: Unit, **change: Any) -> Any:
    url = reverse("study-plan-create", args=[here.enrolment.pk])
    return signed_in(here.secretary).post(url, fields(**change), follow=True)


def texts(user: Any) -> list[str]:
    return list(Notice.objects.filter(recipient=user).order_by("pk").values_list("text", flat=True))


def test_who_may_plan_and_who_may_look(here: Unit) -> None:
    plan = planned(here)
    member, inspector = make.user(here.people()[0].member), make.hat(Role.INSPECTOR, here.root)
    pages = {
        ("study-plan-create", here.enrolment.pk): (403, 403),
        ("study-plan-edit", plan.pk): (403, 403),
        ("study-plan-repeat", plan.pk): (403, 403),
        ("study-plan-screen", plan.pk): (403, 403),
        ("study-plan-detail", plan.pk): (200, 200),
        ("study-plan-sign-in", plan.pk): (200, 200),
        ("study-leave-create", plan.pk): (200, 403),
        ("study-calendar", here.enrolment.pk): (200, 200),
    }
    for (name, pk), (as_member, as_inspector) in pages.items():
        url = reverse(name, args=[pk])
        assert signed_in(here.secretary).get(url).status_code == 200, name
        assert signed_in(member).get(url).status_code == as_member, name
        assert signed_in(inspector).get(url).status_code == as_inspector, name
        assert signed_in(here.outsider).get(url).status_code == 404, name


def test_a_session_is_planned_and_names_are_for_those_entitled(here: Unit) -> None:
    page = said(create(here, topic="学习两会精神"))
    assert "学习已安排" in page
    assert "应到 4 人" in page
    plan = PlannedSession.objects.get()
    colleague, other = here.people()[:2]
    page = said(signed_in(make.user(colleague.member)).get(reverse("study-plan-detail", args=[plan.pk])))
    assert "您在这次学习的参加人员之中" in page
    assert str(other) not in page


def test_the_same_form_sent_twice_is_one_plan(here: Unit) -> None:
    mark = "8c6f3bf0-37f1-4a2e-8e16-0f3f1d1d3a11"
    create(here, submission=mark)
    assert "已经保存过" in said(create(here, submission=mark))
    assert "已经保存过" in said(create(here))
    assert PlannedSession.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"on": TODAY() - DAY}, "日期早于今天"),
        ({"on": TODAY() + 900 * DAY}, "不在本单位的活动时间"),
        ({"topic": ""}, "请填写学习主题"),
        ({"from_time": "99"}, "开始时间请按"),
        ({"minutes_long": "0"}, "须在 1 分钟以上"),
    ],
)
def test_what_cannot_be_planned_is_said_beside_the_field(here: Unit, change: dict[str, Any], words: str) -> None:
    page = said(create(here, place="三楼东头", **change))
    assert words in page
    assert "三楼东头" in page
    assert not PlannedSession.objects.exists()


def test_a_new_plan_starts_from_the_last_session_an_earlier_plan_or_a_session_held(here: Unit) -> None:
    client, url = signed_in(here.secretary), reverse("study-plan-create", args=[here.enrolment.pk])
    plan = planned(here, topic="专题一", place="二楼", starts_at=moment(TODAY() + DAY, time(9, 30)))
    page = said(client.get(f"{url}?copy={plan.pk}"))
    for value in ("专题一", "二楼", 'value="09:30"', f'value="{TODAY() + 8 * DAY}"'):
        assert value in page
    session = StudySession.objects.create(
        enrolment=here.enrolment, topic="已经学过的", held_at=moment(TODAY() - DAY), by=here.secretary
    )
    assert "已经学过的" in said(client.get(f"{url}?of={session.pk}"))
    assert client.get(f"{url}?copy=x&of=99999999999999999999&on=2005-99-99").status_code == 200


def test_who_is_expected_follows_audience_group_and_route(here: Unit) -> None:
    first, second, third, secretary = here.people()
    MemberTag.objects.create(member=first.member, kind=MemberTag.Kind.LEADER)
    second.member.group = "第一党小组"
    second.member.save()
    Mobility.objects.create(member=third.member, kind=Mobility.Kind.LOST, since=TODAY() - 90 * DAY)
    assert {p.pk for p in expected(planned(here))} == {first.pk, second.pk, secretary.pk}
    assert expected(planned(here, topic="中心组", form="core-group")) == [first]
    assert expected(planned(here, topic="小组", group="第一党小组")) == [second]
    assert expected(planned(here, topic="上门", form="home-delivery")) == []
    type(second).objects.filter(pk=second.pk).update(route="alternative")
    assert expected(planned(here, topic="再次上门", form="home-delivery")) == [second]
    assert second not in expected(planned(here, topic="再一次"))
    type(first).objects.filter(pk=first.pk).update(joined_on=TODAY() + 5 * DAY)
    assert first not in expected(planned(here, topic="还没有来"))


def test_a_month_has_the_same_day_or_its_last() -> None:
    assert repetitions(date(2005, 8, 31), "month", 2) == [date(2005, 9, 30), date(2005, 10, 31)]
    assert repetitions(date(2005, 8, 1), "fortnight", 2) == [date(2005, 8, 15), date(2005, 8, 29)]


def october(here: Unit, **change: Any) -> PlannedSession:
    """A Thursday two weeks before the holidays of 2026, in a campaign that lasts beyond them."""
    type(here.enrolment).objects.filter(pk=here.enrolment.pk).update(
        starts_on=date(2026, 9, 1), ends_on=date(2026, 10, 30)
    )
    here.enrolment.refresh_from_db()
    return planned(here, starts_at=moment(date(2026, 9, 17)), **change)


@pytest.mark.parametrize(
    ("holidays", "days"),
    [
        ("shift", ["2026-09-24", "2026-10-08"]),
        ("skip", ["2026-09-24", "2026-10-08"]),
        ("keep", ["2026-09-24", "2026-10-01", "2026-10-08"]),
    ],
)
def test_repeating_goes_around_holidays_and_shows_it_first(here: Unit, holidays: str, days: list[str]) -> None:
    plan = october(here)
    client, url = signed_in(here.secretary), reverse("study-plan-repeat", args=[plan.pk])
    asked = {"every": "week", "times": "3", "holidays": holidays}
    page = said(client.get(url, asked))
    assert PlannedSession.objects.count() == 1, "only shown so far"
    assert f"安排这 {len(days)} 次" in page
    assert ("国庆节" in page) is (holidays != "keep")
    client.post(url, asked)
    client.post(url, asked)
    made = PlannedSession.objects.exclude(pk=plan.pk).order_by("starts_at")
    assert [str(each.day) for each in made] == days
    assert {each.place for each in made} == {"会议室"}


def test_a_holiday_is_moved_to_the_next_working_day(here: Unit) -> None:
    plan = october(here)
    asked = {"every": "fortnight", "times": "4", "holidays": "shift"}
    client, url = signed_in(here.secretary), reverse("study-plan-repeat", args=[plan.pk])
    page = said(client.get(url, asked))
    assert "国庆节，原为10月1日" in page
    assert "超出本单位的活动时间" in page
    client.post(url, asked)
    days = [str(each.day) for each in PlannedSession.objects.exclude(pk=plan.pk).order_by("starts_at")]
    assert days == ["2026-10-08", "2026-10-15", "2026-10-29"]


def test_who_was_told_is_told_of_a_move_and_of_the_cancellation(here: Unit) -> None:
    told = make.user(here.people()[0].member)
    plan = planned(here)
    client = signed_in(here.secretary)
    tell = reverse("study-plan-tell", args=[plan.pk])
    assert "已通知1人" in said(client.post(tell, follow=True))
    assert "都已经通知过了" in said(client.post(tell, follow=True))
    late = make.user(here.people()[1].member)
    edit = reverse("study-plan-edit", args=[plan.pk])
    later = TODAY() + 3 * DAY
    assert "原定" in said(client.post(edit, fields(on=later), follow=True))
    cancel = reverse("study-plan-cancel", args=[plan.pk])
    assert "请写明取消的原因" in said(client.post(cancel, {"why": ""}, follow=True))
    assert "这次学习已取消" in said(client.post(cancel, {"why": "会议室有检查"}, follow=True))
    assert "已取消" in said(client.post(cancel, {"why": "再取消一次"}, follow=True))
    first, moved, off = texts(told)
    assert "请提前请假" in first
    assert f"改期：{later.month}月{later.day}日14:00" in moved
    assert "会议室有检查" in off
    assert texts(late) == [], "who was not told before hears of no change"


def test_a_change_of_the_chair_is_told_to_nobody(here: Unit) -> None:
    told = make.user(here.people()[0].member)
    plan = planned(here)
    actions.tell(planned=plan, by=here.secretary)
    signed_in(here.secretary).post(reverse("study-plan-edit", args=[plan.pk]), fields(chair="另一位"))
    plan.refresh_from_db()
    assert plan.chair == "另一位"
    assert len(texts(told)) == 1


def test_the_pages_take_as_many_queries_for_a_large_branch(here: Unit, django_assert_max_num_queries: Any) -> None:
    plan = planned(here)
    client = signed_in(here.secretary)
    for name, pk in (("study-plan-detail", plan.pk), ("study-calendar", here.enrolment.pk)):
        url = reverse(name, args=[pk])
        client.get(url)
        with django_assert_max_num_queries(30) as few:
            client.get(url)
        for number in range(6):
            make.participation(here.enrolment)
            planned(here, topic=f"第{number}讲")
        with django_assert_max_num_queries(len(few)):
            client.get(url)


def test_a_session_recorded_without_its_plan_can_be_tied_to_it(here: Unit) -> None:
    plan = planned(here, starts_at=timezone.now() - timedelta(hours=3))
    session = StudySession.objects.create(
        enrolment=here.enrolment, topic="同一次", held_at=plan.starts_at, by=here.secretary
    )
    client = signed_in(here.secretary)
    assert "对应“同一次”" in said(client.get(reverse("study-plan-detail", args=[plan.pk])))
    client.post(reverse("study-plan-attach", args=[plan.pk]), {"session": session.pk})
    plan.refresh_from_db()
    assert plan.session == session
    assert not Attendance.objects.exists()
