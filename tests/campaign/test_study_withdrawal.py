"""A session recorded by mistake is withdrawn: kept to be read, counted nowhere."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from campaign.actions import study
from campaign.actions import study_plan as plans
from campaign.actions.study_withdrawal import withdraw
from campaign.models import Attendance, MakeUp, PlannedSession, StudySession
from campaign.progress.recounting import recount
from campaign.progress.writing import Figures, figures_of
from campaign.reports.study import study_lines
from campaign.study.account import accounts
from campaign.study.calendar import branch_items, counts_under
from members.permissions import Role
from portal.models import AuditEntry, Notice
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
STUDY, HELD = "参加学习，缺课的补课", "组织集中学习"
WHY = "与上一次重复登记"


@pytest.fixture
def here() -> Unit:
    return unit()


def recorded(here: Unit, **fields: Any) -> StudySession:
    """Today's session: the first person was absent, and has made up for it."""
    first, *others = here.people()
    values = {"topic": "学习党章", "held_at": timezone.now() - timedelta(minutes=1), "minutes_long": 120} | fields
    session, _ = study.record(
        session=StudySession(enrolment=here.fresh(), **values),
        materials=[],
        attendance={first.pk: "absent", **{p.pk: "present" for p in others}},
        by=here.secretary,
    )
    study.make_up(
        attendances=session.attendances.filter(state="absent"),
        on=TODAY(),
        way="自学原文",
        checked_by="书记",
        by=here.secretary,
    )
    return session


def post(here: Unit, session: StudySession, why: str = WHY) -> Any:
    url = reverse("study-session-withdraw", args=[session.pk])
    return signed_in(here.secretary).post(url, {"why": why}, follow=True)


def figures(here: Unit, label: str) -> Figures:
    return figures_of(here.campaign, here.root)[here.requirement(label).pk]


def test_it_counts_nowhere_any_more(here: Unit) -> None:
    session = recorded(here)
    people = [p.member_id for p in here.people()]
    assert (figures(here, STUDY).done, figures(here, HELD).done) == (4, 1)
    assert accounts(people, TODAY().year)[people[1]].minutes == 120
    page = said(post(here, session))
    assert "已作废，不再计入任何统计" in page
    assert (figures(here, STUDY).done, figures(here, HELD).done) == (0, 0)
    assert {(a.times, a.minutes, a.made_up, a.missed) for a in accounts(people, TODAY().year).values()} == {
        (0, 0, 0, 0)
    }
    assert list(recount(here.campaign)) == []
    assert not Attendance.objects.exists()
    assert not MakeUp.objects.exists()
    assert not StudySession.objects.exists()
    assert not here.enrolment.sessions.exists()
    assert study_lines(here.campaign, here.root, None) == []
    assert counts_under(here.campaign, here.root, TODAY(), TODAY()) == []
    assert not [i for i in branch_items(here.fresh(), TODAY(), TODAY()) if i.kind == "held"]


def test_it_stays_to_be_read_with_its_attendance_and_why(here: Unit) -> None:
    session = recorded(here)
    post(here, session)
    secretary = signed_in(here.secretary)
    page = said(secretary.get(reverse("study-session-detail", args=[session.pk])))
    for words in ("已作废", WHY, "应到 4 人，实到 3 人", "缺席 1 人", str(here.people()[0].member), "已补课"):
        assert words in page
    assert reverse("study-session-edit", args=[session.pk]) not in page
    listed = secretary.get(reverse("study-session-list", args=[here.enrolment.pk]))
    assert listed.context["pager"].rows == []
    assert "已作废的学习记录（1）" in said(listed)
    assert WHY in said(listed)
    entry = AuditEntry.objects.get(verb="作废学习记录")
    assert (entry.by, entry.details["why"]) == (here.secretary, WHY)


def test_a_second_click_says_so(here: Unit) -> None:
    session = recorded(here)
    post(here, session)
    again = said(post(here, session, why="又点了一次"))
    assert "没有重复办理" in again
    assert StudySession.everything.get().withdrawn_why == WHY
    assert AuditEntry.objects.filter(verb="作废学习记录").count() == 1
    with pytest.raises(study.SessionWithdrawn):
        withdraw(session=session, why="另一窗口", by=here.secretary)


def test_a_reason_is_asked_for_and_what_follows_is_said_first(here: Unit) -> None:
    session = recorded(here)
    url = reverse("study-session-withdraw", args=[session.pk])
    page = said(signed_in(here.secretary).get(url))
    assert "4 人的出勤不再计入" in page
    assert "1 人补课随之不再计入" in page
    assert "请写明作废的原因" in said(post(here, session, why="  "))
    assert StudySession.objects.get().withdrawn_at is None


def test_who_may_withdraw(here: Unit) -> None:
    session = recorded(here)
    url = reverse("study-session-withdraw", args=[session.pk])
    committee = make.hat(Role.COMMITTEE, here.branch)
    member = make.user(here.people()[1].member)
    answers = {committee: 200, member: 403, here.office: 403, here.outsider: 404}
    assert {user: signed_in(user).get(url).status_code for user in answers} == answers
    for user in (member, here.office, here.outsider):
        signed_in(user).post(url, {"why": WHY})
    assert StudySession.objects.get().withdrawn_at is None
    signed_in(committee).post(url, {"why": WHY})
    assert StudySession.everything.get().withdrawn_by == committee


def test_those_it_counted_for_are_told_once(here: Unit) -> None:
    session = recorded(here)
    absent, present = (make.user(p.member) for p in here.people()[:2])
    post(here, session)
    texts = {n.recipient: n.text for n in Notice.objects.filter(kind="学习记录")}
    assert set(texts) == {absent, present}
    assert WHY in texts[present]
    assert "不必再补" not in texts[present]
    assert "登记的补课随之不再计入，不必再补" in texts[absent]
    for notice in Notice.objects.filter(kind="学习记录"):
        assert signed_in(notice.recipient).get(notice.url).status_code == 200


def test_the_plan_it_came_of_is_to_be_recorded_again(here: Unit) -> None:
    start = timezone.make_aware(datetime.combine(TODAY() - timedelta(1), time(9)))
    plan = PlannedSession.objects.create(enrolment=here.fresh(), topic="学习党章", starts_at=start, by=here.secretary)
    session = recorded(here, held_at=start)
    plans.attach(planned=plan, session=session, by=here.secretary)
    assert "学习安排恢复为" in said(signed_in(here.secretary).get(reverse("study-session-withdraw", args=[session.pk])))
    post(here, session)
    assert PlannedSession.objects.coming().get() == plan
    assert "记录学习：学习党章" in said(signed_in(here.secretary).get(reverse("home")))
    with pytest.raises(plans.PlanRefused, match="刚刚作废"):
        plans.attach(planned=plan, session=session, by=here.secretary)


def test_the_same_can_be_recorded_anew_and_a_page_left_open_does_not_bring_it_back(here: Unit) -> None:
    session = recorded(here)
    stale = StudySession.objects.get()
    post(here, session)
    with pytest.raises(study.SessionWithdrawn):
        study.record(session=stale, materials=[], attendance={}, by=here.secretary)
    edit = signed_in(here.secretary).get(reverse("study-session-edit", args=[session.pk]), follow=True)
    assert "已经作废，不能再修改" in said(edit)
    copied = signed_in(here.secretary).get(
        reverse("study-session-create", args=[here.enrolment.pk]), {"of": session.pk}
    )
    assert "学习党章" in said(copied)
    anew = recorded(here, held_at=session.held_at)
    assert anew.pk != session.pk
    assert (figures(here, STUDY).done, figures(here, HELD).done) == (4, 1)


def test_it_is_neither_printed_nor_given_new_files(here: Unit) -> None:
    session = recorded(here)
    client = signed_in(here.secretary)
    url = reverse("document-print", args=["study-minutes"])
    assert client.post(url, {"session": session.pk, "format": "pdf"}).status_code == 302
    post(here, session)
    assert client.post(url, {"session": session.pk, "format": "pdf"}).status_code == 404
    page = client.get(reverse("study-session-detail", args=[session.pk]))
    assert page.context["attachments"]["may_change"] is False


def test_the_database_wants_a_reason(here: Unit) -> None:
    session = recorded(here)
    with pytest.raises(IntegrityError), transaction.atomic():
        StudySession.everything.filter(pk=session.pk).update(withdrawn_at=timezone.now())
