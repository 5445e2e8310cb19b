"""Teams give access to what they look after, and take it away with the assignment, the membership and the team."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from campaign.actions import inspection as actions
from campaign.actions.closing import close
from campaign.models import InspectionTeam, TeamAccess, TeamMember
from campaign.supervision import teams as supervision
from members.models import Appointment, Member
from members.permissions import Permission, Role
from tests import factories as make
from tests.campaign.supervised import District, district, today
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> District:
    return district()


def sees(here: District) -> bool:
    """Whether the inspector opens the unit's page at the next request."""
    url = reverse("enrolment-detail", args=[here.unit.pk])
    return signed_in(here.fresh_inspector()).get(url).status_code == 200


def test_access_comes_with_the_assignment_and_goes_with_it(here: District) -> None:
    assert not sees(here)
    assignment = here.assign()
    assert sees(here)
    assert (
        signed_in(here.fresh_inspector()).get(reverse("enrolment-detail", args=[here.far_unit.pk])).status_code == 404
    )
    signed_in(here.office).post(reverse("team-assignment-end", args=[assignment.pk]))
    assert not sees(here)


def test_access_ends_with_membership(here: District) -> None:
    here.assign()
    signed_in(here.office).post(reverse("team-member-end", args=[here.leader.pk]))
    assert not sees(here)
    assert not supervision.speaks_for(here.fresh_inspector(), here.unit)


def test_access_ends_with_the_team(here: District) -> None:
    here.assign()
    signed_in(here.office).post(reverse("team-dissolve", args=[here.team.pk]))
    assert not sees(here)
    assert supervision.team_for(here.unit) is None
    assert not Appointment.objects.filter(revoked_at=None, role=Role.INSPECTOR).exists()


def test_who_joins_later_gets_access_too(here: District) -> None:
    here.assign()
    person = make.member(here.away, "后来者")
    url = reverse("team-member-create", args=[here.team.pk])
    page = said(signed_in(here.office).post(url, {"person": "后来者", "since": f"{today()}"}, follow=True))
    assert "后来者已加入第一督导组" in page
    account = Member.objects.get(pk=person.pk).user
    assert account.can(Permission.LOG_VISIT, at=here.home)


def test_terms_bound_access(here: District) -> None:
    until = today() + timedelta(10)
    actions.assign(team=here.team, organization=here.general, since=today(), until=until, by=here.office)
    hat = Appointment.objects.get(user=here.inspector, revoked_at=None)
    assert (hat.since, hat.until) == (today(), until)
    actions.change(team=here.team, name="第一督导组", since=today(), until=today() + timedelta(5), by=here.office)
    assert Appointment.objects.get(user=here.inspector, revoked_at=None).until == today() + timedelta(5)


def test_access_that_begins_later_is_not_there_yet(here: District) -> None:
    actions.assign(team=here.team, organization=here.general, since=today() + timedelta(3), until=None, by=here.office)
    assert not sees(here)
    assert supervision.team_for(here.unit) is None


def test_what_was_given_by_hand_stays(here: District) -> None:
    hat = Appointment.objects.create(user=here.inspector, organization=here.general, role=Role.INSPECTOR, since=today())
    assignment = here.assign()
    assert not TeamAccess.objects.exists()
    actions.end_assignment(assignment=assignment, by=here.office)
    assert Appointment.objects.get(pk=hat.pk).revoked_at is None


def test_two_teams_of_one_person_share_access_until_the_last_ends(here: District) -> None:
    first = here.assign()
    other_campaign = make.campaign(
        here.root, name="另一次活动", starts_on=here.campaign.starts_on, ends_on=here.campaign.ends_on
    )
    second = actions.set_up(campaign=other_campaign, organization=here.root, name="乙组", since=today(), by=here.office)
    actions.add_member(team=second, person=here.inspector, leads=True, since=today(), until=None, by=here.office)
    actions.assign(team=second, organization=here.general, since=today(), until=None, by=here.office)
    actions.end_assignment(assignment=first, by=here.office)
    assert sees(here)
    actions.dissolve(team=second, by=here.office)
    assert not sees(here)


def test_the_nearest_team_speaks_for_a_unit(here: District) -> None:
    here.assign(here.root)
    near = actions.set_up(
        campaign=here.campaign, organization=here.root, name="第二督导组", since=today(), by=here.office
    )
    actions.assign(team=near, organization=here.general, since=today(), until=None, by=here.office)
    assert supervision.team_for(here.unit) == near
    assert supervision.team_for(here.far_unit) == here.team
    assert supervision.speaks_for(here.fresh_inspector(), here.far_unit)
    assert not supervision.speaks_for(here.fresh_inspector(), here.unit)


def test_one_organisation_has_one_team(here: District) -> None:
    here.assign()
    other = actions.set_up(
        campaign=here.campaign, organization=here.root, name="第二督导组", since=today(), by=here.office
    )
    sent = {"organization": here.general.code, "since": f"{today()}"}
    url = reverse("team-assignment-create", args=[other.pk])
    assert "机关党总支已由第一督导组督导" in said(signed_in(here.office).post(url, sent))


def test_who_belongs_to_the_place_is_pointed_out_and_must_be_confirmed(here: District) -> None:
    here.assign()
    url = reverse("team-member-create", args=[here.team.pk])
    sent = {"person": here.secretary.member.name, "since": f"{today()}"}
    sent["person"] = here.secretary.username
    response = signed_in(here.office).post(url, sent)
    assert response.status_code == 422
    assert "现任第一党支部支部书记" in said(response)
    assert not here.team.members.filter(user=here.secretary).exists()
    signed_in(here.office).post(url, sent | {"confirmed": "on"})
    assert here.team.members.filter(user=here.secretary).exists()
    assert supervision.runs(here.secretary, here.home)
    assert not supervision.speaks_for(here.secretary, here.unit)


def test_only_the_office_sets_teams_up(here: District) -> None:
    here.assign()
    create = reverse("team-create", args=[here.campaign.pk, here.general.pk])
    for who, status in ((here.secretary, 404), (here.fresh_inspector(), 403), (here.outsider, 404)):
        assert signed_in(who).get(create).status_code == status
    edit = reverse("team-edit", args=[here.team.pk])
    for who, status in ((here.secretary, 403), (here.fresh_inspector(), 403), (here.outsider, 404)):
        assert signed_in(who).get(edit).status_code == status


def test_the_branch_sees_its_team_but_not_its_other_work(here: District) -> None:
    here.assign()
    here.assign(here.away)
    page = said(signed_in(here.secretary).get(reverse("team-detail", args=[here.team.pk])))
    assert "机关党总支" in page
    assert "第二党支部" not in page
    assert signed_in(here.secretary).get(reverse("team-unseen", args=[here.team.pk])).status_code == 403


def test_a_member_of_the_branch_sees_no_team_page(here: District) -> None:
    here.assign()
    person = make.user(make.member(here.home))
    assert signed_in(person).get(reverse("team-detail", args=[here.team.pk])).status_code == 404


def test_an_appointment_taken_away_elsewhere_is_shown(here: District) -> None:
    here.assign()
    Appointment.objects.get(user=here.inspector, revoked_at=None).end()
    assert "督导任职已被另行撤销" in said(signed_in(here.office).get(reverse("team-detail", args=[here.team.pk])))


def test_the_list_counts_and_asks_as_often_for_many_teams(here: District, django_assert_max_num_queries: Any) -> None:
    here.assign()
    here.log()
    for number in range(6):
        team = actions.set_up(
            campaign=here.campaign, organization=here.root, name=f"组{number}", since=today(), by=here.office
        )
        if number == 0:
            actions.assign(team=team, organization=here.away, since=today(), until=None, by=here.office)
    client, url = signed_in(here.office), reverse("team-list", args=[here.campaign.pk, here.root.pk])
    client.get(url)
    with django_assert_max_num_queries(22):
        page = said(client.get(url))
    rounds = {
        team.name: found for team, found in supervision.with_rounds(here.campaign, list(InspectionTeam.objects.all()))
    }
    assert (rounds["第一督导组"].units, rounds["第一督导组"].seen) == (1, 1)
    assert (rounds["组0"].units, rounds["组0"].unseen) == (1, 1)
    assert "第一督导组" in page


def test_a_new_leader_replaces_the_old_one(here: District) -> None:
    person = make.user(username="second")
    actions.add_member(team=here.team, person=person, leads=True, since=today(), until=None, by=here.office)
    assert list(TeamMember.objects.filter(leads=True).values_list("user", flat=True)) == [person.pk]


def test_access_ends_with_the_campaign(here: District) -> None:
    here.assign()
    close(campaign=here.campaign, note="提前结束", by=here.office)
    assert not sees(here)
    assert not here.team.members.live().exists()
