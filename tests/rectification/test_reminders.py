"""When people hear of tasks: each edge, nothing twice, and no private word by mail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaign.models import Campaign
from members.models import User
from portal.actions.notice import notify
from portal.models import DayException, Notice
from portal.notices import Draft
from rectification import reminders
from rectification.models import Task
from tests import factories as make
from tests.rectification.conftest import Place

TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def every_day_is_worked(db: None) -> None:
    """Whatever day it is when the tests run."""
    DayException.objects.bulk_create(DayException(day=TODAY + timedelta(days=n), working=True) for n in range(30))


def due(task: Task, days: int) -> Task:
    Task.objects.filter(pk=task.pk).update(due_on=TODAY + timedelta(days=days))
    return task


def everything() -> list[Draft]:
    return [
        d for source in (reminders.nearly_due, reminders.overdue, reminders.overdue_in_branch) for d in source(TODAY)
    ]


@pytest.mark.parametrize(("days", "words"), [(8, ""), (7, "还有7天"), (4, "还有4天"), (1, "明天"), (0, "今天")])
def test_the_responsible_person_hears_before_the_date(place: Place, days: int, words: str) -> None:
    due(place.task(), days)
    found = everything()
    assert [draft.recipient_id for draft in found] == ([place.worker.pk] if words else [])
    assert all(words in draft.text and "办事窗口" in draft.text for draft in found)


def test_late_the_responsible_person_and_the_secretary_hear_each_week(place: Place) -> None:
    due(place.task(), 0)
    for days in range(1, 16):
        for _ in range(2):
            for source in (reminders.overdue, reminders.overdue_in_branch):
                notify(source(TODAY + timedelta(days=days)))
    for user in (place.worker, place.secretary):
        assert Notice.objects.filter(recipient=user).count() == 3
    assert Notice.objects.count() == 6


def test_before_the_date_there_are_two_reminders_even_when_asked_each_hour(place: Place) -> None:
    due(place.task(), 9)
    for days in range(10):
        for _ in range(3):
            notify(reminders.nearly_due(TODAY + timedelta(days=days)))
    assert Notice.objects.filter(recipient=place.worker).count() == 2


def test_who_has_reported_or_explained_waits_in_peace(place: Place) -> None:
    reported = place.go(place.task(), ("start", place.worker), ("report", place.worker))
    explained = place.go(place.task(), ("explain", place.committee))
    for task in (reported, explained):
        due(task, 1)
    assert everything() == []
    for task in (reported, explained):
        due(task, -1)
    assert {draft.recipient_id for draft in everything()} == {place.secretary.pk}
    place.go(reported, ("confirm", place.office))
    place.go(explained, ("accept-explanation", place.office))
    assert everything() == []


def test_a_secretary_hears_of_their_own_once(place: Place) -> None:
    due(place.task(responsible=place.secretary), -2)
    assert [draft.recipient_id for draft in everything()] == [place.secretary.pk]


def test_for_a_member_without_an_account_the_secretary_hears(place: Place) -> None:
    old = make.participation(place.enrolment, "张老")
    Task.objects.filter(pk=place.task().pk).update(responsible=old, due_on=TODAY - timedelta(days=3))
    (draft,) = everything()
    assert draft.recipient_id == place.secretary.pk
    assert "张老" in draft.text


def test_a_private_problem_is_not_named(place: Place) -> None:
    due(place.own_task(problem="心里的话"), -1)
    due(place.own_task(problem="心里的话"), 1)
    found = everything()
    assert {draft.recipient_id for draft in found} == {place.worker.pk, place.secretary.pk}
    assert not [draft for draft in found if "心里的话" in draft.text]


def test_nobody_hears_of_a_campaign_that_is_over_or_without_an_account_in_use(place: Place) -> None:
    due(place.task(), 1)
    User.objects.filter(pk=place.worker.pk).update(is_active=False)
    assert everything() == []
    User.objects.filter(pk=place.worker.pk).update(is_active=True)
    assert len(everything()) == 1
    Campaign.objects.update(state=Campaign.State.CLOSED)
    assert everything() == []
