"""When people hear of phases, requirements and requests: each edge, and nothing twice."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Gate, PhaseRun, Requirement, Waiver
from campaign.progress.writing import recording
from campaign.reminders import superiors as superior_reminders
from campaign.reminders import units as reminders
from members.models import Appointment, Organization, User
from members.permissions import Role
from portal.actions.notice import notify
from portal.models import Notice
from portal.notices import Draft
from tests import factories as make

TODAY = date(2005, 9, 1)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


@dataclass
class Place:
    root: Organization
    home: Organization
    campaign: Campaign
    enrolment: Enrolment
    secretary: User
    worker: User
    silent: Any

    def run(self, number: int, **fields: Any) -> PhaseRun:
        PhaseRun.objects.filter(enrolment=self.enrolment, phase__number=number).update(**fields)
        return PhaseRun.objects.get(enrolment=self.enrolment, phase__number=number)


@pytest.fixture
def place(db: None) -> Place:
    """A branch in its first phase until the end of the year, the second waiting; nothing is due near ``TODAY``."""
    root = make.organization("区委")
    home = make.branch(root, "第一党支部")
    root.refresh_from_db()
    secretary = make.secretary(home)
    worker = make.user(make.member(home, "王芳"))
    silent = make.member(home, "张老")
    campaign = make.campaign(root, (("plan-filed", "all-branches"), ("study-note", "all-members")))
    return Place(root, home, campaign, make.enrolment(campaign, home), secretary, worker, silent)


def drafts(source: Any, today: date = TODAY) -> list[Draft]:
    return list(source(today))


def people(found: list[Draft]) -> list[int]:
    return sorted(draft.recipient_id for draft in found)


@pytest.mark.parametrize(("days", "told"), [(4, False), (3, True), (1, True), (0, True), (-1, False)])
def test_a_phase_about_to_start(place: Place, days: int, told: bool) -> None:
    place.run(1, starts_on=in_days(days))
    found = drafts(reminders.phases_starting)
    assert people(found) == (sorted([place.secretary.pk, place.worker.pk]) if told else [])


def test_a_phase_that_runs_already_is_not_about_to_start(place: Place) -> None:
    place.run(1, starts_on=in_days(2), state=PhaseRun.State.ACTIVE)
    assert drafts(reminders.phases_starting) == []


def test_the_secretary_is_led_to_the_branch_a_member_to_their_own(place: Place) -> None:
    place.run(1, starts_on=in_days(2))
    urls = {draft.recipient_id: draft.url for draft in drafts(reminders.phases_starting)}
    assert urls[place.secretary.pk] == reverse("enrolment-detail", args=[place.enrolment.pk])
    own = place.enrolment.participations.get(member=place.worker.member_id)
    assert urls[place.worker.pk] == reverse("my-study", args=[own.pk])


@pytest.mark.parametrize(
    ("days", "words", "step"),
    [
        (8, "", 0),
        (7, "还有7天", 7),
        (5, "还有5天", 7),
        (3, "还有3天", 3),
        (2, "还有2天", 3),
        (1, "明天", 1),
        (0, "今天", 1),
        (-1, "", 0),
    ],
)
def test_a_phase_about_to_end(place: Place, days: int, words: str, step: int) -> None:
    place.run(0, ends_on=in_days(days))
    found = drafts(reminders.phases_ending)
    assert len(found) == (2 if words else 0)
    for draft in found:
        assert words in draft.text
        assert draft.key.split(":")[-2] == str(step)


def test_three_reminders_before_the_end_however_often_the_rules_are_asked(place: Place) -> None:
    place.run(0, ends_on=in_days(9))
    for days in range(12):
        for _ in range(2):
            notify(reminders.phases_ending(in_days(days)))
    assert Notice.objects.filter(recipient=place.worker).count() == 3
    place.run(0, ends_on=in_days(30))
    notify(reminders.phases_ending(in_days(24)))
    assert Notice.objects.filter(recipient=place.worker).count() == 4


def test_a_missed_day_is_made_up_for(place: Place) -> None:
    place.run(0, ends_on=in_days(9))
    for days in (0, 4, 5):
        notify(reminders.phases_ending(in_days(days)))
    assert Notice.objects.filter(recipient=place.worker).count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda place: Campaign.objects.update(state=Campaign.State.CLOSED),
        lambda place: Campaign.objects.update(state=Campaign.State.DRAFT),
        lambda place: Enrolment.objects.update(state=Enrolment.State.POSTPONED),
        lambda place: Enrolment.objects.update(state=Enrolment.State.FINISHED),
        lambda place: PhaseRun.objects.update(state=PhaseRun.State.DONE),
    ],
)
def test_where_nothing_goes_on_nobody_is_reminded(place: Place, change: Any) -> None:
    place.run(0, ends_on=in_days(2))
    place.run(1, starts_on=in_days(2))
    change(place)
    for source in (reminders.phases_starting, reminders.phases_ending, reminders.requirements_unmet):
        assert drafts(source) == []


@pytest.mark.parametrize(
    ("days", "which"), [(8, ""), (7, "due"), (0, "due"), (-1, "late0"), (-7, "late0"), (-8, "late1")]
)
def test_who_owes_something_hears_of_it(place: Place, days: int, which: str) -> None:
    place.run(0, ends_on=in_days(days))
    found = drafts(reminders.requirements_unmet)
    labels = {(draft.recipient_id, draft.text.split("”")[0]) for draft in found}
    expected = {
        (place.secretary.pk, "“plan-filed"),
        (place.secretary.pk, "“study-note"),
        (place.worker.pk, "“study-note"),
    }
    assert labels == (expected if which else set())
    assert {draft.key.split(":")[-2] for draft in found} == ({which} if which else set())


def test_the_link_is_where_it_is_done(place: Place) -> None:
    place.run(0, ends_on=in_days(3))
    urls = {draft.url for draft in drafts(reminders.requirements_unmet)}
    assert reverse("enrolment-prepare", args=[place.enrolment.pk]) in urls


def test_a_requirement_due_before_the_end_is_reminded_of_before(place: Place) -> None:
    place.run(0, ends_on=in_days(14))
    assert drafts(reminders.requirements_unmet) == []
    Requirement.objects.filter(indicator_code="plan-filed").update(due_offset=-7)
    (draft,) = drafts(reminders.requirements_unmet)
    assert "9月8日" in draft.text


def test_who_has_done_it_or_need_not_is_left_alone(place: Place) -> None:
    place.run(0, ends_on=in_days(3))
    own = place.enrolment.participations.get(member=place.worker.member_id)
    requirement = Requirement.objects.get(indicator_code="study-note")
    with recording([place.enrolment.pk]) as locked:
        locked[0].plan_filed_on = TODAY
        locked[0].save()
        Waiver.objects.create(
            requirement=requirement, enrolment=place.enrolment, participation=own, reason="病", by=place.secretary
        )
    found = drafts(reminders.requirements_unmet)
    assert {draft.recipient_id for draft in found} == {place.secretary.pk}
    assert all("study-note" in draft.text for draft in found)
    assert any("还有2人没有完成" in draft.text for draft in found), (
        "the secretary's own, and the old member's without an account"
    )


def test_the_late_are_reminded_each_week_and_never_twice(place: Place) -> None:
    place.run(0, ends_on=in_days(0))
    for days in range(1, 22):
        for _ in range(2):
            notify(reminders.requirements_unmet(in_days(days)))
    assert Notice.objects.filter(recipient=place.worker).count() == 3


def ask(place: Place, days_ago: int) -> Gate:
    moment = timezone.make_aware(datetime.combine(in_days(-days_ago), time(23, 30)))
    return Gate.objects.create(
        enrolment=place.enrolment,
        phase=place.enrolment.phase,
        assessment="已完成",
        requested_by=place.secretary,
        requested_at=moment,
    )


@pytest.mark.parametrize(("days", "told"), [(3, False), (4, True)])
def test_a_request_that_waits_is_brought_to_those_who_decide(place: Place, days: int, told: bool) -> None:
    office = make.hat(Role.OFFICE, place.root)
    make.hat(Role.INSPECTOR, place.root)
    gate = ask(place, days)
    found = drafts(superior_reminders.gates_waiting)
    assert people(found) == ([office.pk] if told else [])
    Gate.objects.filter(pk=gate.pk).update(state=Gate.State.APPROVED)
    assert drafts(superior_reminders.gates_waiting) == []


def test_the_nearest_who_decide_hear_of_it_but_not_who_asked(place: Place) -> None:
    district = make.organization("街道党工委", Organization.objects.get(pk=place.root.pk))
    home = make.branch(district, "第九党支部")
    secretary = make.secretary(home)
    place.enrolment = make.enrolment(place.campaign, home)
    place.secretary = secretary
    make.hat(Role.OFFICE, Organization.objects.get(pk=place.root.pk))
    near = make.hat(Role.LEADING_GROUP, Organization.objects.get(pk=district.pk))
    make.hat(Role.OFFICE, home, account=secretary)
    gate = ask(place, 5)
    (draft,) = drafts(superior_reminders.gates_waiting)
    assert draft.recipient_id == near.pk
    assert draft.url == reverse("gate-detail", args=[gate.pk])
    for days in range(8):
        notify(superior_reminders.gates_waiting(in_days(days)))
    assert Notice.objects.filter(recipient=near).count() == 2
    Appointment.objects.filter(user=near).update(revoked_at=timezone.now())
    assert len(drafts(superior_reminders.gates_waiting)) == 1


def test_the_number_of_queries_does_not_grow_with_the_branches(place: Place) -> None:
    place.run(0, ends_on=in_days(3))

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            for source in (reminders.phases_ending, reminders.requirements_unmet, superior_reminders.gates_waiting):
                drafts(source)
        return len(asked)

    before, number = queries(), len(drafts(reminders.requirements_unmet))
    for _ in range(5):
        home = make.branch(place.root)
        make.secretary(home)
        make.enrolment(place.campaign, home)
    PhaseRun.objects.filter(phase__number=0).update(ends_on=in_days(3))
    assert queries() == before
    assert len(drafts(reminders.requirements_unmet)) > number
