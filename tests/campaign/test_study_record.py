"""What was planned is recorded with one look: sign-ins and leave are filled in, everybody else is flagged; or from the paper."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.actions import sign_in as sign_ins
from campaign.actions import study_leave as leaves
from campaign.actions import study_plan as plans
from campaign.models import Attendance, CoreGroupSeat, Participation, PlannedSession, StudySession
from campaign.progress.writing import figures_of
from campaign.study.sign_in_codes import paper_code
from members.models import MemberTag
from tests import factories as make
from tests.campaign.test_study_plans import planned
from tests.campaign.unit import Unit, said, unit
from tests.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def here() -> Unit:
    return unit()


def just_held(here: Unit, **change: Any) -> PlannedSession:
    """Began half an hour ago."""
    return planned(here, starts_at=timezone.now() - timedelta(minutes=30), **change)


def excuse(here: Unit, plan: PlannedSession, person: Participation) -> None:
    """Leave that was asked for and granted while there was time."""
    begins, plan.starts_at = plan.starts_at, timezone.now() + timedelta(hours=1)
    plan.save()
    leave = leaves.ask(plan=plan, participation=person, kind="official-leave", reason="出差", by=here.secretary)
    leaves.decide(leave=leave, grant=True, answer="", by=here.secretary)
    plan.starts_at = begins
    plan.save()


def sign(here: Unit, plan: PlannedSession, person: Participation, by: Any = None, device: str = "") -> None:
    sign_ins.sign_in(plan=plan, participation=person, way="screen", device=device, by=by or here.secretary)


def sent(response: Any, **change: Any) -> dict[str, Any]:
    """What the page sends when nothing is changed on it."""
    form, sheet = response.context["form"], response.context["sheet"]
    values = {name: form[name].value() for name in form.fields if name != "confirmed"}
    values |= {row.key: row.state for row in sheet.rows}
    return {name: "" if value is None else value for name, value in values.items()} | change


def test_sign_ins_and_leave_are_filled_in_and_the_rest_is_flagged(here: Unit) -> None:
    first, away, third, secretary = here.people()
    plan = just_held(here, topic="学习两会精神", minutes_long=90, late_after=60)
    excuse(here, plan, away)
    sign(here, plan, first)
    sign(here, plan, secretary)
    client, url = signed_in(here.secretary), reverse("study-plan-record", args=[plan.pk])
    response = client.get(url)
    page = said(response)
    assert f"1 人没有签到也没有准假：{third}" in page
    assert f"{here.secretary}代签" in page
    for value in ("学习两会精神", 'value="90"', "会议室"):
        assert value in page
    client.post(url, sent(response))
    session = StudySession.objects.get()
    plan.refresh_from_db()
    assert plan.session == session
    states = dict(session.attendances.values_list("participation", "state"))
    assert states == {first.pk: "present", secretary.pk: "present", third.pk: "present", away.pk: "official-leave"}
    assert Attendance.objects.owed().get().participation == away, "leave is still to be made up for"
    requirement = here.requirement("组织集中学习")
    assert figures_of(here.campaign, here.root)[requirement.pk].done == 1
    assert client.get(url).url == reverse("study-session-detail", args=[session.pk])


def test_late_is_filled_in_and_nobody_is_flagged_where_no_code_was_used(here: Unit) -> None:
    plan = just_held(here)
    client, url = signed_in(here.secretary), reverse("study-plan-record", args=[plan.pk])
    assert "没有签到也没有准假" not in said(client.get(url))
    sign(here, plan, here.people()[0])
    assert client.get(url).context["sheet"].rows[0].state == "late"


def test_only_those_of_the_plan_are_recorded(here: Unit) -> None:
    leader = here.people()[0]
    MemberTag.objects.create(member=leader.member, kind=MemberTag.Kind.LEADER)
    plan = just_held(here, audience="leaders")
    client, url = signed_in(here.secretary), reverse("study-plan-record", args=[plan.pk])
    client.post(url, sent(client.get(url)))
    assert [a.participation for a in Attendance.objects.all()] == [leader]


def test_of_two_who_record_at_once_the_second_is_told(here: Unit) -> None:
    plan = just_held(here)
    client, url = signed_in(here.secretary), reverse("study-plan-record", args=[plan.pk])
    fields = sent(client.get(url))
    client.post(url, fields)
    PlannedSession.objects.filter(pk=plan.pk).update(session=None)
    client.post(url, fields)
    assert StudySession.objects.count() == 1, "tied to what was recorded before"
    session = StudySession.objects.get()
    stale = PlannedSession.objects.select_related("enrolment__organization").get(pk=plan.pk)
    assert stale.session == session
    with pytest.raises(plans.PlanRefused):
        plans.record(
            planned=stale,
            session=StudySession(enrolment=here.enrolment, topic="另一个", held_at=timezone.now()),
            materials=[],
            attendance={},
            by=here.secretary,
        )
    assert StudySession.objects.count() == 1, "nothing is left of what was refused"


@pytest.mark.parametrize("name", ["study-plan-record", "study-plan-paper"])
def test_nothing_is_recorded_before_its_day_or_after_it_was_cancelled(here: Unit, name: str) -> None:
    client = signed_in(here.secretary)
    assert "进行之后再记录" in said(client.get(reverse(name, args=[planned(here).pk]), follow=True))
    off = just_held(here)
    plans.cancel(planned=off, why="停电", by=here.secretary)
    assert "已取消，不能记录" in said(client.get(reverse(name, args=[off.pk]), follow=True))


def paper(here: Unit, plan: PlannedSession, cells: dict[int, str], **change: Any) -> Any:
    """Send the page that looks like the paper; ``cells``: what is typed, by participation."""
    client, url = signed_in(here.secretary), reverse("study-plan-paper", args=[plan.pk])
    values = {name: value for name, value in sent(client.get(url)).items() if not name.startswith("state-")}
    typed = {f"cell-{p.pk}": cells.get(p.pk, "") for p in here.people()}
    keys = {f"state-{p.pk}": "" for p in here.people()}
    return client.post(url, values | keys | typed | change, follow=True)


def test_the_paper_is_entered_in_its_own_order(here: Unit) -> None:
    people = here.people()
    people[2].member.group = "第一党小组"
    people[2].member.save()
    plan = just_held(here)
    page = said(signed_in(here.secretary).get(reverse("study-plan-paper", args=[plan.pk])))
    order = [
        page.index(f'aria-label="{n}号{p}"') for n, p in enumerate([people[2], people[0], people[1], people[3]], 1)
    ]
    assert order == sorted(order), "by 党小组, then as on the roll, as printed"
    answer = paper(here, plan, {people[0].pk: "6", people[1].pk: "4", people[2].pk: "0"})
    assert "学习记录已保存" in said(answer)
    states = {a.participation_id: a.state for a in Attendance.objects.all()}
    assert states == {people[0].pk: "absent", people[1].pk: "sick-leave", people[3].pk: "present"}


def test_a_digit_that_means_nothing_is_named_and_what_was_typed_stays(here: Unit) -> None:
    plan, person = just_held(here), here.people()[0]
    page = said(paper(here, plan, {person.pk: "9"}, topic="改过的主题"))
    assert f"{person}填了“9”" in page
    assert 'value="9"' in page
    assert "改过的主题" in page
    assert not StudySession.objects.exists()


def test_a_committee_plans_and_records_its_core_group(here: Unit) -> None:
    """The committee takes part itself; its 中心组 are people who take part in branches."""
    person = here.people()[0]
    enrolment = make.enrolment(here.campaign, here.root)
    CoreGroupSeat.objects.create(organization=here.root, member=person.member, by=here.office)
    account, client = make.user(person.member), signed_in(here.office)
    values = {"topic": "中心组专题", "form": "core-group", "on": timezone.localdate() + timedelta(days=1)}
    values |= {"from_time": "09:00", "minutes_long": 120, "late_after": 10}
    page = said(client.post(reverse("study-plan-create", args=[enrolment.pk]), values, follow=True))
    assert "中心组成员" in page
    assert "应到 1 人" in page
    plan = PlannedSession.objects.get()
    assert "中心组专题" in said(signed_in(account).get(reverse("home")))
    assert "中心组专题" in said(signed_in(account).get(reverse("my-calendar"), {"month": f"{plan.day:%Y-%m}"}))
    assert signed_in(account).get(reverse("study-plan-detail", args=[plan.pk])).status_code == 200
    assert (
        signed_in(make.user(here.people()[1].member)).get(reverse("study-plan-detail", args=[plan.pk])).status_code
        == 404
    )
    PlannedSession.objects.update(starts_at=timezone.now() - timedelta(minutes=5))
    url = reverse("study-plan-record", args=[plan.pk])
    client.post(url, sent(client.get(url)))
    assert [(a.participation, a.state) for a in Attendance.objects.all()] == [(person, "present")]


def test_a_member_of_the_core_group_signs_in_where_they_do_not_take_part(here: Unit) -> None:
    person = here.people()[0]
    enrolment = make.enrolment(here.campaign, here.root)
    CoreGroupSeat.objects.create(organization=here.root, member=person.member, by=here.office)
    values: dict[str, Any] = {"topic": "中心组专题", "form": "core-group", "starts_at": timezone.now()}
    plan, _ = plans.plan(enrolment=enrolment, materials=[], submission=None, by=here.office, **values)
    client, url = signed_in(make.user(person.member)), reverse("study-plan-sign-in", args=[plan.pk])
    client.post(url, {"what": "code", "code": paper_code(plan)})
    assert "您已签到" in said(client.post(url, {"what": "self"}, follow=True))
    assert plan.sign_ins.get().participation == person
