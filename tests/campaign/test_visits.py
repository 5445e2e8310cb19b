"""Visits: planned, made, and what was found on the way becomes a task of the ledger."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from campaign.actions import inspection as inspections
from campaign.actions import visit as visits
from campaign.models import Finding, TeamAssignment, Visit
from campaign.supervision import findings
from campaign.supervision import teams as supervision
from campaign.supervision.reminders import visits_near
from members.models import Appointment, MemberTag
from members.permissions import Role
from portal.documents import documents
from portal.models import Notice
from portal.sending import SENT_BEFORE
from rectification.actions import task as tasks
from rectification.models import Task
from tests import factories as make
from tests.campaign.supervised import District, district, today
from tests.campaign.unit import said
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> District:
    made = district()
    made.assign()
    return made


def told(here: District, **values: Any) -> dict[str, Any]:
    sent = {
        "organization": here.home.code,
        "on": f"{today()}",
        "part": "morning",
        "way": "visit",
        "people": [here.leader.pk],
        "looked_at": "查阅学习笔记，座谈六人",
    }
    return sent | values


def problem(**values: Any) -> dict[str, Any]:
    due = today() + timedelta(20)
    return {"text": "党员学习笔记不全", "category": "belief", "measure": "逐人补齐", "due_on": f"{due}"} | values


def found_at(here: District, visit: Visit | None = None) -> Finding:
    client = signed_in(here.fresh_inspector())
    client.post(reverse("finding-create", args=[(visit or here.log()).pk]), problem())
    return Finding.objects.get()


def test_an_inspector_logs_a_visit_and_a_problem_becomes_a_task(here: District) -> None:
    client = signed_in(here.fresh_inspector())
    response = client.post(reverse("visit-create", args=[here.team.pk]), told(here), follow=True)
    visit = Visit.objects.get()
    assert "查阅学习笔记" in said(response)
    page = said(client.post(reverse("finding-create", args=[visit.pk]), problem(), follow=True))
    task = Task.objects.get()
    assert (task.problem, task.source, task.category) == ("党员学习笔记不全", "inspection", "belief")
    assert task.responsible.member_id == here.secretary.member_id
    assert "未启动" in page
    assert f"{here.secretary.member.name}负责" in page
    ledger = said(signed_in(here.secretary).get(reverse("task-detail", args=[task.pk])))
    assert (
        reverse("visit-detail", args=[visit.pk])
        in signed_in(here.secretary).get(reverse("task-detail", args=[task.pk])).text
    )
    assert "督导检查" in ledger


def test_the_team_sees_what_becomes_of_it(here: District) -> None:
    finding = found_at(here)
    tasks.move(task=Task.objects.get(), code="start", text="", by=here.secretary)
    page = said(signed_in(here.fresh_inspector()).get(reverse("visit-detail", args=[finding.visit_id])))
    assert "整改中" in page
    Task.objects.update(due_on=today() - timedelta(1))
    assert list(findings.overdue(Finding.objects.all())) == [finding]
    home = said(signed_in(here.fresh_inspector()).get(reverse("home")))
    assert "已逾期没有整改完的问题" in home


def test_a_visit_elsewhere_is_refused(here: District) -> None:
    client = signed_in(here.fresh_inspector())
    response = client.post(reverse("visit-create", args=[here.team.pk]), told(here, organization=here.away.code))
    assert response.status_code == 422
    assert "可选范围内没有" in said(response)
    assert not Visit.objects.exists()


def test_nobody_inspects_their_own_branch(here: District) -> None:
    person = make.member(here.home, "本支部党员")
    account = make.user(person, username="insider")
    joined = inspections.add_member(
        team=here.team, person=account, leads=False, since=today(), until=None, by=here.office
    )
    with pytest.raises(visits.VisitRefused, match="本支部党员是第一党支部的党员"):
        here.log(people=[here.leader, joined])


def test_the_same_visit_sent_twice_is_one(here: District) -> None:
    client, sent = signed_in(here.fresh_inspector()), told(here, submission=str(uuid4()))
    for _ in range(2):
        client.post(reverse("visit-create", args=[here.team.pk]), sent)
    assert Visit.objects.count() == 1
    url, again = reverse("finding-create", args=[Visit.objects.get().pk]), problem(submission=str(uuid4()))
    for _ in range(2):
        client.post(url, again)
    assert (Finding.objects.count(), Task.objects.count()) == (1, 1)


def test_the_page_before_opened_again_and_sent_again_says_so_and_records_nothing(here: District) -> None:
    """Another mark, the same content."""
    client = signed_in(here.fresh_inspector())
    new, other = reverse("visit-create", args=[here.team.pk]), here.leader
    for mark, news in ((uuid4(), False), (uuid4(), True), ("没有", True)):
        page = client.post(new, told(here, submission=str(mark), people=[other.pk]), follow=True)
        assert (SENT_BEFORE in page.text) is news
    visit = Visit.objects.get()
    assert list(visit.people.all()) == [other]
    url = reverse("finding-create", args=[visit.pk])
    for mark, news in ((uuid4(), False), (uuid4(), True)):
        assert (SENT_BEFORE in client.post(url, problem(submission=str(mark)), follow=True).text) is news
    assert (Finding.objects.count(), Task.objects.count()) == (1, 1)


def test_something_else_under_a_used_mark_is_not_lost(here: District) -> None:
    client, mark = signed_in(here.fresh_inspector()), str(uuid4())
    url = reverse("finding-create", args=[here.log().pk])
    for text in ("学习记录不全", "学习心得照抄"):
        client.post(url, problem(submission=mark, text=text))
    assert Finding.objects.count() == 2


def test_who_may_log_and_who_may_read(here: District) -> None:
    visit = here.log()
    member = make.user(make.member(here.home))
    detail, record = reverse("visit-detail", args=[visit.pk]), reverse("visit-record", args=[visit.pk])
    expected = [
        (here.fresh_inspector(), 200, 200),
        (here.office, 200, 403),
        (here.secretary, 200, 403),
        (member, 404, 404),
        (here.outsider, 404, 404),
    ]
    for who, reads, writes in expected:
        client = signed_in(who)
        assert (client.get(detail).status_code, client.get(record).status_code) == (reads, writes), who


def test_after_the_assignment_ends_the_visit_is_closed_to_the_inspector(here: District) -> None:
    visit = here.log()
    inspections.end_assignment(assignment=here.team.assignments.get(), by=here.office)
    assert signed_in(here.fresh_inspector()).get(reverse("visit-detail", args=[visit.pk])).status_code == 404
    assert signed_in(here.office).get(reverse("visit-detail", args=[visit.pk])).status_code == 200


def plan(here: District, **values: Any) -> Any:
    sent = {
        "organizations": f"{here.home.code}\n{here.general.name}",
        "on": f"{today() + timedelta(2)}",
        "part": "morning",
        "way": "visit",
        "people": [here.leader.pk],
        "announced": "on",
    }
    return signed_in(here.fresh_inspector()).post(
        reverse("visit-plan", args=[here.team.pk]), sent | values, follow=True
    )


def test_a_tour_is_planned_shown_and_written_down(here: District) -> None:
    assert "已安排2次走访" in said(plan(here))
    assert "没有重复登记" in said(plan(here))
    client = signed_in(here.fresh_inspector())
    month = f"{today() + timedelta(2):%Y-%m}"
    assert "第一党支部" in said(client.get(reverse("team-tour", args=[here.team.pk]) + f"?month={month}"))
    assert "走访：第一党支部" in said(client.get(reverse("home")))
    visit = Visit.objects.get(organization=here.home)
    client.post(reverse("visit-record", args=[visit.pk]), told(here))
    visit.refresh_from_db()
    assert (visit.state, visit.on) == ("done", today())


def test_a_day_in_the_past_cannot_be_planned(here: District) -> None:
    response = plan(here, on=f"{today() - timedelta(1)}")
    assert response.status_code == 422
    assert "日期早于今天" in said(response)
    assert here.home.code in response.text


def test_an_unannounced_visit_is_not_seen_beforehand_by_the_branch(here: District) -> None:
    plan(here, announced="")
    visit = Visit.objects.get(organization=here.home)
    url = reverse("visit-detail", args=[visit.pk])
    assert signed_in(here.secretary).get(url).status_code == 404
    assert signed_in(here.office).get(url).status_code == 200
    visits.record(
        visit=visit, people=[here.leader], by=here.fresh_inspector(), on=today(), part="day", way="visit", looked_at="x"
    )
    assert signed_in(here.secretary).get(url).status_code == 200


def test_a_planned_visit_is_moved_or_cancelled_with_a_reason(here: District) -> None:
    plan(here)
    visit = Visit.objects.get(organization=here.home)
    client, day = signed_in(here.fresh_inspector()), today() + timedelta(9)
    sent = {"on": f"{day}", "part": "day", "way": "forum", "announced": "on", "purpose": "看台账"}
    client.post(reverse("visit-replan", args=[visit.pk]), sent)
    visit.refresh_from_db()
    assert (visit.on, visit.part, visit.purpose) == (day, "day", "看台账")
    assert "请写明取消的原因" in said(client.post(reverse("visit-cancel", args=[visit.pk]), {"why": ""}, follow=True))
    client.post(reverse("visit-cancel", args=[visit.pk]), {"why": "单位有重要任务"})
    assert "单位有重要任务" in said(client.get(reverse("visit-detail", args=[visit.pk])))
    assert "已取消" in said(client.post(reverse("visit-record", args=[visit.pk]), told(here), follow=True))


def test_what_the_team_has_not_seen(here: District) -> None:
    other = make.branch(here.general, "第三党支部")
    make.enrolment(here.campaign, other)
    here.log()
    assert [unit.organization for unit in supervision.unseen(here.team)] == [other]
    page = said(signed_in(here.fresh_inspector()).get(reverse("team-unseen", args=[here.team.pk])))
    assert "第三党支部" in page
    assert "第一党支部" not in page


def test_a_finding_waits_until_somebody_can_be_responsible(here: District) -> None:
    Appointment.objects.filter(user=here.secretary).update(revoked_at="2005-01-01T00:00Z")
    finding = found_at(here)
    assert not Task.objects.exists()
    url = reverse("finding-take-up", args=[finding.pk])
    assert signed_in(here.outsider).post(url).status_code == 404
    client = signed_in(here.fresh_inspector())
    assert "未进入台账" in said(client.get(reverse("visit-detail", args=[finding.visit_id])))
    Appointment.objects.filter(user=here.secretary).update(revoked_at=None)
    client.post(url)
    client.post(url)
    assert Task.objects.get().finding == finding


def test_a_problem_of_a_committee_is_put_on_a_branch(here: District) -> None:
    visit = here.log(here.general)
    url = reverse("finding-create", args=[visit.pk])
    client = signed_in(here.fresh_inspector())
    assert "请填写由哪个支部整改" in said(client.post(url, problem()))
    assert "可选范围内没有" in said(client.post(url, problem(unit=here.away.name)))
    client.post(url, problem(unit=here.home.name))
    assert Task.objects.get().enrolment == here.unit


def test_a_date_out_of_reason_is_refused(here: District) -> None:
    url = reverse("finding-create", args=[here.log().pk])
    client = signed_in(here.fresh_inspector())
    assert "不能早于走访日期" in said(client.post(url, problem(due_on="2001-01-01")))
    assert "不能晚于活动结束日期" in said(client.post(url, problem(due_on="2090-01-01")))


def test_lists_and_reports_print_for_those_entitled(here: District) -> None:
    found_at(here)
    visit, place = Visit.objects.get(), {"campaign": here.campaign.pk, "organization": here.root.pk}
    for code, params in (
        ("visits", place),
        ("visit-report", {"visit": visit.pk}),
        ("tour-plan", {"team": here.team.pk}),
    ):
        for kind in documents[code].formats:
            response = signed_in(here.office).post(reverse("document-print", args=[code]), params | {"format": kind})
            assert response.status_code in {200, 302}, (code, kind)
        response = signed_in(here.outsider).post(reverse("document-print", args=[code]), params | {"format": "pdf"})
        assert response.status_code == 404, code


def test_the_table_has_findings_with_how_they_stand(here: District) -> None:
    found_at(here)
    document = documents["visits"]
    params = {"campaign": str(here.campaign.pk), "organization": str(here.root.pk)}
    subject = document.find(params, here.office)
    seen, problems = document.tables(subject, params, here.office)  # type: ignore[misc]
    assert seen.rows[0][2] == "第一党支部"
    assert problems.rows[0][3:5] == ["党员学习笔记不全", "理想信念"]
    assert problems.rows[0][-1] == "未启动"


def test_the_list_of_visits_asks_as_often_for_many_as_for_few(
    here: District, django_assert_max_num_queries: Any
) -> None:
    client, url = signed_in(here.office), reverse("visit-list", args=[here.campaign.pk, here.root.pk])
    client.get(url)
    for _ in range(10):
        here.log()
    with django_assert_max_num_queries(22):
        client.get(url)


def test_a_cadre_looks_after_a_contact_point(here: District) -> None:
    cadre = make.participation(here.far_unit, "张局长", tags=(MemberTag.Kind.LEADER,))
    account = make.user(cadre.member)
    url = reverse("contact-point-create", args=[cadre.pk])
    sent = {"organization": here.home.name, "since": f"{today()}", "purpose": "基层党建"}
    assert signed_in(here.outsider).post(url, sent).status_code == 403
    signed_in(here.office).post(url, sent)
    point = cadre.contact_points.get()
    client = signed_in(account)
    assert "第一党支部" in said(client.get(reverse("home")))
    client.post(reverse("contact-visit-create", args=[point.pk]), told(here))
    visit = Visit.objects.get()
    assert (visit.organization, visit.visitor) == (here.home, "张局长")
    client.post(reverse("finding-create", args=[visit.pk]), problem())
    assert Task.objects.get().enrolment == here.unit
    assert signed_in(here.secretary).get(reverse("visit-detail", args=[visit.pk])).status_code == 200
    assert client.get(reverse("enrolment-detail", args=[here.unit.pk])).status_code == 404
    assert signed_in(here.secretary).get(reverse("contact-visit-create", args=[point.pk])).status_code == 403


def test_the_branch_is_told_of_what_is_announced(here: District) -> None:
    plan(here, purpose="看台账")
    told = Notice.objects.get(recipient=here.secretary, kind="督导走访")
    assert "第一督导组将于" in told.text
    assert "看台账" in told.text
    visit = Visit.objects.get(organization=here.home)
    signed_in(here.fresh_inspector()).post(reverse("visit-cancel", args=[visit.pk]), {"why": "改期另定"})
    assert Notice.objects.filter(recipient=here.secretary, text__contains="改期另定").exists()
    plan(here, announced="", on=f"{today() + timedelta(7)}")
    assert Notice.objects.filter(recipient=here.secretary, kind="督导走访").count() == 2


def test_the_team_is_reminded_once_of_tomorrow_and_of_what_nobody_wrote_down(here: District) -> None:
    plan(here, on=f"{today() + timedelta(1)}", organizations=here.home.code)
    tomorrow = list(visits_near(today()))
    assert [draft.recipient_id for draft in tomorrow] == [here.inspector.pk]
    assert "明天" in tomorrow[0].text
    assert not list(visits_near(today() + timedelta(2)))
    forgotten = list(visits_near(today() + timedelta(3)))
    assert "还没有登记" in forgotten[0].text
    assert [d.key for d in forgotten] == [d.key for d in visits_near(today() + timedelta(9))]


def test_before_free_days_the_team_hears_of_what_comes_after_them(here: District) -> None:
    plan(here, organizations=here.home.code)
    friday, monday = date(2026, 11, 20), date(2026, 11, 23)
    Visit.objects.update(on=monday)
    assert "11月23日上午走访" in next(iter(visits_near(friday))).text
    assert not list(visits_near(friday - timedelta(1)))
    here.campaign.settings["reminders"] = {"visit-soon": {"on": False}, "visit-untold": {"on": True, "days": [1]}}
    here.campaign.save()
    assert not list(visits_near(friday))
    assert "还没有登记" in next(iter(visits_near(monday + timedelta(1)))).text


def test_what_is_no_longer_looked_after_is_not_visited_any_more(here: District) -> None:
    """Planned visits there are called off, the branch hears of it, and nothing leads the team to a closed page."""
    plan(here)
    here.assign(here.home)
    ended = here.team.assignments.get(organization=here.general)
    inspections.end_assignment(assignment=ended, by=here.office)
    assert Visit.objects.planned().get().organization == here.home
    assert not Notice.objects.filter(text__contains="取消").exists()
    TeamAssignment.objects.filter(organization=here.home).update(
        until=today() - timedelta(1), since=today() - timedelta(9)
    )
    Appointment.objects.filter(user=here.inspector).update(until=today() - timedelta(1), since=today() - timedelta(9))
    assert not list(visits_near(today() + timedelta(9)))
    assert "走访：" not in signed_in(here.fresh_inspector()).get("/").text
    inspections.dissolve(team=here.team, by=here.office)
    assert Visit.objects.get(organization=here.home).cancelled_why == "督导组已撤销"
    assert Notice.objects.filter(recipient=here.secretary, text__contains="走访取消：督导组已撤销").exists()


def test_a_committee_hears_of_visits_to_itself(here: District) -> None:
    keeper = make.hat(Role.OFFICE, here.general)
    plan(here, organizations=here.general.name)
    assert "到机关党总支走访" in Notice.objects.get(recipient=keeper).text


def test_the_form_offers_places_and_ticks_who_writes(here: District) -> None:
    page = signed_in(here.fresh_inspector()).get(reverse("visit-create", args=[here.team.pk])).text
    assert '<option value="第一党支部">' in page
    assert "第二党支部" not in page
    assert f'value="{here.leader.pk}"' in page
    assert "checked" in page


def test_photographs_hang_on_the_visit_and_are_seen_with_it(here: District) -> None:
    visit = here.log()
    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    url = reverse("attachment-add", args=["visit", visit.pk])
    sent = {"files": SimpleUploadedFile("座谈.png", picture.getvalue())}
    assert signed_in(here.secretary).post(url, sent).status_code == 403
    sent = {"files": SimpleUploadedFile("座谈.png", picture.getvalue())}
    signed_in(here.fresh_inspector()).post(url, sent)
    assert "座谈.png" in said(signed_in(here.secretary).get(reverse("visit-detail", args=[visit.pk])))
