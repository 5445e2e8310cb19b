"""Menu, duties and home panels of the room."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from campaign.actions import gate as gates
from campaign.actions import study
from campaign.entries import campaign_duties
from campaign.models import StudySession
from members.models import User
from members.permissions import Role
from portal.menu import menu, panels
from tests import factories as make
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Unit:
    return unit()


def again(user: User) -> User:
    """As the next request sees them."""
    return User.objects.get(pk=user.pk)


def entries(user: User) -> dict[str, str]:
    return {
        e.code: e.url(user)
        for e in menu
        if e.code in {"campaigns", "own-branch", "gates", "my-study"} and e.shown(user)
    }


def test_the_menu_leads_each_to_their_place(here: Unit) -> None:
    own = here.people()[0]
    member = make.user(own.member)
    branch = reverse("enrolment-detail", args=[here.enrolment.pk])
    assert entries(again(member)) == {
        "campaigns": reverse("campaign-list"),
        "my-study": reverse("my-study", args=[own.pk]),
    }
    assert entries(again(here.secretary))["own-branch"] == branch
    assert entries(again(here.office)) == {
        "campaigns": reverse("campaign-list"),
        "gates": reverse("gate-list", args=[here.campaign.pk]),
    }
    assert entries(make.user()) == {}


def test_a_member_owes_what_the_present_phase_asks_until_it_is_done(here: Unit) -> None:
    own = here.people()[0]
    member = make.user(own.member)
    [duty] = campaign_duties(again(member))
    run = here.enrolment.runs.get(phase__name="学习动员")
    assert (duty.text, duty.url, duty.due, duty.group) == (
        "参加学习，缺课的补课",
        reverse("my-study", args=[own.pk]),
        run.ends_on,
        here.campaign.name,
    )
    session = StudySession(
        enrolment=here.enrolment,
        topic="党章",
        held_at=here.enrolment.gates.model._meta.get_field("requested_at").default(),
    )
    study.record(session=session, materials=[], attendance={own.pk: "present"}, by=here.secretary)
    assert campaign_duties(again(member)) == []


def test_a_leader_owes_more(here: Unit) -> None:
    leader = make.participation(here.enrolment, "领导", tags=("leader",))
    assert {d.text for d in campaign_duties(again(make.user(leader.member)))} == {
        "参加学习，缺课的补课",
        "党员领导干部建立联系点",
        "党员领导干部讲党课",
    }


def test_a_secretary_owes_the_branch_s_part_first_what_is_due_first(here: Unit) -> None:
    found = campaign_duties(again(here.secretary))
    dues = [d.due for d in found]
    assert dues == sorted(dues)
    assert found[0].text == "召开动员大会"
    assert found[0].url == reverse("study-session-create", args=[here.enrolment.pk]) + "?form=mobilization"
    assert found[0].due == here.enrolment.runs.get(phase__name="学习动员").ends_on - timedelta(days=21)


def test_a_request_that_came_back_is_a_duty(here: Unit) -> None:
    gate = gates.request(enrolment=here.enrolment, assessment="x", by=here.secretary)
    assert not [d for d in campaign_duties(again(here.secretary)) if "退回" in d.text]
    gates.decide(gate=gate, approve=False, remarks="补齐缺课", by=here.office)
    [duty] = [d for d in campaign_duties(again(here.secretary)) if "退回" in d.text]
    assert (duty.url, duty.note) == (reverse("gate-detail", args=[gate.pk]), "补齐缺课")


def test_panels_concern_only_those_they_concern(here: Unit) -> None:
    branch, waiting = panels["own-branch"], panels["gates-waiting"]
    assert branch.context(again(here.secretary))["enrolment"] == here.enrolment  # type: ignore[index]
    assert branch.context(again(here.office)) is None
    assert waiting.context(again(here.office)) is None
    gates.request(enrolment=here.enrolment, assessment="x", by=here.secretary)
    assert waiting.context(again(here.office))["number"] == 1  # type: ignore[index]
    assert waiting.context(again(here.secretary)) is None
    district = make.hat(Role.OFFICE, make.branch(here.root))
    assert waiting.context(district) is None


def test_home_pages_show_them(here: Unit) -> None:
    gates.request(enrolment=here.enrolment, assessment="x", by=here.secretary)
    assert "等待您审核的转段申请" in said(signed_in(here.office).get(reverse("home")))
    page = said(signed_in(here.secretary).get(reverse("home")))
    assert "记一次学习" in page
    assert "召开动员大会" in page


def test_duties_cost_the_same_however_much_is_asked(here: Unit, django_assert_max_num_queries: Any) -> None:
    member = again(make.user(here.people()[0].member))
    with django_assert_max_num_queries(5):
        campaign_duties(member)
    secretary = again(here.secretary)
    with django_assert_max_num_queries(12):
        campaign_duties(secretary)


def test_one_menu_entry_is_current(here: Unit) -> None:
    page = said(signed_in(here.office).get(reverse("gate-list", args=[here.campaign.pk])))
    current = re.findall(r'aria-current="page".*?<span>(.*?)</span>', page, re.S)
    assert set(current) == {"转段审核"}


def labels(user: User, which: str = "menu") -> list[str]:
    return [entry["label"] for entry in signed_in(user).get(reverse("home")).context[which]]


def test_the_menu_of_each_role_is_short(here: Unit) -> None:
    member = make.user(here.people()[0].member)
    own = ["我的学习", "日历", "党性分析", "我的整改", "我的登记信息"]
    assert labels(member) == ["教育活动", *own]
    assert labels(member, "own_menu") == []
    secretary = make.hat(Role.SECRETARY, here.enrolment.organization, of=here.people()[1].member)
    assert labels(secretary) == ["教育活动", "本支部", "整改台账", "组织与党员"]
    assert labels(secretary, "own_menu") == own
    assert labels(here.office) == ["进展总览", "教育活动", "转段审核", "督导", "学习情况", "整改台账", "组织与党员"]
    assert labels(make.hat(Role.OVERSEER, here.root)) == ["进展总览", "教育活动"]
    assert labels(make.hat(Role.ADMINISTRATOR, here.root)) == ["教育活动", "组织与党员"]


def test_whoever_looks_after_others_sees_first_where_they_stand(here: Unit) -> None:
    dashboard = reverse("dashboard", args=[here.campaign.pk, here.root.pk])
    for role in (Role.OFFICE, Role.LEADING_GROUP, Role.INSPECTOR, Role.OVERSEER):
        page = said(signed_in(make.hat(role, here.root)).get(reverse("home")))
        assert page.count(f'href="{dashboard}"') >= 3, role
        assert "处于本阶段的单位" in page
    secretary = said(signed_in(here.secretary).get(reverse("home")))
    assert "处于本阶段的单位" not in secretary
    assert secretary.index("记一次学习") < secretary.index("召开动员大会")


def test_numbers_on_the_own_page_lead_to_their_lists(here: Unit) -> None:
    panel = panels["progress"].context(again(here.office))
    assert panel is not None
    client = signed_in(here.office)
    linked = [number for number in panel["numbers"] if number.url]
    assert linked
    for number in linked:
        assert len(client.get(number.url).context["lines"]) == number.value, number
    overseer = panels["progress"].context(again(make.hat(Role.OVERSEER, here.root)))
    assert overseer is not None
    assert not any(number.url for number in overseer["numbers"])


def test_an_administrator_finds_the_keeping_at_once(here: Unit) -> None:
    page = said(signed_in(make.hat(Role.ADMINISTRATOR, here.root)).get(reverse("home")))
    for name in ("account-list", "channel-list", "working-day-list"):
        assert reverse(name, args=[here.root.pk]) in page


def test_pages_about_progress_belong_to_progress_at_every_depth(here: Unit) -> None:
    for name in ("dashboard", "late-list"):
        page = said(signed_in(here.office).get(reverse(name, args=[here.campaign.pk, here.enrolment.organization_id])))
        assert set(re.findall(r'aria-current="page".*?<span>(.*?)</span>', page, re.S)) == {"进展总览"}
