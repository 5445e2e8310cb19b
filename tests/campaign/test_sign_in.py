"""Signing in on the day: by the changing code on the screen, by the code on paper, for a colleague."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaign.actions import sign_in as actions
from campaign.actions import study_plan as plans
from campaign.models import PlannedSession, SignIn
from campaign.study.sign_in_codes import SECONDS, is_screen_code, paper_code, screen_code, slot_of, way_of
from members.models import User
from members.permissions import Role
from portal.models import AuditEntry
from tests import factories as make
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.usefixtures("noon")
NOON = timezone.make_aware(datetime(2026, 9, 16, 12, 0, 0))


def planned(here: Unit, **change: Any) -> PlannedSession:
    """A session that begins in an hour."""
    values = {"topic": "学习党章", "form": "collective", "starts_at": timezone.now() + timedelta(hours=1)} | change
    return plans.plan(enrolment=here.enrolment, materials=[], submission=None, by=here.secretary, **values)[0]


def member(here: Unit, number: int = 0) -> User:
    return make.user(here.people()[number].member)


def scan(plan: PlannedSession, moment: datetime | None = None) -> str:
    """The address on the screen."""
    return reverse("study-scan", args=[plan.pk, screen_code(plan.pk, slot_of(moment or timezone.now()))])


def page(plan: PlannedSession) -> str:
    return reverse("study-plan-sign-in", args=[plan.pk])


@pytest.fixture
def here(db: None) -> Unit:
    return unit()


@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        (-SECONDS - 1, False),
        (-SECONDS, True),
        (0, True),
        (SECONDS, True),
        (2 * SECONDS - 1, True),
        (2 * SECONDS, False),
    ],
)
def test_a_code_is_good_for_its_half_minute_and_one_more_on_either_side(seconds: int, good: bool) -> None:
    code = screen_code(7, slot_of(NOON))
    assert is_screen_code(7, code, NOON + timedelta(seconds=seconds)) is good
    assert not is_screen_code(8, code, NOON), "of this plan only"


def test_the_paper_code_is_another_one_for_each_plan_and_day(here: Unit) -> None:
    first, second = planned(here), planned(here, topic="另一次")
    code = paper_code(first)
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{6}", code)
    assert way_of(first, code.lower(), timezone.now()) == SignIn.Way.PAPER
    assert not way_of(second, code, timezone.now())
    first.starts_at += timedelta(days=1)
    assert not way_of(first, code, timezone.now())


def test_a_member_scans_presses_and_sees_it_confirmed(here: Unit) -> None:
    plan, person = planned(here), member(here)
    client = signed_in(person)
    asked = said(client.get(scan(plan), follow=True))
    assert f"{person}，签到" in asked
    assert not SignIn.objects.exists(), "a visit alone signs nobody in"
    done = said(client.post(page(plan), {"what": "self"}, follow=True))
    assert "您已签到" in done
    again = said(client.post(page(plan), {"what": "self"}, follow=True))
    assert "没有重复登记" in again
    sign_in = SignIn.objects.get()
    assert (sign_in.way, sign_in.is_late, sign_in.is_proxy) == ("screen", False, False)
    assert "已签到 1 人" in said(signed_in(here.secretary).get(reverse("study-plan-detail", args=[plan.pk])))


def test_the_own_page_offers_signing_in_until_one_has(here: Unit) -> None:
    plan, user = planned(here), member(here)
    client = signed_in(user)
    assert page(plan) in said(client.get(reverse("home")))
    actions.sign_in(plan=plan, participation=here.people()[0], way="screen", device="", by=user)
    home = said(client.get(reverse("home")))
    assert page(plan) not in home
    assert "已签到" in home


def test_who_is_not_signed_in_to_the_portal_signs_in_and_comes_back_though_the_code_has_changed(
    here: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, person, client = planned(here), member(here), Client()
    response = client.get(scan(plan), follow=True)
    back, status = response.redirect_chain[-1]
    assert back.startswith("/sign-in/?next=/plans/")
    later = timezone.now() + timedelta(minutes=3)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    answer = client.post(back, {"username": person.username, "password": make.PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == page(plan)
    assert "，签到" in said(answer)
    assert "您已签到" in said(client.post(page(plan), {"what": "self"}, follow=True))


def test_a_scan_does_not_last(here: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, person = planned(here), member(here)
    client = signed_in(person)
    client.get(scan(plan))
    later = timezone.now() + timedelta(minutes=11)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert "请先扫描会场的二维码" in said(client.post(page(plan), {"what": "self"}, follow=True))
    assert not SignIn.objects.exists()


def test_an_old_picture_of_the_code_is_refused_with_a_way_on(here: Unit) -> None:
    plan = planned(here)
    old = scan(plan, timezone.now() - timedelta(minutes=5))
    answer = said(signed_in(member(here)).get(old, follow=True))
    assert "二维码已经过期" in answer
    assert "签到码" in answer


def test_the_code_on_paper_is_typed(here: Unit) -> None:
    plan, person = planned(here), member(here)
    client = signed_in(person)
    assert "签到码不对" in said(client.post(page(plan), {"what": "code", "code": "AAAAAA"}))
    assert "请填写签到码" in said(client.post(page(plan), {"what": "code", "code": ""}))
    client.post(page(plan), {"what": "code", "code": f" {paper_code(plan).lower()} "})
    client.post(page(plan), {"what": "self"})
    assert SignIn.objects.get().way == "paper"
    printed = reverse("study-scan", args=[plan.pk, paper_code(plan)])
    assert "，签到" in said(signed_in(member(here, 1)).get(printed, follow=True))


def test_late_is_from_the_minute_that_was_set(here: Unit) -> None:
    plan = planned(here, starts_at=timezone.now() - timedelta(minutes=9), late_after=10)
    person = here.people()[0]
    first, _ = actions.sign_in(plan=plan, participation=person, way="screen", device="", by=here.secretary)
    first.plan = plan
    assert not first.is_late
    first.at = plan.late_from
    assert first.is_late
    assert first.state == "late"


def test_wrong_day_cancelled_recorded_and_not_expected_are_said_plainly(here: Unit) -> None:
    person = member(here)
    client = signed_in(person)
    tomorrow = planned(here, starts_at=timezone.now() + timedelta(days=1))
    assert "只能当天签到" in said(client.get(page(tomorrow)))
    assert "只能当天签到" in said(
        client.get(page(planned(here, topic="昨", starts_at=timezone.now() - timedelta(days=1))))
    )
    off = planned(here, topic="取消的")
    plans.cancel(planned=off, why="停电", by=here.secretary)
    assert "这次学习已取消，不需要签到。原因：停电" in said(client.get(page(off)))
    leaders = planned(here, topic="中心组", form="core-group")
    client.get(scan(leaders))
    assert "您不在这次学习的参加人员之中" in said(client.get(page(leaders)))
    assert "没有签到" in said(client.post(page(leaders), {"what": "self"}, follow=True))
    client.get(scan(tomorrow))
    client.post(page(tomorrow), {"what": "self"})
    assert not SignIn.objects.exists()
    assert signed_in(here.outsider).get(page(tomorrow)).status_code == 404


def test_a_colleague_signs_in_for_another_and_it_is_seen(here: Unit) -> None:
    plan, person, other = planned(here), member(here), here.people()[1]
    client = signed_in(person)
    client.get(scan(plan))
    assert "参加人员中没有“无名氏”" in said(client.post(page(plan), {"what": "name", "name": "无名氏"}))
    answer = said(client.post(page(plan), {"what": "name", "name": f" {other} "}, follow=True))
    assert "由您代签的" in answer
    assert SignIn.objects.get().participation == other
    assert f"{person}代签" in said(signed_in(here.secretary).get(reverse("study-plan-detail", args=[plan.pk])))
    assert f"由 {person} 代签" in said(signed_in(make.user(other.member)).get(page(plan)))
    assert AuditEntry.objects.filter(verb="代签", by=person).count() == 1


def test_namesakes_are_left_to_the_secretary(here: Unit) -> None:
    plan, other = planned(here), here.people()[1]
    type(other.member).objects.filter(pk=here.people()[2].member_id).update(name=other.member.name)
    client = signed_in(member(here))
    client.get(scan(plan))
    assert "有同名的同志" in said(client.post(page(plan), {"what": "name", "name": other.member.name}))


def test_one_device_for_two_accounts_is_shown_and_refused_nothing(here: Unit) -> None:
    plan, first, second, third = planned(here), member(here), member(here, 1), member(here, 2)
    device = ""
    for person in (first, second, third):
        client = signed_in(person)
        if device and person is second:
            client.cookies["study-device"] = device
        client.get(scan(plan))
        client.post(page(plan), {"what": "self"})
        device = device or client.cookies["study-device"].value
    assert SignIn.objects.count() == 3
    assert not SignIn.objects.filter(device=device).exists(), "kept as a digest only"
    shown = said(signed_in(here.secretary).get(reverse("study-plan-detail", args=[plan.pk])))
    assert shown.count('bg-orange-lt">同一设备') == 2


def test_the_screen_shows_a_code_and_no_names(here: Unit) -> None:
    plan = planned(here)
    client, url = signed_in(here.secretary), reverse("study-plan-screen", args=[plan.pk])
    actions.sign_in(plan=plan, participation=here.people()[0], way="screen", device="", by=here.secretary)
    whole, part = said(client.get(url)), said(client.get(url, headers={"HX-Request": "true"}))
    assert 'http-equiv="refresh"' in whole
    assert "<html" not in part
    for text in (whole, part):
        assert "<svg" in text
        assert "<strong>1</strong> 人" in text
        assert str(here.people()[0]) not in text


def test_committee_members_may_show_it_and_inspectors_not(here: Unit) -> None:
    plan = planned(here)
    url = reverse("study-plan-screen", args=[plan.pk])
    assert signed_in(make.hat(Role.COMMITTEE, here.branch)).get(url).status_code == 200
    assert signed_in(make.hat(Role.INSPECTOR, here.root)).get(url).status_code == 403


def test_of_two_at_the_same_moment_one_is_kept(here: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A colleague's proxy arrives between one's own check and one's own write."""
    plan, person, colleague = planned(here), here.people()[0], member(here, 1)
    own, expected = make.user(person.member), actions.expected

    def meanwhile(row: PlannedSession) -> Any:
        SignIn.objects.create(plan=row, participation=person, way="paper", by=colleague)
        return expected(row)

    monkeypatch.setattr(actions, "expected", meanwhile)
    kept, new = actions.sign_in(plan=plan, participation=person, way="screen", device="", by=own)
    assert not new
    assert kept.by == colleague
    assert SignIn.objects.count() == 1
