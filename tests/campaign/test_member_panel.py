"""What a member's page says about the campaigns they take part in."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.actions import member as actions
from members.permissions import Role
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_a_member_page_names_what_is_still_owed() -> None:
    root = make.organization("区委")
    home = make.branch(root, "第一党支部")
    campaign = make.campaign(root, (("member-in-contact", "all-members"), ("study-note", "leaders")))
    campaign.requirements.filter(indicator_code="member-in-contact").update(label="与党组织取得联系")
    campaign.requirements.filter(indicator_code="study-note").update(label="撰写学习心得")
    enrolment = make.enrolment(campaign, home)
    person = make.participation(enrolment, "王芳", tags=("leader",)).member
    newcomer = make.member(make.branch(root), "李强")
    client = Client()
    client.force_login(make.hat(Role.OFFICE, root))
    url = reverse("member-detail", args=[person.pk])
    page = client.get(url).text
    assert "参加教育活动" in page
    assert "撰写学习心得" in page
    assert "与党组织取得联系" not in page
    person.mobilities.create(kind="lost", since=date(2005, 8, 1))
    assert "与党组织取得联系、撰写学习心得" in client.get(url).text
    assert "参加教育活动" not in client.get(reverse("member-detail", args=[newcomer.pk])).text
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    assert len(queries) <= 22


def test_the_home_branch_reads_where_a_member_takes_part_who_lives_elsewhere() -> None:
    root = make.organization("区委")
    home, host = make.branch(root, "第一党支部"), make.branch(root, "第二党支部")
    campaign = make.campaign(root)
    make.enrolment(campaign, home), make.enrolment(campaign, host)
    person = make.member(home, "王芳")
    secretary = make.secretary(home)
    actions.open_mobility(member=person, by=secretary, kind="out-of-province", since=date(2005, 8, 1), host=host)
    client = Client()
    client.force_login(secretary)
    assert "在第二党支部参加活动。" in client.get(reverse("member-detail", args=[person.pk])).text


def test_nothing_is_asked_of_who_has_left() -> None:
    root = make.organization("区委")
    enrolment = make.enrolment(make.campaign(root, (("study-note", "all-members"),)), make.branch(root, "第一党支部"))
    person = make.participation(enrolment, "王芳").member
    office = make.hat(Role.OFFICE, root)
    actions.leave(member=person, ending="died", ended_on=date(2005, 9, 1), by=office)
    client = Client()
    client.force_login(office)
    page = client.get(reverse("member-detail", args=[person.pk])).text
    assert "已退出，不再要求" in page
    assert "在本支部参加活动" not in page
