"""The main errand of a branch secretary, two minutes with a phone: as few presses as possible, nothing asked that is known."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.models import StudySession
from tests import factories as make
from tests.campaign.test_study_plans import planned
from tests.campaign.test_study_record import sent
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def here() -> Unit:
    return unit()


def test_it_begins_above_everything_else_on_the_own_page(here: Unit) -> None:
    planned(here, starts_at=timezone.now() - timedelta(hours=3), minutes_long=60)
    url = reverse("study-session-create", args=[here.enrolment.pk])
    page = said(signed_in(here.secretary).get(reverse("home")))
    assert page.index(url) < page.index('class="duties"')
    assert url not in said(signed_in(make.user(here.people()[0].member)).get(reverse("home")))


def test_topic_and_exceptions_are_all_that_is_asked(here: Unit) -> None:
    """One page, one press: everything but the topic is filled in."""
    client = signed_in(here.secretary)
    page = client.get(reverse("study-session-create", args=[here.enrolment.pk]))
    empty = [f.name for f in page.context["form"] if f.field.required and not f.value()]
    assert empty == ["topic"]
    client.post(page.request["PATH_INFO"], sent(page, topic="学习党章", materials=[]))
    assert StudySession.objects.get().attendances.filter(state="present").count() == len(here.people())


def test_what_was_planned_is_one_press_away_and_asks_nothing(here: Unit) -> None:
    plan = planned(here, topic="专题讨论", starts_at=timezone.now() - timedelta(hours=3), minutes_long=60)
    client, url = signed_in(here.secretary), reverse("study-plan-record", args=[plan.pk])
    assert url in said(client.get(reverse("home"))), "the duty leads to the page that records"
    assert url in said(client.get(reverse("study-session-create", args=[here.enrolment.pk]))), (
        "not recorded a second time"
    )
    page = client.get(url)
    assert reverse("study-plan-detail", args=[plan.pk]) in said(page), "where it did not take place"
    assert not [f.name for f in page.context["form"] if f.field.required and not f.value()]
    client.post(url, sent(page))
    assert StudySession.objects.get().plan == plan
    assert url not in said(client.get(reverse("home")))


def test_a_session_like_an_earlier_one_asks_nothing_but_exceptions(here: Unit) -> None:
    client, url = signed_in(here.secretary), reverse("study-session-create", args=[here.enrolment.pk])
    page = client.get(url)
    facts = {"topic": "每周学习", "form": "discussion", "place": "三楼", "recorder": "乙", "held_from": "00:01"}
    client.post(url, sent(page, materials=[], **facts))
    first = StudySession.objects.get()
    assert f"{url}?of={first.pk}" in said(client.get(reverse("study-session-detail", args=[first.pk])))
    StudySession.objects.update(held_at=first.held_at - timedelta(days=7))
    page = client.get(url, {"of": first.pk})
    client.post(url, sent(page))
    again = StudySession.objects.exclude(pk=first.pk).get()
    assert (again.topic, again.form, again.place) == ("每周学习", "discussion", "三楼")
    assert timezone.localdate(again.held_at) == timezone.localdate()
    foreign = client.get(url, {"of": "99999999999999999999"})
    assert foreign.context["form"]["topic"].value() is None
