"""Printed sheets: their numbers are the records', a node without data says so, and who may not see may not print."""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from campaign.models import Attendance, Enrolment, Gate, MakeUp, PhaseRun, StudyNote, StudySession, Waiver
from campaign.progress.writing import recording
from campaign.reports.phase_report import numeral
from campaign.reports.statistics import statistics
from members.models import Organization
from members.permissions import Role
from portal.actions import job as jobs
from portal.documents import documents
from portal.models import Job
from portal.print_job import find_subject, page_of
from tests import factories as make
from tests.campaign.test_dashboard import World
from tests.portal.test_printing import plain, read


@pytest.fixture
def world(db: Any) -> World:
    return World()


def html(code: str, user: Any, **params: Any) -> str:
    """The sheet's page as the printing room makes it."""
    document, given = documents[code], {k: str(v) for k, v in params.items()}
    return page_of(document, find_subject(document, given, user), given, user)


def printed(code: str, user: Any, kind: str = "pdf", **params: Any) -> Job:
    given = {k: str(v) for k, v in params.items()}
    job = jobs.submit(kind="print", title="x", params={"document": code, "format": kind, "params": given}, by=user)
    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return job


def hold(enrolment: Enrolment, states: list[str], at: datetime | None = None, **fields: Any) -> StudySession:
    """A session of two hours with the members in these states."""
    with recording([enrolment.pk]) as [locked]:
        values = {"topic": "学习党章", "held_at": at or timezone.now(), "minutes_long": 120, "by": make.user()} | fields
        session = StudySession.objects.create(enrolment=locked, **values)
        for person, state in zip(locked.participations.order_by("member_id"), states, strict=False):
            Attendance.objects.create(session=session, participation=person, state=state)
    return session


def test_the_report_of_a_branch_names_what_remains(world: World) -> None:
    enrolment = world.enrolments[0]
    secretary = make.hat(Role.SECRETARY, enrolment.organization)
    first = enrolment.participations.order_by("member_id").first()
    with recording([enrolment.pk]):
        StudyNote.objects.create(
            participation=enrolment.participations.order_by("member_id")[1], title="心得", body="x"
        )
        plan = world.campaign.requirements.get(indicator_code="plan-filed")
        Waiver.objects.create(requirement=plan, enrolment=enrolment, reason="停产", by=secretary)
    session = hold(
        enrolment, ["present", "sick-leave"], datetime(2005, 8, 1, 9, tzinfo=timezone.get_current_timezone())
    )
    MakeUp.objects.create(
        attendance=session.attendances.get(state="sick-leave"),
        on=date(2005, 8, 9),
        way="送学",
        checked_by="李",
        by=secretary,
    )
    page = html("phase-report", secretary, enrolment=enrolment.pk)
    assert '即<span class="nowrap">阿卜杜拉·买买提</span>。' in page
    assert first.member.name == "阿卜杜拉·买买提"
    assert "plan-filed——停产" in page
    assert "在册党员2名，其中参加活动2名，覆盖率100.0%" in page
    assert '<td>集中学习</td><td class="number">1</td><td class="number">2.0</td>' in page
    assert '<td class="number">100%</td></tr></tfoot>' in page
    assert "下一阶段为分析评议" in page
    job = printed("phase-report", secretary, enrolment=enrolment.pk)
    assert (job.state, job.file_name[-4:]) == ("done", ".pdf")
    assert "阿卜杜拉·买买提" in plain(read(job.read_file()))


def test_the_report_of_a_larger_node_counts_and_names_nobody(world: World) -> None:
    office = make.hat(Role.OFFICE, world.root)
    page = html("phase-report", office, campaign=world.campaign.pk, organization=world.root.pk, phase=0)
    assert "study-note：还差6人，涉及支部3个" in page
    assert "买买提" not in page
    assert "正在进行的3个" in page
    assert "<svg" in page


def test_a_node_without_data_gives_a_report_that_says_so(world: World) -> None:
    empty = make.organization("新设工委", Organization.objects.get(pk=world.root.pk))
    office = make.hat(Role.OFFICE, world.root)
    page = html("phase-report", office, campaign=world.campaign.pk, organization=empty.pk, phase=1)
    assert "没有新设工委参加本次活动的记录" in page
    assert "尚未排定起止时间" in page
    assert "没有登记学习活动" in page
    assert "没有可统计的规定动作" in page
    assert "本阶段是本次活动的最后一个阶段" in page
    job = printed("phase-report", office, campaign=world.campaign.pk, organization=empty.pk)
    assert job.state == "done"
    assert len(read(job.read_file()).pages) >= 1


def test_study_outside_the_phase_is_not_in_its_report(world: World) -> None:
    enrolment = world.enrolments[0]
    office = make.hat(Role.OFFICE, world.root)
    PhaseRun.objects.filter(phase__number=0).update(starts_on=date(2005, 7, 1), ends_on=date(2005, 8, 1))
    zone = timezone.get_current_timezone()
    hold(enrolment, ["present"], datetime(2005, 8, 1, 23, 30, tzinfo=zone))
    hold(enrolment, ["present"], datetime(2005, 8, 2, 0, 30, tzinfo=zone))
    asked = {"campaign": world.campaign.pk, "organization": world.root.pk}
    one = documents["phase-report"]
    context = one.data(find_subject(one, {k: str(v) for k, v in (asked | {"phase": 0}).items()}, office), {}, office)  # type: ignore[misc]
    assert context["study"][-1].sessions == 1
    whole = one.data(find_subject(one, {k: str(v) for k, v in asked.items()}, office), {}, office)  # type: ignore[misc]
    assert whole["study"][-1].sessions == 2


def test_statistics_rows_add_up_to_the_sum(world: World) -> None:
    office = make.hat(Role.OFFICE, world.root)
    closed = world.grow(world.other).organization
    closed.closed_on = date(2005, 9, 1)
    closed.save()
    given = {"campaign": str(world.campaign.pk), "organization": str(world.root.pk)}
    for node in (world.root, world.other, closed):
        found = statistics(find_subject(documents["statistics"], given | {"organization": str(node.pk)}, office))
        share = found.headings.index("覆盖率（%）")
        for column in range(len(found.headings)):
            if column != share:
                assert sum(cells[column] for _, cells in found.rows) == found.sum[column]
        assert len(found.headings) == len(found.sum) == sum(n for _, n in found.groups)
    job = printed("statistics", office, "xlsx", **given)
    sheet = openpyxl.load_workbook(BytesIO(job.read_file())).active
    assert sheet is not None
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    header = next(row for row in values if "单位" in row)
    rows = {row[0]: dict(zip(header, row, strict=True)) for row in values}
    assert rows["城东区委"]["在册党员"] == 4
    assert rows["合计"]["study-note（人）应完成"] == 8
    pdf = printed("statistics", office, **given)
    page = read(pdf.read_file()).pages[0]
    assert page.mediabox.width > page.mediabox.height


def test_a_branch_is_its_own_row(world: World) -> None:
    home = world.enrolments[0].organization
    secretary = make.hat(Role.SECRETARY, home)
    given = {"campaign": str(world.campaign.pk), "organization": str(home.pk)}
    found = statistics(find_subject(documents["statistics"], given, secretary))
    assert [name for name, _ in found.rows] == [home.name]
    assert found.rows[0][1] == found.sum


def test_the_late_list_as_a_sheet(world: World) -> None:
    office = make.hat(Role.OFFICE, world.root)
    note = world.campaign.requirements.get(indicator_code="study-note")
    given = {"campaign": world.campaign.pk, "organization": world.root.pk, "requirement": note.pk}
    job = printed("late-list", office, "xlsx", **given)
    sheet = openpyxl.load_workbook(BytesIO(job.read_file())).active
    assert sheet is not None
    names = [row[1] for row in sheet.iter_rows(values_only=True)]
    assert names.count("阿卜杜拉·买买提") == 3
    assert "阿卜杜拉·买买提" in plain(read(printed("late-list", office, **given).read_file()))


def test_a_sign_in_sheet_is_empty_before_and_tells_after(world: World) -> None:
    enrolment = world.enrolments[0]
    secretary = make.hat(Role.SECRETARY, enrolment.organization)
    coming = hold(enrolment, [], timezone.now() + timedelta(days=3))
    page = html("sign-in-sheet", secretary, session=coming.pk)
    assert "阿卜杜拉·买买提" in page
    assert "病假" not in page
    assert "<svg" in page
    past = hold(enrolment, ["present", "sick-leave"], timezone.now() - timedelta(hours=3))
    page = html("sign-in-sheet", secretary, session=past.pk)
    assert "病假" in page
    assert "2 人／1 人" in page


def test_minutes_say_who_was_missing_and_why(world: World) -> None:
    enrolment = world.enrolments[0]
    secretary = make.hat(Role.SECRETARY, enrolment.organization)
    session = hold(enrolment, ["absent", "exempt"], record="第一行\n<b>第二行</b>", chair="王主持")
    page = html("study-minutes", secretary, session=session.pk)
    assert "阿卜杜拉·买买提（缺席）" in page
    assert "应到 1 人，实到 0 人" in page
    assert "&lt;b&gt;第二行" in page
    text = plain(read(printed("study-minutes", secretary, session=session.pk).read_file()))
    assert "<b>第二行</b>" in text
    assert "王主持" in text


def test_the_gate_form_has_both_sides(world: World) -> None:
    enrolment = world.enrolments[0]
    secretary = make.hat(Role.SECRETARY, enrolment.organization)
    gap = {"requirement": "讲党课", "done": 0, "waived": 0, "total": 1, "who": ["买买提"]}
    gate = Gate.objects.create(
        enrolment=enrolment, phase=enrolment.phase, assessment="自评良好", missing=[gap], requested_by=secretary
    )
    page = html("gate-form", secretary, gate=gate.pk)
    assert "自评良好" in page
    assert "讲党课（还差1人）：买买提" in page
    assert "同意" not in page
    gate.state, gate.remarks, gate.override_reason, gate.decided_at = "approved", "准予", "已安排补课", timezone.now()
    gate.save()
    page = html("gate-form", secretary, gate=gate.pk)
    assert "准予" in page
    assert "已安排补课" in page


@pytest.mark.parametrize("code", ["phase-report", "statistics", "late-list"])
def test_who_may_not_see_may_not_print(world: World, code: str) -> None:
    given = {"campaign": str(world.campaign.pk), "organization": str(world.district.pk)}
    for user in (make.hat(Role.OFFICE, world.other), make.user(world.enrolments[2].organization.members.first())):
        with pytest.raises(Http404):
            find_subject(documents[code], given, user)
    with pytest.raises(PermissionDenied):
        find_subject(documents[code], given, make.hat(Role.OVERSEER, world.root))
    for nonsense in (
        {"campaign": "x", "organization": "1"},
        {},
        given | {"phase": "77"},
        given | {"organization": "9" * 30},
    ):
        with pytest.raises(Http404):
            find_subject(documents[code], nonsense, make.hat(Role.OFFICE, world.root))


@pytest.mark.parametrize("code", ["sign-in-sheet", "study-minutes"])
def test_sheets_of_a_session_stay_in_its_branch(world: World, code: str) -> None:
    session = hold(world.enrolments[0], ["present"])
    given = {"session": str(session.pk)}
    with pytest.raises(Http404):
        find_subject(documents[code], given, make.secretary(world.enrolments[2].organization))
    with pytest.raises(PermissionDenied):
        find_subject(documents[code], given, make.user(world.enrolments[0].organization.members.first()))


def test_the_report_asks_as_much_for_many_branches_as_for_few(world: World, django_assert_max_num_queries: Any) -> None:
    office = make.hat(Role.OFFICE, world.root)
    assert office.hats
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(60) as captured:
            html("phase-report", office, campaign=world.campaign.pk, organization=world.root.pk)
            html("statistics", office, campaign=world.campaign.pk, organization=world.root.pk)
        counts.append(len(captured))
        for _ in range(5):
            world.grow(make.organization("新区", Organization.objects.get(pk=world.root.pk)))
    assert counts[0] == counts[1]


def test_chinese_numerals() -> None:
    assert [numeral(n) for n in (1, 7, 10, 11, 20, 21)] == ["一", "七", "十", "十一", "二十", "二十一"]
