"""Who has no place and why, which organisations are in no batch, where units stand: by page, narrowed, printed."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from campaign.actions import postponement as postponements
from campaign.listings.documents import find_listing, listing_sheet, listing_tables
from campaign.listings.listing import listings
from campaign.models import Enrolment, Participation
from members.models import Mobility, Organization
from members.permissions import Role
from members.registry import roll_changed
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Unit:
    return unit()


def page(here: Unit, kind: str, at: Organization | None = None) -> str:
    return reverse("listing", args=[here.campaign.pk, (at or here.root).pk, kind])


def test_lists_are_for_those_who_may_see_names_there(here: Unit) -> None:
    overseer, member = make.hat(Role.OVERSEER, here.root), make.user(here.people()[0].member)
    for listing in listings:
        own = page(here, listing.code, here.branch)
        assert signed_in(here.office).get(page(here, listing.code)).status_code == 200
        assert signed_in(here.secretary).get(own).status_code == 200
        assert signed_in(here.secretary).get(page(here, listing.code)).status_code == 404
        assert signed_in(overseer).get(own).status_code == 403
        assert signed_in(member).get(own).status_code == 403
        assert signed_in(here.outsider).get(own).status_code == 404
        assert here.secretary.can("export")
    assert signed_in(here.office).get(page(here, "nothing")).status_code == 404


def test_every_member_without_a_place_is_listed_with_the_reason(here: Unit) -> None:
    """S2 三2: 扩大覆盖面."""
    lone = make.branch(here.root, "偏远支部")
    make.member(lone, "未编入者")
    away = make.member(here.branch, "远行者")
    Mobility.objects.create(member=away, kind=Mobility.Kind.OUT_OF_PROVINCE, place="上海", since=TODAY())
    roll_changed([here.branch.pk])
    astray = here.people()[1]
    Participation.objects.filter(pk=astray.pk).delete()
    done = make.branch(here.root, "已结束支部")
    make.enrolment(here.campaign, done, Enrolment.State.FINISHED)
    make.member(done, "后来者")
    client = signed_in(here.office)
    shown = said(client.get(page(here, "without-place")))
    expected = {
        "branch": ("未编入者", "所在支部还没有编入批次"),
        "away": ("远行者", "流出外省市（上海），应在流入地参加"),
        "finished": ("后来者", "支部的活动已经结束"),
        "other": (astray.member.name, "没有参加记录，请核对名册"),
    }
    for why, (name, reason) in expected.items():
        assert name in shown
        assert reason in shown
        narrowed = said(client.get(page(here, "without-place"), {"why": why}))
        assert name in narrowed
        others = {other for key, (other, _) in expected.items() if key != why}
        assert not [other for other in others if other in narrowed]
    assert "远行者" not in said(client.get(page(here, "without-place"), {"q": "偏远支部"}))


def test_every_organisation_without_a_batch_is_listed(here: Unit) -> None:
    lone = make.branch(here.root, "偏远支部", condition="weak")
    make.member(lone)
    client = signed_in(here.office)
    shown = said(client.get(page(here, "without-batch")))
    assert "偏远支部" in shown
    assert "整顿好后再启动" in shown
    assert "机关第一党支部" not in shown
    assert "偏远支部" in said(client.get(page(here, "without-batch"), {"condition": "weak"}))
    assert "偏远支部" not in said(client.get(page(here, "without-batch"), {"condition": "stopped"}))
    make.enrolment(here.campaign, lone)
    assert "偏远支部" not in said(client.get(page(here, "without-batch")))


def test_units_are_found_by_batch_state_and_mark(here: Unit) -> None:
    client, url = signed_in(here.office), page(here, "units")
    assert "<dt>参加单位</dt><dd>1</dd>" in said(client.get(url))
    assert "机关第一党支部" in said(client.get(url, {"batch": "1", "state": "running"}))
    assert "机关第一党支部" not in said(client.get(url, {"batch": "2"}))
    assert "机关第一党支部" not in said(client.get(url, {"mark": "unfiled"}))
    postponements.postpone(enrolment=here.enrolment, reason="停产", until=TODAY() + timedelta(30), by=here.office)
    assert f"暂缓至{TODAY() + timedelta(30)}：停产" in said(client.get(url, {"state": "postponed"}))


def test_lists_page_by_key_and_cost_the_same(here: Unit, django_assert_max_num_queries: Any) -> None:
    root = Organization.objects.get(pk=here.root.pk)
    for number in range(60):
        make.branch(root, f"村{number:02}支部")
    client, url = signed_in(here.office), page(here, "without-batch")
    first = client.get(url)
    with django_assert_max_num_queries(14):
        assert said(client.get(url)).count('<td data-label="单位">') == 50
    assert said(client.get(first.context["page"].next_url)).count('<td data-label="单位">') == 12
    for odd in ({"after": "x"}, {"kind": "nothing"}, {"q": "\x00"}, {"before": "9" * 40}):
        assert client.get(url, odd).status_code == 200


def test_a_list_is_printed_and_exported_as_it_was_narrowed(here: Unit) -> None:
    make.branch(here.root, "偏远支部")
    make.branch(here.root, "近处支部")
    params = {
        "campaign": str(here.campaign.pk),
        "organization": str(here.root.pk),
        "kind": "without-batch",
        "q": "偏远",
    }
    sheet = find_listing(params, here.office)
    (table,) = listing_tables(sheet, params, here.office)
    assert [row[1] for row in table.rows] == ["偏远支部"]
    assert "偏远" in listing_sheet(sheet, params, here.office)["said"]
    for form in ("pdf", "xlsx"):
        answer = signed_in(here.office).post(
            reverse("document-print", args=["campaign-list"]), params | {"format": form}
        )
        assert answer.status_code in {200, 302}
    own = params | {"organization": str(here.branch.pk)}
    assert signed_in(here.outsider).post(reverse("document-print", args=["campaign-list"]), own).status_code == 404
