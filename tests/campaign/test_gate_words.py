"""What the inspection team says before a unit moves on, what is sent back to be made up, and what stays on paper."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from pypdf import PdfReader

from campaign.actions import gate as gates
from campaign.documents import find_gate, gate_form
from campaign.models import Gate, GateDemand, GateWord
from members.models import Appointment, Member, User
from members.permissions import Role
from portal.documents import documents
from portal.models import Notice
from portal.printing import render_pdf
from tests import factories as make
from tests.campaign.supervised import District, district
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
AGREE = {"verdict": "agree", "text": "走访两次，学习扎实"}


@pytest.fixture
def place() -> District:
    made = district((("study-note", "all-members"), ("surveyed", "all-branches")))
    made.assign()
    return made


@pytest.fixture
def asked(place: District) -> Gate:
    return gates.request(enrolment=place.unit, assessment="学得扎实", by=place.secretary)


def decide(place: District, gate: Gate, **fields: Any) -> str:
    return said(signed_in(place.office).post(reverse("gate-detail", args=[gate.pk]), fields, follow=True))


def test_the_team_is_told_speaks_once_and_the_office_sees_it(place: District, asked: Gate) -> None:
    assert "请督导组提出意见" in Notice.objects.get(recipient=place.inspector).text
    detail, word = reverse("gate-detail", args=[asked.pk]), reverse("gate-word", args=[asked.pk])
    assert "等待第一督导组提出意见" in said(signed_in(place.office).get(detail))
    client = signed_in(place.inspector)
    assert word in said(client.get(detail))
    assert "请写明具体意见" in said(client.post(word, {"verdict": "agree"}))
    client.post(word, AGREE)
    shown = said(signed_in(place.office).get(detail))
    assert "督导组意见：同意" in shown
    assert "走访两次，学习扎实" in shown
    assert client.post(word, AGREE | {"verdict": "disagree"}, follow=True).status_code == 200
    assert GateWord.objects.get().agrees
    with pytest.raises(IntegrityError), transaction.atomic():
        GateWord.objects.create(gate=asked, team=place.team, agrees=False, text="x", by=place.inspector)
    listed = reverse("gate-list", args=[place.campaign.pk])
    assert "同意（第一督导组）" in said(signed_in(place.office).get(listed))


def test_the_list_says_what_a_request_waits_for(place: District, asked: Gate) -> None:
    elsewhere = gates.request(enrolment=place.far_unit, assessment="学得扎实", by=place.outsider)
    client, listed = signed_in(place.office), reverse("gate-list", args=[place.campaign.pk])
    page = said(client.get(listed))
    assert page.count("等待第一督导组") == 1
    assert page.count("未派督导组，等待上级审核") == 1
    decide(place, elsewhere, decision="return", remarks="补齐", word_reason="x")
    assert "没有提出意见" in said(client.get(listed, {"state": "returned"}))
    signed_in(place.inspector).post(reverse("gate-word", args=[asked.pk]), AGREE)
    assert "等待第一督导组" not in said(client.get(listed))


def test_who_may_give_the_word(place: District, asked: Gate) -> None:
    word = reverse("gate-word", args=[asked.pk])
    other = make.hat(Role.INSPECTOR, place.root)
    assert signed_in(other).get(word).status_code == 403
    assert signed_in(place.office).get(word).status_code == 403
    assert signed_in(place.secretary).get(word).status_code == 403
    assert signed_in(place.outsider).get(word).status_code == 404


def test_nobody_gives_the_word_on_their_own_unit(place: District, asked: Gate) -> None:
    inspector = User.objects.get(pk=place.inspector.pk)
    inspector.member = Member.objects.create(branch=place.home, name="组长")
    inspector.save(update_fields=["member"])
    assert signed_in(inspector).post(reverse("gate-word", args=[asked.pk]), AGREE).status_code == 403
    with pytest.raises(gates.GateRefused, match="其他同志"):
        gates.speak(gate=asked, team=place.team, agrees=True, text="x", by=User.objects.get(pk=inspector.pk))
    Appointment.objects.create(user=inspector, organization=place.root, role=Role.OFFICE)
    assert not GateWord.objects.exists()


def test_deciding_before_the_word_needs_a_reason(place: District, asked: Gate) -> None:
    page = decide(place, asked, decision="approve", override_reason="后补")
    assert "第一督导组还没有提出意见，请写明理由" in page
    with pytest.raises(gates.GateRefused, match="还没有提出意见"):
        gates.decide(gate=asked, approve=True, remarks="", override_reason="后补", by=place.office)
    decide(place, asked, decision="approve", override_reason="后补", word_reason="督导组长出差，电话已沟通")
    asked.refresh_from_db()
    assert (asked.state, asked.word_reason) == ("approved", "督导组长出差，电话已沟通")


@pytest.mark.parametrize(("agrees", "decision"), [(False, "approve"), (True, "return")])
def test_deciding_against_the_word_needs_a_reason(place: District, asked: Gate, agrees: bool, decision: str) -> None:
    gates.speak(gate=asked, team=place.team, agrees=agrees, text="见走访记录", by=place.fresh_inspector())
    fields = {"decision": decision, "override_reason": "后补", "remarks": "补齐笔记"}
    assert "与您的审核结果不一致，请写明理由" in decide(place, asked, **fields)
    decide(place, asked, **fields, word_reason="已当面核实")
    asked.refresh_from_db()
    assert asked.state != Gate.State.WAITING
    assert asked.word_reason == "已当面核实"


def test_deciding_with_the_word_needs_none(place: District, asked: Gate) -> None:
    gates.speak(gate=asked, team=place.team, agrees=False, text="笔记不全", by=place.fresh_inspector())
    decide(place, asked, decision="return", remarks="补齐笔记", word_reason="多余的话")
    asked.refresh_from_db()
    assert (asked.state, asked.word_reason) == ("returned", "")
    late = signed_in(place.fresh_inspector()).get(reverse("gate-word", args=[asked.pk]), follow=True)
    assert "不能再提出" in said(late)
    with pytest.raises(gates.GateRefused, match="已经有人审核过"):
        gates.speak(gate=asked, team=place.team, agrees=True, text="x", by=place.fresh_inspector())


def returned(place: District, asked: Gate) -> list[GateDemand]:
    """Sent back with both gaps and a free line."""
    fields = {
        "decision": "return",
        "word_reason": "x",
        "gaps": [gap["requirement_id"] for gap in asked.missing],
        "lines": "补记会议情况\n\n",
    }
    decide(place, asked, **fields)
    return list(asked.demands.all())


def test_sent_back_with_a_list_that_the_branch_ticks_off(place: District, asked: Gate) -> None:
    demands = returned(place, asked)
    assert [d.text.split("（")[0] for d in demands] == ["study-note", "surveyed", "补记会议情况"]
    assert [bool(d.requirement) for d in demands] == [True, True, False]
    client, url = signed_in(place.secretary), reverse("gate-request", args=[place.unit.pk])
    assert "补记会议情况" in said(client.get(url))
    fields = {"assessment": "补了", f"made-up-{demands[2].pk}": "on"}
    assert "请写一句何时、怎样补的" in said(client.post(url, fields))
    client.post(url, fields | {f"note-{demands[2].pk}": "十月八日补记"})
    demands[2].refresh_from_db()
    again = Gate.objects.waiting().get()
    assert (demands[2].made_up_in, demands[2].note) == (again, "十月八日补记")
    page = said(signed_in(place.office).get(reverse("gate-detail", args=[again.pk])))
    assert "十月八日补记" in page
    assert page.count("未补齐</span>") == 2


def test_what_was_ticked_stays_what_it_is_when_the_list_grows_shorter(place: District, asked: Gate) -> None:
    """The office ticks the second gap; before it is sent, the branch has met the first one."""
    first, second = (gap["requirement_id"] for gap in asked.missing)
    page = said(signed_in(place.office).get(reverse("gate-detail", args=[asked.pk])))
    assert f'value="{second}"' in page
    place.campaign.requirements.filter(pk=first).update(in_force=False)
    decide(place, asked, decision="return", word_reason="x", gaps=[second])
    assert [demand.requirement_id for demand in asked.demands.all()] == [second]


def test_what_has_been_met_meanwhile_is_not_asked_to_be_made_up(place: District, asked: Gate) -> None:
    first = asked.missing[0]["requirement_id"]
    place.campaign.requirements.filter(pk=first).update(in_force=False)
    answer = decide(place, asked, decision="return", word_reason="x", gaps=[first], remarks="补课")
    assert "刚刚已经完成" in answer
    asked.refresh_from_db()
    assert asked.is_waiting


def test_what_was_demanded_and_not_made_up_needs_a_reason_to_go_on(place: District, asked: Gate) -> None:
    gates.decide(
        gate=asked,
        approve=False,
        remarks="",
        word_reason="x",
        demands=[(None, "补记会议情况")],
        by=place.office,
    )
    again = gates.request(enrolment=place.unit, assessment="x", by=place.secretary)
    with pytest.raises(gates.GateRefused, match="还有3项没有完成"):
        gates.decide(gate=again, approve=True, remarks="", word_reason="x", by=place.office)


def test_taking_a_request_back_opens_what_was_ticked_off(place: District, asked: Gate) -> None:
    demand = returned(place, asked)[2]
    again = gates.request(enrolment=place.unit, assessment="x", made_up={demand.pk: "补了"}, by=place.secretary)
    url = reverse("gate-withdraw", args=[again.pk])
    assert signed_in(place.office).post(url).status_code == 403
    assert signed_in(place.outsider).post(url).status_code == 404
    assert signed_in(place.secretary).get(url).status_code == 405
    assert "申请已撤回" in said(signed_in(place.secretary).post(url, follow=True))
    again.refresh_from_db()
    demand.refresh_from_db()
    assert (again.state, demand.made_up_on, demand.note) == ("withdrawn", None, "")
    assert "已经有人审核过" in decide(place, again, decision="approve")
    assert gates.request(enrolment=place.unit, assessment="x", by=place.secretary).is_waiting


def test_every_step_is_on_the_printed_form(place: District, asked: Gate) -> None:
    returned(place, asked)
    again = gates.request(enrolment=place.unit, assessment="补齐了", by=place.secretary)
    gates.speak(gate=again, team=place.team, agrees=True, text="走访两次", by=place.fresh_inspector())
    gates.decide(gate=again, approve=True, remarks="同意", override_reason="汛期", by=place.office)
    params = {"gate": str(again.pk)}
    sheet = gate_form(find_gate(params, place.office), params, place.office)
    assert [word.text for word in sheet["words"]] == ["走访两次"]
    assert [gate.pk for gate in sheet["earlier"]] == [asked.pk]
    page = signed_in(place.office).get(reverse("gate-detail", args=[again.pk]))
    assert "打印审批表" in said(page)
    printed = signed_in(place.office).post(reverse("document-print", args=["gate-form"]), params | {"format": "pdf"})
    assert printed.status_code in {200, 302}
    steps = [(step.what, step.text) for step in page.context["steps"]]
    assert [what for what, _ in steps] == ["申请学习动员转段", "督导组意见：同意", "同意"]
    assert "未完成而同意的理由：汛期" in steps[2][1]


def test_a_long_assessment_begins_on_the_first_page_and_is_signed_with_its_last_words(place: District) -> None:
    text = "支部集中学习八次，缺课的均已补课，学习笔记和心得体会逐人检查。" * 45
    gate = gates.request(enrolment=place.unit, assessment=f"开头{text}结尾", by=place.secretary)
    params, sheet = {"gate": str(gate.pk)}, documents["gate-form"]
    context = gate_form(find_gate(params, place.office), params, place.office) | {"title": "转段申请审批表"}
    pdf = PdfReader(BytesIO(render_pdf(render_to_string(sheet.template, context), look=sheet.look)))
    first, second = (page.extract_text().replace("\n", "") for page in pdf.pages)
    assert "开头支部集中学习" in first
    assert "结尾" in second
    assert "负责人签字" in second


def test_where_no_team_is_assigned_nobody_is_waited_for(place: District) -> None:
    gate = gates.request(enrolment=place.far_unit, assessment="x", by=place.outsider)
    assert "督导组还没有" not in decide(place, gate, decision="approve", override_reason="x")
    gate.refresh_from_db()
    assert gate.state == Gate.State.APPROVED


def test_an_office_of_the_unit_itself_does_not_decide(place: District, asked: Gate) -> None:
    own = make.hat(Role.OFFICE, place.home)
    url = reverse("gate-detail", args=[asked.pk])
    assert signed_in(own).post(url, {"decision": "approve"}).status_code == 403
    with pytest.raises(gates.GateRefused, match="由上级审核"):
        gates.decide(gate=asked, approve=True, remarks="", override_reason="x", word_reason="x", by=own)


def test_side_by_side_the_unit_asks_once_to_end(place: District) -> None:
    place.campaign.sequential = False
    place.campaign.save()
    place.unit.runs.update(state="active")
    url = reverse("gate-request", args=[place.unit.pk])
    assert "申请验收结束" in said(signed_in(place.secretary).get(url))
    signed_in(place.secretary).post(url, {"assessment": "x"})
    gate = Gate.objects.get()
    assert gate.heading == "验收结束"
    assert "同意结束" in said(signed_in(place.office).get(reverse("gate-detail", args=[gate.pk])))
    decide(place, gate, decision="approve", override_reason="x", word_reason="x")
    place.unit.refresh_from_db()
    assert place.unit.state == "finished"
    assert set(place.unit.runs.values_list("state", flat=True)) == {"done"}


def in_threads(*acts: Callable[[], object]) -> list[str]:
    """What became of each: nothing, or why it was refused."""

    def run(act: Callable[[], object]) -> str:
        try:
            act()
        except gates.GateRefused as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_taken_back_and_approved_at_the_same_moment_is_one_of_both(place: District, asked: Gate) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")

    def fresh() -> Gate:
        return Gate.objects.get(pk=asked.pk)

    outcomes = in_threads(
        lambda: gates.withdraw(gate=fresh(), by=place.secretary),
        lambda: gates.decide(
            gate=fresh(), approve=True, remarks="", override_reason="x", word_reason="x", by=place.office
        ),
    )
    assert sorted(map(bool, outcomes)) == [False, True], outcomes
    now = fresh()
    place.unit.refresh_from_db()
    moved = place.unit.phase != asked.phase
    assert (now.state, moved) in {("withdrawn", False), ("approved", True)}


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_the_same_moment_are_one(place: District) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share no database in memory")
    ask = partial(gates.request, enrolment=place.unit, assessment="x", by=place.secretary)
    outcomes = in_threads(ask, ask, ask)
    assert sorted(map(bool, outcomes)) == [False, True, True], outcomes
    assert Gate.objects.count() == 1
