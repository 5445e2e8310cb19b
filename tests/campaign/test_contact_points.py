"""Each leading cadre has a contact point: who has none is listed, and the indicator follows."""

from typing import Any

import pytest
from django.urls import reverse

from campaign.actions import contact_point as actions
from campaign.actions import visit as visits
from campaign.models import Participation, Progress, Requirement
from campaign.supervision.tree import tree_changed
from members.models import MemberTag
from members.registry import Reshaping, TreeChange, effects_of
from tests import factories as make
from tests.campaign.supervised import District, district, today
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> District:
    return district((("contact-point", "leaders"),))


@pytest.fixture
def cadre(here: District) -> Participation:
    return make.participation(here.unit, "陈处长", tags=(MemberTag.Kind.LEADER,))


def figures(here: District) -> tuple[int, int]:
    row = Progress.objects.get(organization=here.home, kind=Progress.Kind.BRANCH)
    return row.done, row.total


def give(here: District, cadre: Participation) -> Any:
    return actions.give(participation=cadre, organization=here.away, since=today(), purpose="", by=here.office)


def test_the_indicator_follows_the_contact_point(here: District, cadre: Participation) -> None:
    assert figures(here) == (0, 1)
    point = give(here, cadre)
    assert figures(here) == (1, 1)
    signed_in(here.office).post(reverse("contact-point-end", args=[point.pk]), {"on": f"{today()}"})
    assert figures(here) == (0, 1)


def test_visits_can_be_asked_for_too(here: District, cadre: Participation) -> None:
    Requirement.objects.update(params={"visits": 2})
    point = give(here, cadre)
    told: dict[str, Any] = {"on": today(), "part": "day", "way": "visit", "looked_at": "调研", "submission": None}
    for done in (0, 1):
        visits.log(organization=here.away, contact_point=point, by=make.user(), **told)
        assert figures(here) == (done, 1)


def test_who_has_none_is_listed(here: District, cadre: Participation) -> None:
    url = reverse("contact-point-list", args=[here.campaign.pk, here.root.pk])
    client = signed_in(here.office)
    page = said(client.get(url + "?show=missing"))
    assert "陈处长" in page
    assert "还有 1 名党员领导干部没有联系点" in page
    give(here, cadre)
    assert "陈处长" not in said(client.get(url + "?show=missing"))
    assert "第二党支部" in said(client.get(url))


def test_who_may_set_and_see_them(here: District, cadre: Participation) -> None:
    point = give(here, cadre)
    member = make.user(make.member(here.home))
    create, detail = reverse("contact-point-create", args=[cadre.pk]), reverse("contact-point-detail", args=[point.pk])
    rows = [(here.office, 200, 200), (here.secretary, 403, 200), (here.outsider, 404, 200), (member, 404, 404)]
    for who, writes, reads in rows:
        client = signed_in(who)
        assert (client.get(create).status_code, client.get(detail).status_code) == (writes, reads), who


def test_a_place_that_is_not_known_is_refused_and_stays_in_the_form(here: District, cadre: Participation) -> None:
    response = signed_in(here.office).post(
        reverse("contact-point-create", args=[cadre.pk]), {"organization": "没有的支部", "since": f"{today()}"}
    )
    assert response.status_code == 422
    assert "没有编码或全称是“没有的支部”的组织" in said(response)
    give(here, cadre)
    again = {"organization": here.away.code, "since": f"{today()}"}
    page = said(signed_in(here.office).post(reverse("contact-point-create", args=[cadre.pk]), again))
    assert "已经是陈处长同志的联系点" in page


def test_the_list_asks_as_often_for_many_as_for_few(here: District, django_assert_max_num_queries: Any) -> None:
    client, url = signed_in(here.office), reverse("contact-point-list", args=[here.campaign.pk, here.root.pk])
    client.get(url)
    for _ in range(8):
        give(here, make.participation(here.unit, tags=(MemberTag.Kind.LEADER,)))
    with django_assert_max_num_queries(22):
        client.get(url)


def test_a_contact_point_goes_on_where_its_branch_is_merged_into(here: District, cadre: Participation) -> None:
    point, third = give(here, cadre), make.branch(here.root, "第三党支部")
    words = " ".join(effect.text for effect in effects_of(TreeChange(Reshaping.MERGE, here.away, third)))
    assert "1名领导干部" in words
    tree_changed(TreeChange(Reshaping.MERGE, here.away, third, here.office))
    point.refresh_from_db()
    assert (point.organization, point.until) == (third, None)
    tree_changed(TreeChange(Reshaping.CLOSE, third, None, here.office))
    point.refresh_from_db()
    assert point.until == today()
    assert figures(here) == (0, 1)


def test_a_cadre_finds_the_own_contact_point(here: District, cadre: Participation) -> None:
    give(here, cadre)
    url = Requirement.objects.get().indicator.link(cadre)  # type: ignore[misc]
    page = said(signed_in(make.user(cadre.member)).get(url))
    assert "我的联系点" in page
    assert "第二党支部" in page
