"""Calendars: of a branch, one's own, of a node in numbers, for other programs; and the reminder of the day before."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from campaign.actions import study_leave as leaves
from campaign.actions import study_plan as plans
from campaign.models import CalendarFeed, StudySession
from campaign.study.calendar import own_items
from campaign.study.reminders import sessions_soon
from members.models import User
from members.permissions import Role
from portal.actions.notice import notify
from portal.models import Notice
from rectification.models import Task
from tests import factories as make
from tests.campaign.test_study_plans import DAY, moment, planned
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def here() -> Unit:
    return unit()


def month(day: date) -> dict[str, str]:
    return {"month": f"{day:%Y-%m}"}


def own_page(user: User, day: date) -> str:
    return said(signed_in(user).get(reverse("my-calendar"), month(day)))


def test_the_branch_sees_what_is_planned_held_cancelled_and_due(here: Unit) -> None:
    tomorrow = TODAY() + DAY
    planned(here, topic="要学的")
    plans.cancel(planned=planned(here, topic="取消的"), why="停电", by=here.secretary)
    StudySession.objects.create(enrolment=here.enrolment, topic="学过的", held_at=moment(TODAY()), by=here.secretary)
    url = reverse("study-calendar", args=[here.enrolment.pk])
    page = said(signed_in(here.secretary).get(url, month(tomorrow)))
    assert 'is-study" href' in page
    assert 'is-cancelled" href' in page
    assert f"?on={tomorrow}" in page, "a click on a day plans for it"
    assert "学过的" in said(signed_in(here.secretary).get(url, month(TODAY())))
    run = here.enrolment.runs.get(state="active")
    assert "“学习动员”阶段结束" in said(signed_in(here.secretary).get(url, month(run.ends_on)))
    assert signed_in(here.secretary).get(url, {"month": "x"}).status_code == 200


def test_what_was_forgotten_is_named_to_the_secretary(here: Unit) -> None:
    planned(here, topic="忘了记的", starts_at=timezone.now() - timedelta(days=2))
    page = said(signed_in(here.secretary).get(reverse("study-calendar", args=[here.enrolment.pk])))
    assert "已过时间、还没有记录" in page
    assert "记录学习：忘了记的" in said(signed_in(here.secretary).get(reverse("home")))


def test_ones_own_calendar_has_only_what_is_for_oneself(here: Unit) -> None:
    person = make.user(here.people()[0].member)
    day = TODAY() + DAY
    planned(here, topic="全体学习")
    planned(here, topic="干部学习", form="core-group")
    own, other = here.people()[:2]
    for who, problem in ((own, "自己的措施"), (other, "别人的措施")):
        Task.objects.create(
            enrolment=here.enrolment, problem=problem, measure="改", responsible=who, due_on=day, by=here.secretary
        )
    page = own_page(person, day)
    assert "全体学习" in page
    assert "自己的措施" in page
    assert "干部学习" not in page
    assert "别人的措施" not in page
    assert "干部学习" in own_page(here.secretary, day), "who leads the branch sees all of it"


def feed(user: User) -> str:
    """A new secret address."""
    response = signed_in(user).post(reverse("calendar-feed-create"))
    return str(response.context["address"]).removeprefix("http://127.0.0.1:8000")


def test_the_feed_is_read_without_signing_in_by_a_calendar_program(here: Unit) -> None:
    person, other = make.user(here.people()[0].member), here.people()[1]
    plan = planned(here, topic="学习；党章, 第一章", chair=str(other), minutes_long=90)
    off = planned(here, topic="取消的")
    plans.cancel(planned=off, why="停电", by=here.secretary)
    address = feed(person)
    response = Client().get(address)
    assert response["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(response.content)
    events = {str(event["uid"]).split("@")[0]: event for event in calendar.walk("VEVENT")}
    event = events[f"plan-{plan.pk}"]
    assert event["summary"] == "学习：学习；党章, 第一章"
    assert event.decoded("dtstart") == plan.starts_at
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=90)
    assert event["location"] == "会议室"
    assert events[f"plan-{off.pk}"]["status"] == "CANCELLED"
    run = here.enrolment.runs.get(state="active")
    assert events[f"phase-{run.pk}"].decoded("dtstart") == run.ends_on
    assert any(uid.startswith("due-") for uid in events)
    assert str(other).encode() not in response.content
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))


def test_the_secret_is_shown_once_kept_as_a_digest_and_can_be_withdrawn(here: Unit) -> None:
    person = make.user(here.people()[0].member)
    client = signed_in(person)
    first = feed(person)
    assert first not in said(client.get(reverse("my-calendar")))
    token = first.split("/")[-1].removesuffix(".ics")
    assert token not in CalendarFeed.objects.get().digest
    second = feed(person)
    assert Client().get(first).status_code == 404, "replaced"
    assert Client().get(second).status_code == 200
    assert Client().get(reverse("calendar-feed", args=["a" * 43])).status_code == 404
    assert Client().post(second).status_code == 405
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert Client().get(second).status_code == 404, "the account is closed"
    User.objects.filter(pk=person.pk).update(is_active=True)
    signed_in(person).post(reverse("calendar-feed-withdraw"))
    assert Client().get(second).status_code == 404


def test_the_feed_takes_as_many_queries_for_a_full_calendar(here: Unit, django_assert_max_num_queries: Any) -> None:
    person = make.user(here.people()[0].member)
    planned(here)
    with django_assert_max_num_queries(20) as few:
        own_items(User.objects.get(pk=person.pk), TODAY(), TODAY() + 30 * DAY)
    for number in range(8):
        planned(here, topic=f"第{number}讲")
        make.participation(here.enrolment)
    with django_assert_max_num_queries(len(few)):
        assert len(own_items(User.objects.get(pk=person.pk), TODAY(), TODAY() + 30 * DAY)) >= 9


def test_an_office_sees_numbers_per_day_and_the_days_sessions(here: Unit, django_assert_max_num_queries: Any) -> None:
    day = TODAY() + DAY
    planned(here, topic="甲支部的")
    plans.cancel(planned=planned(here, topic="取消的"), why="停电", by=here.secretary)
    url = reverse("study-days", args=[here.campaign.pk, here.root.pk])
    client = signed_in(here.office)
    page = said(client.get(url, month(day)))
    assert "安排 1 次" in page
    listed = said(client.get(url, {"day": str(day)}))
    assert "甲支部的" in listed
    assert "取消的" not in listed
    client.get(url, {"day": str(day)})
    with django_assert_max_num_queries(25) as few:
        client.get(url, {"day": str(day)})
    for number in range(5):
        planned(here, topic=f"第{number}讲")
    with django_assert_max_num_queries(len(few)):
        client.get(url, {"day": str(day)})
    assert client.get(url, {"day": "2005-13-45", "month": "z"}).status_code == 200
    assert signed_in(here.outsider).get(url).status_code == 404
    overseer = make.hat(Role.OVERSEER, here.root)
    assert signed_in(overseer).get(url).status_code == 403


WEDNESDAY, FRIDAY = date(2026, 9, 16), date(2026, 9, 18)


@pytest.fixture
def september(here: Unit, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """A Wednesday in September 2026, everybody there since August."""
    here.enrolment.participations.update(joined_on=date(2026, 8, 1))
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment(WEDNESDAY - 5 * DAY))
    return here


def remind(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment(day))
    notify(sessions_soon(day))


def reminded(user: User) -> list[str]:
    return list(
        Notice.objects.filter(recipient=user, key__contains=":soon:").order_by("pk").values_list("text", flat=True)
    )


def test_the_day_before_those_expected_are_reminded_once(september: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    first, away = make.user(september.people()[0].member), make.user(september.people()[1].member)
    plan = planned(september, starts_at=moment(WEDNESDAY + DAY))
    planned(september, topic="更远的", starts_at=moment(WEDNESDAY + 2 * DAY))
    planned(september, topic="干部的", starts_at=moment(WEDNESDAY + DAY), form="core-group")
    leave = leaves.ask(plan=plan, participation=september.people()[1], kind="official-leave", reason="出差", by=away)
    leaves.decide(leave=leave, grant=True, answer="", by=september.secretary)
    remind(WEDNESDAY, monkeypatch)
    remind(WEDNESDAY, monkeypatch)
    assert reminded(first) == ["明天集中学习“学习党章”：9月17日14:00，会议室。不能参加的，请提前请假。"]
    assert reminded(away) == []


def test_on_a_friday_those_of_the_weekend_and_monday_are_reminded(
    september: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make.user(september.people()[0].member)
    # The Sunday of this week is worked (补班), so that Friday is the eve of a day and a half.
    planned(september, topic="周六的", starts_at=moment(FRIDAY + DAY))
    planned(september, topic="下周二的", starts_at=moment(FRIDAY + 4 * DAY))
    remind(FRIDAY, monkeypatch)
    assert len(reminded(first)) == 1
    assert "周六的" in reminded(first)[0]


def test_who_is_moved_is_reminded_anew(september: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make.user(september.people()[0].member)
    plan = planned(september, starts_at=moment(WEDNESDAY + DAY))
    remind(WEDNESDAY, monkeypatch)
    plans.change(planned=plan, materials=[], starts_at=moment(WEDNESDAY + 6 * DAY), by=september.secretary)
    remind(WEDNESDAY + 5 * DAY, monkeypatch)
    assert len(reminded(first)) == 2
