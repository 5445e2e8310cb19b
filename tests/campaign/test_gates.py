"""Moving on: asked by the branch, decided once, by somebody else, with a reason where something is missing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from campaign.actions import gate as gates
from campaign.actions.waiver import waive
from campaign.models import Enrolment, Gate, PhaseRun
from campaign.progress.writing import Figures, subjects
from members.models import Appointment
from members.permissions import Role
from portal.indicators import Subject
from portal.models import Notice
from tests import factories as make
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Unit:
    return unit()


@pytest.fixture
def asked(here: Unit) -> Gate:
    return gates.request(enrolment=here.enrolment, assessment="学得扎实", by=here.secretary)


def meet_everything(here: Unit) -> None:
    """Waive whatever the present phases ask."""
    phases = here.fresh().runs.filter(state=PhaseRun.State.ACTIVE).values("phase")
    for requirement in here.campaign.requirements.filter(step__phase__in=phases):
        people = (
            list(subjects(requirement).filter(enrolment=here.enrolment))
            if requirement.subject == Subject.PERSON
            else []
        )
        if people or requirement.subject == Subject.ORGANIZATION:
            waive(requirement=requirement, enrolment=here.enrolment, participations=people, reason="x", by=here.office)


def decide(here: Unit, gate: Gate, **fields: str) -> Any:
    return signed_in(here.office).post(reverse("gate-detail", args=[gate.pk]), fields, follow=True)


def test_asking_lists_what_is_missing_by_name_and_keeps_it(here: Unit) -> None:
    url = reverse("gate-request", args=[here.enrolment.pk])
    client = signed_in(here.secretary)
    page = said(client.get(url))
    assert "召开动员大会" in page
    assert "党员甲、党员乙、党员丙" in page
    assert "请填写自我评价" in said(client.post(url, {"assessment": " "}))
    client.post(url, {"assessment": "学得扎实"})
    gate = Gate.objects.get()
    study = next(row for row in gate.missing if row["requirement"] == "参加学习，缺课的补课")
    assert study["who"][:3] == ["党员甲", "党员乙", "党员丙"]
    assert (study["done"], study["waived"], study["total"]) == (0, 0, 4)
    assert "正在等待审核" in said(client.get(url, follow=True))
    assert Gate.objects.count() == 1


def test_pages_are_for_the_branch_and_those_who_decide(here: Unit, asked: Gate) -> None:
    member = make.user(here.people()[0].member)
    request, detail = reverse("gate-request", args=[here.enrolment.pk]), reverse("gate-detail", args=[asked.pk])
    listing = reverse("gate-list", args=[here.campaign.pk])
    assert signed_in(here.office).get(request).status_code == 403
    assert signed_in(here.outsider).get(request).status_code == 404
    assert [signed_in(u).get(detail).status_code for u in (here.secretary, here.office, member, here.outsider)] == [
        200,
        200,
        404,
        404,
    ]
    assert signed_in(here.secretary).post(detail, {"decision": "approve"}).status_code == 403
    assert signed_in(here.secretary).get(listing).status_code == 403
    assert "机关第一党支部" in said(signed_in(here.office).get(listing))
    assert "机关第一党支部" not in said(signed_in(here.office).get(listing, {"q": "第二"}))
    assert signed_in(make.hat(Role.OFFICE, make.organization())).get(listing).status_code == 404
    overseer = make.hat(Role.OVERSEER, here.root)
    assert "党员甲" not in said(signed_in(overseer).get(detail))


def test_going_on_with_gaps_needs_a_reason(here: Unit, asked: Gate) -> None:
    assert "同意转段须写明理由" in said(decide(here, asked, decision="approve"))
    assert here.fresh().phase.name == "学习动员"
    decide(here, asked, decision="approve", override_reason="抗洪抢险，后补")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.override_reason) == ("approved", here.office, "抗洪抢险，后补")
    assert here.fresh().phase.name == "分析评议"
    assert [r.state for r in here.enrolment.runs.all()] == ["done", "done", "active", "waiting", "waiting"]
    page = said(signed_in(here.secretary).get(reverse("enrolment-detail", args=[here.enrolment.pk])))
    assert "抗洪抢险，后补" in page
    assert Notice.objects.filter(recipient=here.secretary, url=reverse("gate-detail", args=[asked.pk])).count() == 1


def test_what_was_missing_then_may_be_met_now(here: Unit, asked: Gate) -> None:
    meet_everything(here)
    page = said(signed_in(here.office).get(reverse("gate-detail", args=[asked.pk])))
    assert "本阶段规定动作已全部完成" in page
    assert "申请时没有完成的" in page
    decide(here, asked, decision="approve", remarks="同意")
    assert here.fresh().phase.name == "分析评议"
    assert Gate.objects.get().override_reason == ""


def test_sending_back_needs_remarks_and_leaves_the_phase(here: Unit, asked: Gate) -> None:
    assert "退回补课须写明要补什么" in said(decide(here, asked, decision="return"))
    decide(here, asked, decision="return", remarks="缺课的补齐")
    assert here.fresh().phase.name == "学习动员"
    assert "缺课的补齐" in Notice.objects.get(recipient=here.secretary, kind="转段审核").text
    again = gates.request(enrolment=here.fresh(), assessment="补齐了", by=here.secretary)
    assert again.state == Gate.State.WAITING


def test_nobody_decides_their_own_request(here: Unit, asked: Gate) -> None:
    Appointment.objects.create(user=here.secretary, organization=here.root, role=Role.OFFICE)
    client, url = signed_in(here.secretary), reverse("gate-detail", args=[asked.pk])
    page = said(client.post(url, {"decision": "approve", "override_reason": "自批"}, follow=True))
    assert "须由他人审核" in page
    asked.refresh_from_db()
    assert asked.state == Gate.State.WAITING


def test_a_second_decision_has_no_effect(here: Unit, asked: Gate) -> None:
    decide(here, asked, decision="return", remarks="补课")
    page = said(decide(here, asked, decision="approve", override_reason="晚了"))
    assert "已经有人审核过" in page
    assert here.fresh().phase.name == "学习动员"
    with pytest.raises(gates.GateRefused, match="已经有人审核过"):
        gates.decide(gate=asked, approve=True, remarks="", override_reason="x", by=here.office)


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_the_same_moment_are_one(here: Unit) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")
    gate = gates.request(enrolment=here.enrolment, assessment="x", by=here.secretary)
    leaders = [here.office, make.hat(Role.LEADING_GROUP, here.root)]

    def decide_it(number: int) -> str:
        try:
            gates.decide(
                gate=Gate.objects.get(pk=gate.pk),
                approve=number == 0,
                remarks="y",
                override_reason="z",
                by=leaders[number],
            )
        except gates.GateRefused as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(decide_it, range(2)))
    assert outcomes[0] == ""
    assert "已经有人审核过" in outcomes[1]
    assert here.enrolment.runs.filter(state=PhaseRun.State.ACTIVE).count() == 1


def test_after_the_last_phase_the_unit_is_finished(here: Unit) -> None:
    for _ in range(4):
        assert here.fresh().state == Enrolment.State.RUNNING
        gate = gates.request(enrolment=here.fresh(), assessment="x", by=here.secretary)
        gates.decide(gate=gate, approve=True, remarks="", override_reason="特殊情况", by=here.office)
    assert here.fresh().state == Enrolment.State.FINISHED
    assert set(here.enrolment.runs.values_list("state", flat=True)) == {"done"}
    with pytest.raises(gates.GateRefused, match="不能申请转段"):
        gates.request(enrolment=here.fresh(), assessment="x", by=here.secretary)
    assert "不在活动进行中" in said(
        signed_in(here.secretary).get(reverse("gate-request", args=[here.enrolment.pk]), follow=True)
    )


def test_waiting_list_costs_the_same_as_it_grows(here: Unit, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        other = make.enrolment(here.campaign, make.branch(here.root))
        Gate.objects.create(
            enrolment=other, phase=here.campaign.phases.first(), assessment="x", requested_by=here.secretary
        )
    client, url = signed_in(here.office), reverse("gate-list", args=[here.campaign.pk])
    client.get(url)
    with django_assert_max_num_queries(14):
        assert said(client.get(url)).count("待审核</span>") == 6
    for query in ({"state": "x"}, {"after": "0"}, {"state": "approved", "before": "x"}):
        assert client.get(url, query).status_code == 200


def test_nothing_asked_is_nothing_missing() -> None:
    assert Figures().missing == 0
