"""Planned visits: the team or its office calls them off, also when the team's time at the place is over; every change of
the day is announced once."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from campaign.models import InspectionTeam, TeamAssignment, Visit
from campaign.supervision import teams as supervision
from campaign.supervision.reminders import visits_near
from members.models import Appointment
from members.permissions import Role
from portal.models import Notice
from tests import factories as make
from tests.campaign.supervised import District, district, today
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> District:
    made = district()
    made.assign()
    return made


def planned(here: District, on: date | None = None) -> Visit:
    sent = {
        "organizations": here.home.code,
        "on": f"{on or today() + timedelta(2)}",
        "part": "morning",
        "way": "visit",
        "people": [here.leader.pk],
        "announced": "on",
    }
    signed_in(here.fresh_inspector()).post(reverse("visit-plan", args=[here.team.pk]), sent)
    return Visit.objects.get()


def run_out(here: District) -> None:
    """The assignment's time is over since yesterday, and with it the access."""
    span = {"since": today() - timedelta(9), "until": today() - timedelta(1)}
    TeamAssignment.objects.update(**span)
    Appointment.objects.filter(user=here.inspector).update(**span)


def cancel(user: Any, visit: Visit, why: str = "督导任务已到期") -> Any:
    return signed_in(user).post(reverse("visit-cancel", args=[visit.pk]), {"why": why}, follow=True)


def told(here: District) -> list[str]:
    rows = Notice.objects.filter(recipient=here.secretary, kind="督导走访")
    return list(rows.order_by("pk").values_list("text", flat=True))


@pytest.mark.parametrize("who", ["inspector", "office"])
def test_a_visit_whose_assignment_ran_out_can_be_called_off(here: District, who: str) -> None:
    visit = planned(here)
    run_out(here)
    user = here.fresh_inspector() if who == "inspector" else here.office
    page = said(signed_in(user).get(reverse("visit-detail", args=[visit.pk])))
    assert "督导期限不含这次走访，不再通知和提醒" in page
    assert "取消走访" in page
    assert "没有取消" in said(cancel(user, visit, why=""))
    assert "这次走访已取消" in said(cancel(user, visit))
    assert Visit.objects.get().cancelled_why == "督导任务已到期"
    assert "走访取消：督导任务已到期" in told(here)[-1]
    assert "您的操作没有生效" in said(cancel(user, visit)), "a second click says so"


def test_who_may_not_call_off(here: District) -> None:
    visit = planned(here)
    inspected = make.hat(Role.OFFICE, here.general)
    assert [cancel(user, visit).status_code for user in (inspected, here.secretary, here.outsider)] == [403, 403, 404]
    run_out(here)
    inspector = signed_in(here.fresh_inspector())
    assert inspector.get(reverse("visit-record", args=[visit.pk])).status_code == 403
    assert inspector.get(reverse("visit-replan", args=[visit.pk])).status_code == 403
    assert Visit.objects.planned().exists()


def test_what_ran_out_is_shown_as_such_and_nobody_is_reminded(here: District) -> None:
    visit = planned(here, today() + timedelta(1))
    assert len(list(visits_near(today()))) == 1
    assert supervision.round_of(here.team).planned == 1
    run_out(here)
    assert not list(visits_near(today()))
    assert not list(visits_near(today() + timedelta(9)))
    team = InspectionTeam.objects.get()
    assert (supervision.round_of(team).planned, supervision.round_of(team).overdue) == (0, 0)
    assert "走访：第一党支部" not in said(signed_in(here.fresh_inspector()).get("/"))
    office = signed_in(here.office)
    assert "有 1 次走访安排超出了本组在那里的督导期限" in said(office.get(reverse("team-detail", args=[team.pk])))
    listed = reverse("visit-list", args=[here.campaign.pk, here.root.pk])
    assert [v.pk for v in office.get(listed, {"state": "lapsed"}).context["pager"].rows] == [visit.pk]
    assert "超出督导期限</span>" in office.get(listed).text
    TeamAssignment.objects.update(until=today() + timedelta(5))
    assert not office.get(listed, {"state": "lapsed"}).context["pager"].rows
    assert len(list(visits_near(today()))) == 1


def test_no_visit_is_planned_beyond_the_teams_time(here: District) -> None:
    TeamAssignment.objects.update(until=today() + timedelta(3))
    client = signed_in(here.fresh_inspector())
    sent = {"organizations": here.home.code, "part": "day", "way": "visit", "on": f"{today() + timedelta(4)}"}
    assert "超出第一督导组在第一党支部的督导期限" in said(client.post(reverse("visit-plan", args=[here.team.pk]), sent))
    assert not Visit.objects.exists()
    visit = planned(here, today() + timedelta(3))
    moved = client.post(reverse("visit-replan", args=[visit.pk]), sent | {"announced": "on"}, follow=True)
    assert "的督导期限" in said(moved)
    assert Visit.objects.get().on == today() + timedelta(3)
    assert len(told(here)) == 1


def test_each_change_of_the_day_is_announced_once(here: District) -> None:
    visit = planned(here)
    first, second = visit.on, visit.on + timedelta(5)
    client = signed_in(here.fresh_inspector())

    def move(on: date, **more: str) -> None:
        sent = {"on": f"{on}", "part": "morning", "way": "visit", "announced": "on", **more}
        client.post(reverse("visit-replan", args=[visit.pk]), sent)

    for day in (second, second, first, second, first):
        move(day)
    days = [f"{day:%-m月%-d日}上午" for day in (first, second, first, second, first)]
    assert [day in text for day, text in zip(days, told(here), strict=True)] == [True] * 5
    move(first, purpose="看台账")
    assert len(told(here)) == 5, "another focus is no other day"
    move(first, part="afternoon")
    assert len(told(here)) == 6
