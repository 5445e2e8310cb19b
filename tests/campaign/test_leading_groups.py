"""Who leads at each level: named, shown to everybody concerned, listed where nobody is named yet."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from campaign.actions import enrolment as enrolments
from campaign.models import LeadingGroup, LeadingGroupPost, Progress
from members.models import CommitteePost
from tests import factories as make
from tests.campaign.supervised import District, district, today
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> District:
    return district((("leading-group-named", "all-branches"),))


def address(here: District, page: str, at: Any) -> str:
    return reverse(f"leading-group-{page}", args=[here.campaign.pk, at.pk])


def fields(**values: str) -> dict[str, str]:
    return {"head": "王志强 党委书记", "since": f"{today()}", "on": f"{today()}"} | values


def met(here: District) -> int:
    return Progress.objects.get(organization=here.home, kind=Progress.Kind.BRANCH).done


def test_the_secretary_names_the_group_and_the_figure_follows(here: District) -> None:
    assert met(here) == 0
    sent = fields(deputies="李敏 副书记\n张伟", office_staff="赵敏 干事", phone="010-6500")
    page = said(signed_in(here.secretary).post(address(here, "edit", here.home), sent, follow=True))
    assert "王志强（党委书记）" in page
    assert "李敏（副书记）、张伟" in page
    assert "010-6500" in page
    assert met(here) == 1


def test_only_those_who_prepare_the_unit_may_name_it(here: District) -> None:
    member = make.user(make.member(here.home))
    for who, status in ((member, 403), (here.outsider, 404)):
        assert signed_in(who).get(address(here, "edit", here.home)).status_code == status
    assert signed_in(member).get(address(here, "detail", here.home)).status_code == 200
    assert signed_in(here.outsider).get(address(here, "detail", here.home)).status_code == 404


def test_a_change_keeps_who_stays_and_remembers_who_left(here: District) -> None:
    client, url = signed_in(here.secretary), address(here, "edit", here.home)
    earlier = f"{today() - timedelta(30)}"
    client.post(url, fields(members="甲\n乙", since=earlier, on=earlier))
    page = said(client.post(url, fields(members="乙\n丙", since=earlier), follow=True))
    kept = LeadingGroupPost.objects.get(name="乙")
    assert kept.since == today() - timedelta(30)
    assert LeadingGroupPost.objects.get(name="甲").left_on == today()
    assert "历任人员" in page
    assert "成员 甲" in page


def test_members_see_who_leads_them_and_above(here: District) -> None:
    signed_in(here.office).post(address(here, "edit", here.root), fields(head="陈书记 区委书记", phone="6500-1111"))
    page = said(signed_in(make.user(make.member(here.home))).get(address(here, "detail", here.home)))
    assert "陈书记" in page
    assert "6500-1111" in page


def test_a_head_who_is_not_in_charge_is_pointed_out(here: District) -> None:
    CommitteePost.objects.create(organization=here.home, name="刘正", title="secretary", since=today())
    page = said(signed_in(here.secretary).post(address(here, "edit", here.home), fields(), follow=True))
    assert "现任书记是刘正" in page


def test_what_is_wrong_is_said_and_what_was_typed_stays(here: District) -> None:
    response = signed_in(here.secretary).post(
        address(here, "edit", here.home), fields(head="", members="乙 委员", since="2000-01-02", on="1999-01-01")
    )
    assert response.status_code == 422
    page = said(response)
    assert "请填写组长" in page
    assert "早于领导小组的成立日期" in page
    assert "乙 委员" in page


def test_preparation_and_group_are_one_truth(here: District) -> None:
    values = {"head": "周明", "office_members": "甲、乙"}
    enrolments.prepare(enrolment=here.unit, values=values, by=here.secretary)
    assert met(here) == 1
    group = LeadingGroup.objects.get(organization=here.home)
    assert (group.head, group.office) == ("周明", "甲、乙")
    unit = type(here.unit).objects.get(pk=here.unit.pk)
    assert (unit.head, unit.office_members) == ("周明", "甲、乙")
    signed_in(here.secretary).post(address(here, "edit", here.home), fields(head="周明 书记", office_head="甲 主任"))
    enrolments.prepare(enrolment=here.unit, values=values, by=here.secretary)
    held = set(group.posts.held().values_list("duty", "name", "title"))
    assert held == {("head", "周明", "书记"), ("office-head", "甲", "主任"), ("office-staff", "乙", "")}
    enrolments.prepare(enrolment=here.unit, values={"head": ""}, by=here.secretary)
    assert met(here) == 0


def test_the_list_shows_levels_without_a_group(here: District) -> None:
    signed_in(here.secretary).post(address(here, "edit", here.home), fields())
    url = address(here, "list", here.root)
    page = said(signed_in(here.office).get(url))
    assert "还有 3 个组织没有登记领导小组" in page
    assert "机关党总支" in page
    assert "第一党支部" not in page
    assert "第二党支部" not in said(signed_in(here.office).get(url + "?level=above"))
    assert "王志强" in said(signed_in(here.office).get(url + "?show=all"))


def test_the_list_asks_as_often_for_many_as_for_few(here: District, django_assert_max_num_queries: Any) -> None:
    client, url = signed_in(here.office), address(here, "list", here.root) + "?show=all"
    client.get(url)
    for _ in range(12):
        make.branch(here.root)
    with django_assert_max_num_queries(22):
        client.get(url)


def test_both_lists_print(here: District) -> None:
    client = signed_in(here.office)
    for show in ("", "all"):
        params = {"campaign": here.campaign.pk, "organization": here.root.pk, "show": show}
        for kind in ("pdf", "xlsx"):
            response = client.post(reverse("document-print", args=["leading-groups"]), params | {"format": kind})
            assert response.status_code in {200, 302}
