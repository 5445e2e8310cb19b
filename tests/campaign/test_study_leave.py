"""Leave asked for in advance: the reason is for the secretary and oneself; granted, it becomes the attendance."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from campaign.actions import study_leave as actions
from campaign.actions import study_plan as plans
from campaign.models import PlannedSession, StudyLeave
from members.permissions import Role
from portal.menu import duties
from portal.models import Notice
from tests import factories as make
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
REASON = "下午去医院复查"


@pytest.fixture
def here() -> Unit:
    return unit()


def planned(here: Unit, **change: Any) -> PlannedSession:
    values = {"topic": "学习党章", "form": "collective", "starts_at": timezone.now() + timedelta(days=1)} | change
    return plans.plan(enrolment=here.enrolment, materials=[], submission=None, by=here.secretary, **values)[0]


def asked(here: Unit, plan: PlannedSession, number: int = 0) -> StudyLeave:
    person = here.people()[number]
    account = getattr(person.member, "user", None) or make.user(person.member)
    return actions.ask(plan=plan, participation=person, kind="sick-leave", reason=REASON, by=account)


def decide(here: Unit, leave: StudyLeave, grant: bool, answer: str = "") -> str:
    values = {f"{leave.pk}-grant": "1" if grant else "", f"{leave.pk}-answer": answer}
    url = reverse("study-leave-decide", args=[leave.pk])
    return said(signed_in(here.secretary).post(url, values, follow=True))


def test_a_member_asks_the_secretary_grants_and_both_are_told(here: Unit) -> None:
    nine = timezone.localtime(timezone.now() + timedelta(days=1)).replace(hour=9)
    plan, person = planned(here, starts_at=nine), here.people()[0]
    account = make.user(person.member)
    url = reverse("study-leave-create", args=[plan.pk])
    assert "请写明请假的原因" in said(signed_in(account).post(url, {"kind": "sick-leave", "reason": ""}))
    answer = said(signed_in(account).post(url, {"kind": "sick-leave", "reason": REASON}, follow=True))
    assert "病假，<strong>待批</strong>" in answer
    told = Notice.objects.get(recipient=here.secretary, kind="请假")
    assert "不能参加学习“学习党章”" in told.text
    assert REASON not in told.text
    leave = StudyLeave.objects.get()
    assert [d.text for source in duties for d in source(here.secretary) if "请假" in d.text] == [f"批复请假：{person}"]
    assert "已准假，已通知本人" in decide(here, leave, True)
    assert "请假已准假" in Notice.objects.get(recipient=account, kind="请假").text
    assert [d for source in duties for d in source(here.secretary) if "请假" in d.text] == []


def test_the_reason_is_read_by_the_secretary_and_oneself_only(here: Unit) -> None:
    plan = planned(here)
    leave = asked(here, plan)
    page = reverse("study-plan-detail", args=[plan.pk])
    colleague = make.user(here.people()[1].member)
    sees = {
        "secretary": here.secretary,
        "author": leave.participation.member.user,
    }
    for who, user in sees.items():
        assert REASON in said(signed_in(user).get(page)), who
    committee = make.hat(Role.COMMITTEE, here.branch)
    for user in (colleague, committee, make.hat(Role.INSPECTOR, here.root), here.office):
        assert REASON not in said(signed_in(user).get(page))
        url = reverse("study-leave-decide", args=[leave.pk])
        assert signed_in(user).post(url, {f"{leave.pk}-grant": "1"}).status_code == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM campaign_studyleave")
        assert REASON.encode() not in bytes(cursor.fetchone()[0])


def test_a_refusal_needs_a_word_and_can_be_asked_again(here: Unit) -> None:
    plan = planned(here)
    leave = asked(here, plan)
    assert "请写一句答复" in decide(here, leave, False)
    decide(here, leave, False, "这次是民主评议，请务必参加")
    account = leave.participation.member.user
    assert "务必参加" in said(signed_in(account).get(reverse("study-plan-detail", args=[plan.pk])))
    asked(here, plan)
    leave.refresh_from_db()
    assert (leave.state, leave.answer) == ("asked", "")


def test_nobody_decides_about_their_own(here: Unit) -> None:
    plan = planned(here)
    own = next(number for number, p in enumerate(here.people()) if p.member_id == here.secretary.member_id)
    leave = asked(here, plan, own)
    url = reverse("study-leave-decide", args=[leave.pk])
    assert signed_in(here.secretary).post(url, {f"{leave.pk}-grant": "1"}).status_code == 403
    leave.refresh_from_db()
    assert leave.is_waiting


def test_only_in_advance_and_taken_back_until_then(here: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(here)
    leave = asked(here, plan)
    account = leave.participation.member.user
    withdraw = reverse("study-leave-withdraw", args=[leave.pk])
    assert signed_in(here.secretary).post(withdraw).status_code == 403
    assert "请假已撤回" in said(signed_in(account).post(withdraw, follow=True))
    late = planned(here, topic="已经开始的", starts_at=timezone.now() - timedelta(minutes=1))
    page = said(signed_in(account).get(reverse("study-leave-create", args=[late.pk]), follow=True))
    assert "只能在学习开始之前请假" in page
    with pytest.raises(actions.LeaveRefused):
        actions.ask(plan=late, participation=here.people()[0], kind="sick-leave", reason="x", by=account)


def test_of_two_answers_at_once_the_second_is_told(here: Unit) -> None:
    leave = asked(here, planned(here))
    second = StudyLeave.objects.select_related("plan__enrolment__organization").get(pk=leave.pk)
    first = StudyLeave.objects.select_related("plan__enrolment__organization").get(pk=leave.pk)
    actions.decide(leave=first, grant=True, answer="", by=here.secretary)
    with pytest.raises(actions.LeaveRefused):
        actions.decide(leave=second, grant=False, answer="不行", by=here.secretary)
    assert StudyLeave.objects.get().state == "granted"


def test_the_own_page_offers_leave_for_the_next_session(here: Unit) -> None:
    account = make.user(here.people()[0].member)
    assert "近期学习" not in said(signed_in(account).get(reverse("home")))
    plan = planned(here)
    page = said(signed_in(account).get(reverse("home")))
    assert reverse("study-leave-create", args=[plan.pk]) in page
    asked(here, plan)
    assert "病假待批" in said(signed_in(account).get(reverse("home")))


def test_leave_is_for_its_day_and_void_on_another(here: Unit) -> None:
    nine = timezone.localtime(timezone.now() + timedelta(days=1)).replace(hour=9)
    plan, person = planned(here, starts_at=nine), here.people()[0]
    account = make.user(person.member)
    leave = actions.ask(plan=plan, participation=person, kind="personal-leave", reason="搬家", by=account)
    actions.decide(leave=leave, grant=True, answer="", by=here.secretary)
    later = plan.starts_at + timedelta(hours=1)
    plans.change(planned=plan, materials=[], starts_at=later, by=here.secretary)
    leave.refresh_from_db()
    assert leave.state == StudyLeave.State.GRANTED, "an hour later is the same day"
    plans.change(planned=plan, materials=[], starts_at=later + timedelta(days=3), by=here.secretary)
    leave.refresh_from_db()
    assert leave.state == StudyLeave.State.WITHDRAWN
    assert "请重新请假" in Notice.objects.filter(recipient=account).latest("pk").text
    page = signed_in(account).get(reverse("study-plan-detail", args=[plan.pk]))
    assert reverse("study-leave-create", args=[plan.pk]) in said(page)
