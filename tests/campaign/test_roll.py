"""Who takes part where (S0 四): in the branch, where one lives now in another province, never twice and never nowhere unnoticed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.actions import study
from campaign.actions.enrolment import enrol
from campaign.models import Attendance, Enrolment, Participation, StudySession
from campaign.progress.coverage import unplaced
from campaign.progress.ready import coverage_of
from campaign.progress.recounting import recount
from campaign.progress.writing import Figures, figures_of, recording
from members.actions import member as people
from members.actions import transfer as transfers
from members.models import Member, Mobility, Organization
from members.permissions import Role
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
AWAY = "out-of-province"


@pytest.fixture
def city() -> dict[str, Any]:
    root = make.organization("青岚区委")
    home, there, third = (make.branch(root, name) for name in ("财政局党支部", "驻海口党支部", "新设党支部"))
    root = Organization.objects.get(pk=root.pk)
    person = make.member(home, "李强")
    make.member(there, "赵敏")
    campaign = make.campaign(root, (("study-attended", "all-members"),))
    units = {at.pk: make.enrolment(campaign, at) for at in (home, there)}
    Participation.objects.update(joined_on=campaign.starts_on)
    return {
        "root": root, "home": home, "there": there, "third": third, "person": person, "campaign": campaign, "units": units,
        "secretary": make.hat(Role.SECRETARY, home), "office": make.hat(Role.OFFICE, root),
    }  # fmt: skip


def float_out(city: dict[str, Any], host: str = "", kind: str = AWAY) -> Mobility:
    place = city[host] if host else None
    people.open_mobility(
        member=city["person"], by=city["office"], kind=kind, since=date(2005, 7, 1), place="海口", host=place
    )
    return city["person"].mobilities.get(until=None, kind=kind)


def place_of(person: Member) -> Organization | None:
    row = Participation.objects.active().filter(member=person).select_related("enrolment__organization").first()
    return row.enrolment.organization if row else None


def total(city: dict[str, Any], at: str) -> int:
    return figures_of(city["campaign"], city[at])[city["campaign"].requirements.get().pk].total


def test_from_another_province_where_one_lives_now_and_back(city: dict[str, Any]) -> None:
    stretch = float_out(city, "there")
    assert place_of(city["person"]) == city["there"]
    assert (total(city, "home"), total(city, "there"), total(city, "root")) == (0, 2, 2)
    people.close_mobility(mobility=stretch, until=date(2005, 9, 1), by=city["office"])
    assert place_of(city["person"]) == city["home"]
    assert (total(city, "home"), total(city, "there")) == (1, 1)
    assert list(recount(city["campaign"])) == []


def test_a_guest_who_was_taken_off_the_roll_by_mistake_is_a_guest_again(city: dict[str, Any]) -> None:
    float_out(city, "there")
    people.leave(member=city["person"], ending="left", ended_on=date(2005, 9, 1), by=city["office"])
    assert place_of(city["person"]) is None
    people.come_back(member=city["person"], by=city["office"])
    assert place_of(city["person"]) == city["there"]


def test_inside_the_city_at_home(city: dict[str, Any]) -> None:
    float_out(city, "there", kind="in-city")
    assert place_of(city["person"]) == city["home"]


def test_a_host_that_is_not_enrolled_leaves_nobody_nowhere(city: dict[str, Any]) -> None:
    float_out(city, "third")
    assert place_of(city["person"]) == city["home"]
    assert coverage_of(city["campaign"], city["root"]).elsewhere == 0
    enrol(batch=city["campaign"].batches.get(), organizations=[city["third"]], by=city["office"])
    assert place_of(city["person"]) == city["third"]
    assert (total(city, "home"), total(city, "third")) == (0, 1)
    assert list(recount(city["campaign"])) == []


def test_outside_the_portal_is_elsewhere_with_the_place_named(city: dict[str, Any]) -> None:
    float_out(city)
    assert place_of(city["person"]) is None
    assert coverage_of(city["campaign"], city["root"]).elsewhere == 1
    found = unplaced(city["campaign"], [city["root"].path], named=[city["root"].path])
    assert found.first_members[0]["reason"] == "流出外省市（海口），应在流入地参加，请联系落实"


def test_the_guest_of_a_branch_that_is_not_enrolled_at_home_takes_part_there(city: dict[str, Any]) -> None:
    person = make.member(city["third"], "陈志远")
    people.open_mobility(member=person, by=city["office"], kind=AWAY, since=date(2005, 7, 1), host=city["home"])
    assert place_of(person) == city["home"]
    people.leave(member=person, ending="died", ended_on=date(2005, 9, 1), by=city["office"])
    assert place_of(person) is None
    assert person.participations.get().left_on == timezone.localdate()


def test_who_becomes_a_member_of_the_host_is_no_guest_any_more(city: dict[str, Any]) -> None:
    float_out(city, "there")
    transfers.at_once(member=city["person"], target=city["there"], by=city["office"])
    assert not city["person"].mobilities.filter(until=None).exists()
    assert place_of(city["person"]) == city["there"]


def test_a_finished_unit_stays_as_it_finished(city: dict[str, Any]) -> None:
    Enrolment.objects.filter(organization=city["home"]).update(state=Enrolment.State.FINISHED)
    transfers.at_once(member=city["person"], target=city["there"], by=city["office"])
    assert place_of(city["person"]) == city["home"]
    assert (total(city, "home"), total(city, "there")) == (1, 1)
    newcomer = make.member(city["there"], "王芳")
    transfers.at_once(member=newcomer, target=city["home"], by=city["office"])
    assert not newcomer.participations.exists()
    local = Member.objects.get(name="赵敏")
    transfers.at_once(member=local, target=city["home"], by=city["office"])
    assert place_of(local) == city["there"]
    assert list(recount(city["campaign"])) == []


def test_who_comes_from_another_branch_is_not_asked_for_what_was_held_before(city: dict[str, Any]) -> None:
    transfers.at_once(member=city["person"], target=city["there"], by=city["office"])
    unit = Enrolment.objects.get(organization=city["there"])
    own = Participation.objects.get(member=city["person"])
    assert own.expected_from == timezone.localdate()
    earlier = StudySession(enrolment=unit, topic="动员", held_at=timezone.now() - timedelta(days=9))
    everyone = {p.pk: Attendance.State.ABSENT for p in unit.participations.all()}
    study.record(session=earlier, materials=[], attendance=everyone, by=city["office"])
    assert [a.participation.member.name for a in earlier.attendances.all()] == ["赵敏"]
    today = StudySession(enrolment=unit, topic="学习", held_at=timezone.now())
    study.record(session=today, materials=[], attendance=everyone, by=city["office"])
    assert today.attendances.count() == 2


def test_what_was_missed_before_joining_is_not_owed(city: dict[str, Any]) -> None:
    unit = city["units"][city["home"].pk]
    own = Participation.objects.get(member=city["person"])
    with recording([unit.pk]):
        for day, state in ((1, "absent"), (20, "present")):
            session = StudySession.objects.create(
                enrolment=unit, topic="学习", held_at=f"2005-08-{day:02}T09:00+08:00", by=city["office"]
            )
            Attendance.objects.create(session=session, participation=own, state=state)
    requirement = city["campaign"].requirements.get()
    assert figures_of(city["campaign"], city["home"])[requirement.pk] == Figures(0, 0, 1)
    assert study.missed(unit).count() == 1
    with recording([unit.pk]):
        Participation.objects.filter(pk=own.pk).update(joined_on=date(2005, 8, 10))
    assert figures_of(city["campaign"], city["home"])[requirement.pk] == Figures(1, 0, 1)
    assert study.missed(unit).count() == 0
    assert list(recount(city["campaign"])) == []


def test_the_form_says_where_they_take_part(city: dict[str, Any]) -> None:
    client, url = signed_in(city["secretary"]), reverse("member-mobility", args=[city["person"].pk])
    assert "“先进性教育活动”：在财政局党支部参加活动" in client.get(url).text
    typed = {"kind": AWAY, "since": "2005-08-01", "place": "海口", "host": "驻海口党支部", "contact": "妻子"}
    page = client.post(url, typed | {"host": "财政局党支部"})
    assert "组织关系就在财政局党支部" in page.text
    assert "只有流出" in client.post(url, typed | {"kind": "lost"}).text
    assert "在驻海口党支部参加活动" in client.post(url, typed, follow=True).text
    page = client.get(url)
    assert "驻海口党支部没有编入的活动，仍在财政局党支部参加" in page.text
    assert "还没有结束" in client.post(url, typed | {"kind": "in-city"}).text
    page = client.post(reverse("mobility-close", args=[city["person"].mobilities.get().pk]), {"until": "2005-09-01"})
    client.post(url, typed | {"since": "2005-09-02", "host": ""})
    assert "“先进性教育活动”：在流入地（海口）参加活动" in client.get(url).text
