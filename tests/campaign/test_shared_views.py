"""Figures by link for people without an account: no names, for a time, taken back at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaign.actions import shared_view as shares
from campaign.models import SharedView
from members.permissions import Role
from portal.models import AuditEntry
from tests import factories as make
from tests.campaign.test_dashboard import World, open_page, plain, text


@pytest.fixture
def world(db: Any) -> World:
    return World()


def made(world: World, by: Any = None) -> SharedView:
    by = by or make.hat(Role.OFFICE, world.root)
    return shares.share(campaign=world.campaign, organization=world.root, phase=None, purpose="汇报会", days=3, by=by)


def link(shared: SharedView) -> str:
    return reverse("shared-view-open", args=[shared.token])


def list_of(world: World) -> str:
    return reverse("shared-view-list", args=[world.campaign.pk, world.root.pk])


def test_made_in_the_browser_opened_by_a_stranger_and_revoked(world: World) -> None:
    office = Client()
    office.force_login(make.hat(Role.OFFICE, world.root))
    page = office.post(list_of(world), {"purpose": "汇报会", "days": "3", "phase": ""}, follow=True)
    address = page.context["lines"][0][1]
    shared = SharedView.objects.get()
    stranger = Client().get(address)
    assert stranger.status_code == 200
    body = text(stranger)
    assert "城东区委" in body
    assert "买买提" not in body
    assert "/campaigns/" not in body
    assert stranger["Referrer-Policy"] == "no-referrer"
    assert "no-store" in stranger["Cache-Control"]
    shared.refresh_from_db()
    assert shared.opened == 1
    office.post(reverse("shared-view-revoke", args=[shared.pk]))
    assert Client().get(address).status_code == 404
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert [v for v in verbs if "链接" in v] == ["生成只读链接", "打开只读链接", "撤销只读链接"]
    assert not shares.revoke(shared=shared, by=shared.by)


def test_it_runs_out(world: World) -> None:
    shared = made(world)
    SharedView.objects.update(
        created_at=timezone.now() - timedelta(days=3), expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert Client().get(link(shared)).status_code == 404


def test_a_token_that_was_not_signed_here_opens_nothing(world: World) -> None:
    shared = made(world)
    for token in (shared.key.hex, str(shared.pk), f"{shared.token}x", f"x{shared.token}", "%00", "zz:zz"):
        assert Client().get(f"/shared/{token}/").status_code == 404


def test_it_ends_with_the_right_of_who_made_it(world: World) -> None:
    office = make.hat(Role.OFFICE, world.root)
    shared = made(world, office)
    assert Client().get(link(shared)).status_code == 200
    office.appointments.update(revoked_at=timezone.now())
    assert Client().get(link(shared)).status_code == 404


def test_few_people_are_not_shown(world: World) -> None:
    """Two children of four and two people: neither figure, nor the one that the sum would give away."""
    made_one = made(world)
    body = plain(text(Client().get(link(made_one))))
    assert body.count("少于5人或不便公开") == 2
    assert "0/2" in body  # branches are no people


def test_nor_are_they_in_the_pictures_of_a_small_place(world: World) -> None:
    office = make.hat(Role.OFFICE, world.root)
    shown = shares.share(
        campaign=world.campaign, organization=world.root, phase=None, purpose="汇报会", days=3, by=office
    )
    assert "study-note：应完成6人" in text(Client().get(link(shown)))
    small = shares.share(
        campaign=world.campaign, organization=world.other, phase=None, purpose="汇报会", days=3, by=office
    )
    body = text(Client().get(link(small)))
    assert "plan-filed：应完成1个支部" in body
    assert "study-note：应完成" not in body
    assert "在册党员" not in body


def test_who_makes_links(world: World) -> None:
    assert open_page(make.hat(Role.OVERSEER, world.root), list_of(world)).status_code == 403
    assert open_page(make.hat(Role.OFFICE, world.district), list_of(world)).status_code == 404
    shared = made(world)
    client = Client()
    client.force_login(make.hat(Role.OFFICE, world.district))
    assert client.post(reverse("shared-view-revoke", args=[shared.pk])).status_code == 404
    home = world.enrolments[0].organization
    client.force_login(make.hat(Role.OFFICE, world.root))
    own = reverse("shared-view-list", args=[world.campaign.pk, home.pk])
    assert client.post(own, {"purpose": "x", "days": "3"}).status_code == 403


def test_a_link_without_purpose_is_refused_kindly(world: World) -> None:
    client = Client()
    client.force_login(make.hat(Role.OFFICE, world.root))
    page = client.post(list_of(world), {"purpose": "", "days": "99"})
    assert "请写明给谁看" in text(page)
    assert not SharedView.objects.exists()
