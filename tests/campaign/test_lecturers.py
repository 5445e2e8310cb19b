"""Leading cadres lecture in their own branch, at their contact point, and below the committee in whose 中心组 they are (S2 二5)."""

from typing import Any

import pytest
from django.urls import reverse

from campaign.models import ContactPoint, CoreGroupSeat, Participation, StudySession
from campaign.progress.recounting import recount
from campaign.progress.writing import Figures, figures_of
from members.models import MemberTag, Organization
from portal.models import Notice
from tests import factories as make
from tests.campaign.test_study import session_fields
from tests.campaign.test_study_materials import ask
from tests.campaign.test_study_plans import planned
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Unit:
    return unit()


def cadre_elsewhere(here: Unit) -> Participation:
    """A leading cadre who takes part in another branch."""
    branch = make.branch(Organization.objects.get(pk=here.root.pk), "区委领导支部")
    person = make.participation(make.enrolment(here.campaign, branch))
    MemberTag.objects.create(member=person.member, kind=MemberTag.Kind.LEADER)
    return person


def record(here: Unit, **change: Any) -> StudySession:
    url = reverse("study-session-create", args=[here.enrolment.pk])
    page = said(signed_in(here.secretary).post(url, session_fields(here, form="lecture", **change), follow=True))
    assert "学习记录已保存" in page
    return StudySession.objects.get()


@pytest.mark.parametrize("link", ["contact-point", "core-group"])
def test_a_cadre_from_elsewhere_is_offered_and_their_lecture_counts_at_once(here: Unit, link: str) -> None:
    cadre, url = cadre_elsewhere(here), reverse("study-session-create", args=[here.enrolment.pk])
    secretary = signed_in(here.secretary)
    assert cadre not in secretary.get(url).context["form"].fields["lecturer"].queryset
    if link == "contact-point":
        ContactPoint.objects.create(participation=cadre, organization=here.branch, by=here.office)
    else:
        CoreGroupSeat.objects.create(organization=here.root, member=cadre.member, by=here.office)
    asked = ask(here, "lecture-given", "leaders")
    assert f"{cadre}（区委领导支部）" in said(secretary.get(url))
    session = record(here, lecturer=cadre.pk)
    assert figures_of(here.campaign, here.root)[asked.pk].done == 1
    leader = signed_in(make.user(cadre.member))
    assert session.topic in said(leader.get(reverse("my-study", args=[cadre.pk])))
    assert leader.get(reverse("study-session-detail", args=[session.pk])).status_code == 200
    url = reverse("study-session-edit", args=[session.pk])
    own = here.people()[0]
    secretary.post(url, session_fields(here, form="lecture", lecturer=own.pk))
    session.refresh_from_db()
    assert session.lecturer == own
    assert figures_of(here.campaign, here.root)[asked.pk] == Figures(0, 0, 1)
    assert not list(recount(here.campaign))


def test_who_lectured_and_left_stays_named_when_the_record_is_corrected(here: Unit) -> None:
    person = here.people()[0]
    session = record(here, lecturer=person.pk)
    Participation.objects.filter(pk=person.pk).update(left_on=TODAY())
    client, url = signed_in(here.secretary), reverse("study-session-edit", args=[session.pk])
    assert client.get(url).context["form"]["lecturer"].value() == person.pk
    client.post(url, session_fields(here, form="lecture", lecturer=person.pk, record="补充"))
    session.refresh_from_db()
    assert (session.lecturer, session.record) == (person, "补充")


def test_a_lecture_to_come_stands_on_the_lecturers_calendar(here: Unit) -> None:
    cadre = cadre_elsewhere(here)
    account = make.user(cadre.member)
    plan = planned(here, form="lecture", topic="讲党课", lecturer=cadre)
    client, month = signed_in(account), f"{plan.day:%Y-%m}"
    assert "讲党课" in said(client.get(reverse("my-calendar"), {"month": month}))
    assert "由您主讲" in said(client.get(reverse("home")))
    assert reverse("study-leave-create", args=[plan.pk]) not in said(client.get(reverse("home")))
    signed_in(here.secretary).post(reverse("study-plan-tell", args=[plan.pk]))
    assert Notice.objects.filter(recipient=account, text__contains="讲党课").count() == 1
