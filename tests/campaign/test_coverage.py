"""Who is not reached: numbers and names come from one definition."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from campaign.actions.enrolment import placeless
from campaign.models import Campaign
from campaign.progress.coverage import Unplaced, count_coverage, placed, unplaced, without_place
from campaign.units.roll import roll_changed
from members.models import Member, Mobility, Organization
from members.permissions import Role
from tests import factories as make
from tests.campaign.unit import said
from tests.clients import signed_in


@pytest.fixture
def root(db: Any) -> Organization:
    """Three branches in the campaign and two (one of them closed) that are not; in each enrolled one somebody takes
    part, somebody left for another province, somebody was forgotten, and somebody is no longer on the roll."""
    top = make.organization("市委")
    campaign = make.campaign(top)
    for number in range(3):
        home = make.branch(top, f"第{number}支部")
        make.member(home)
        away = make.member(home, f"远行者{number}")
        Mobility.objects.create(member=away, kind="out-of-province", since=date(2005, 1, 1), place="广州")
        returned = make.member(home)
        Mobility.objects.create(
            member=returned, kind="out-of-province", since=date(2004, 1, 1), until=date(2005, 1, 1), place="广州"
        )
        make.enrolment(campaign, home)
        make.member(home, f"遗漏者{number}")
        make.member(home, ended_on=date(2005, 1, 1), ending="moved")
    for name, closed in (("未编入支部", None), ("已撤销支部", date(2005, 1, 1))):
        waiting = make.branch(top, name, closed_on=closed)
        make.member(waiting)
        away = make.member(waiting)
        Mobility.objects.create(member=away, kind="out-of-province", since=date(2005, 1, 1))
    return Organization.objects.get(pk=top.pk)


def campaign_of(root: Organization) -> Campaign:
    return Campaign.objects.get(organization=root)


def found(root: Organization) -> Unplaced:
    return unplaced(campaign_of(root), [root.path], named=[root.path])


def test_the_number_is_the_length_of_the_list(root: Organization) -> None:
    campaign = campaign_of(root)
    coverage, lists = count_coverage(campaign, root), found(root)
    assert (coverage.on_roll, coverage.taking_part, coverage.elsewhere) == (16, 6, 5)
    assert coverage.without_place == len(without_place(campaign, root)) == 5
    assert coverage.branches - coverage.enrolled == lists.branches == len(lists.first_branches) == 1
    waiting = Member.objects.filter(branch__enrolments=None).count()
    assert lists.members == len(lists.first_members) == coverage.without_place + coverage.elsewhere - waiting == 6


def test_they_agree_node_by_node(root: Organization) -> None:
    campaign = campaign_of(root)
    for branch in Organization.objects.filter(enrolments__campaign=campaign):
        coverage = count_coverage(campaign, branch)
        lists = unplaced(campaign, [branch.path], named=[branch.path])
        names = {row["member"].name: row["reason"] for row in lists.first_members}
        assert len(names) == lists.members == coverage.without_place + coverage.elsewhere
        assert sum("流出外省市（广州）" in why for why in names.values()) == coverage.elsewhere == 1
        assert sum("核对名册" in why for why in names.values()) == coverage.without_place == 1


def test_they_agree_after_the_roll_was_put_right(root: Organization) -> None:
    campaign = campaign_of(root)
    roll_changed(Organization.objects.filter(enrolments__campaign=campaign).values_list("pk", flat=True))
    coverage, lists = count_coverage(campaign, root), found(root)
    assert coverage.without_place == len(without_place(campaign, root)) == 2  # of the branches in no batch
    assert lists.members == len(lists.first_members) == 3
    assert {row["member"].name for row in lists.first_members} == {"远行者0", "远行者1", "远行者2"}


def test_branches_without_a_batch_are_those_that_enrolling_would_take(root: Organization) -> None:
    campaign = campaign_of(root)
    assert list(placeless(campaign, [root])) == found(root).first_branches
    top, *_ = placed(campaign, [root])
    coverage = count_coverage(campaign, root)
    assert (top["total"], top["placed"], top["left"]) == (4, 3, 1)
    assert (top["total"], top["placed"]) == (coverage.branches, coverage.enrolled)


def test_names_only_where_one_may_see_them(root: Organization) -> None:
    branch = Organization.objects.get(name="第1支部")
    lists = unplaced(campaign_of(root), [root.path], named=[branch.path])
    assert (lists.members, {row["member"].name for row in lists.first_members}) == (6, {"远行者1", "遗漏者1"})
    assert lists.more_members == 4


def test_the_page_says_the_numbers_and_the_names(root: Organization) -> None:
    page = said(signed_in(make.hat(Role.OFFICE, root)).get(reverse("campaign-detail", args=[campaign_of(root).pk])))
    assert "1 个支部还没有编入批次" in page
    assert "未编入支部" in page
    assert "已撤销支部" not in page
    assert "6 名党员没有参加的地方" in page
    assert page.count("请联系落实") == 3
    assert page.count("请核对名册") == 3
