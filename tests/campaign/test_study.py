"""A session is recorded once, in one page; everything else follows from it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaign.actions import study
from campaign.models import Attendance, Campaign, Enrolment, MakeUp, Participation, StudySession
from campaign.progress.writing import Figures, figures_of
from members.models import Member, MemberTag, Mobility
from members.permissions import Role
from tests import factories as make
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
STUDY = "参加学习，缺课的补课"


@pytest.fixture
def here() -> Unit:
    return unit()


def session_fields(here: Unit, **change: object) -> dict[str, Any]:
    """What the page sends when nothing but the topic was typed."""
    fields: dict[str, Any] = {
        "topic": "学习党章",
        "form": "collective",
        "held_on": TODAY(),
        "held_from": "14:00",
        "minutes_long": 120,
        "place": "会议室",
        "chair": "书记",
        "recorder": "乙",
    }
    fields |= {f"state-{p.pk}": "present" for p in here.people()}
    return fields | change


def post(here: Unit, **change: object) -> Any:
    url = reverse("study-session-create", args=[here.enrolment.pk])
    return signed_in(here.secretary).post(url, session_fields(here, **change), follow=True)


def test_who_may_record_and_who_may_look(here: Unit) -> None:
    post(here)
    session = StudySession.objects.get()
    member = make.user(here.people()[0].member)
    inspector = make.hat(Role.INSPECTOR, here.root)
    pages = {
        ("study-session-create", here.enrolment.pk): (403, 403),
        ("study-session-edit", session.pk): (403, 403),
        ("study-session-list", here.enrolment.pk): (403, 200),
        ("study-session-detail", session.pk): (200, 200),
        ("make-up-list", here.enrolment.pk): (403, 200),
    }
    for (name, pk), (as_member, as_inspector) in pages.items():
        url = reverse(name, args=[pk])
        assert signed_in(here.secretary).get(url).status_code == 200, name
        assert signed_in(member).get(url).status_code == as_member, name
        assert signed_in(inspector).get(url).status_code == as_inspector, name
        assert signed_in(here.outsider).get(url).status_code == 404, name


def test_one_post_records_everyone_and_shows_at_the_root_at_once(here: Unit) -> None:
    sick = here.people()[0]
    response = post(here, **{f"state-{sick.pk}": "sick-leave"})
    session = StudySession.objects.get()
    assert session.attendances.count() == len(here.people()) == 4
    assert "应到 4 人，实到 3 人" in said(response)
    assert "病假 1 人" in said(response)
    figures = figures_of(here.campaign, here.root)
    assert figures[here.requirement(STUDY).pk] == Figures(3, 0, 4)
    assert figures[here.requirement("组织集中学习").pk] == Figures(1, 0, 1)
    assert figures[here.requirement("召开动员大会").pk] == Figures(0, 0, 1)


def test_the_same_sent_twice_is_one_session(here: Unit) -> None:
    fields = session_fields(here)
    client, url = signed_in(here.secretary), reverse("study-session-create", args=[here.enrolment.pk])
    first, second = client.post(url, fields), client.post(url, fields)
    assert first.url == second.url
    assert StudySession.objects.count() == 1


def test_going_back_and_sending_again_makes_no_second_session(here: Unit) -> None:
    post(here)
    page = said(post(here, place="另一处"))
    assert "已经记录过，没有重复保存" in page
    assert "另一处" in page, "what was typed stays"
    assert StudySession.objects.count() == 1
    post(here, held_from="16:00")
    assert StudySession.objects.count() == 2


def test_of_two_windows_on_one_session_the_second_is_told(here: Unit) -> None:
    post(here)
    session = StudySession.objects.get()
    client, url = signed_in(here.secretary), reverse("study-session-edit", args=[session.pk])
    seen = {"seen": client.get(url).context["form"].seen}
    client.post(url, session_fields(here, topic="第一个窗口改的主题") | seen)
    told = client.post(url, session_fields(here, place="第二个窗口改的地点") | seen)
    assert "又在另一窗口或由他人修改过" in said(told)
    assert "第二个窗口改的地点" in said(told)
    session.refresh_from_db()
    assert (session.topic, session.place) == ("第一个窗口改的主题", "会议室")
    client.post(url, session_fields(here, place="第二个窗口改的地点") | {"seen": told.context["form"].seen})
    session.refresh_from_db()
    assert session.place == "第二个窗口改的地点"


def test_the_next_session_starts_from_the_last(here: Unit) -> None:
    post(here, place="三楼会议室", minutes_long=90, held_from="09:30", chair="主持人甲")
    page = said(signed_in(here.secretary).get(reverse("study-session-create", args=[here.enrolment.pk])))
    for value in ("三楼会议室", 'value="90"', 'value="09:30"', "主持人甲", f'value="{TODAY()}"'):
        assert value in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"held_on": "2999-01-01"}, "1990至2100之间"),
        ({"held_on": TODAY() + timedelta(days=1)}, "日期晚于今天"),
        ({"held_on": "2004-01-01"}, "不在本单位的活动时间"),
        ({"held_on": "昨天"}, "日期不是有效的日期"),
        ({"held_from": "二点"}, "开始时间请按"),
        ({"minutes_long": 0}, "1 至 1440 分钟"),
        ({"minutes_long": 5000}, "1 至 1440 分钟"),
        ({"minutes_long": "两小时"}, "请填写整数分钟"),
        ({"topic": ""}, "请填写学习主题"),
        ({"topic": "长" * 200}, "120"),
        ({"form": "party"}, "有效"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(here: Unit, change: dict[str, Any], message: str) -> None:
    person = here.people()[1]
    page = said(post(here, **{"record": "写了很久的记录", f"state-{person.pk}": "personal-leave"}, **change))
    assert message in page
    assert "写了很久的记录" in page
    assert '<option value="personal-leave" selected>' in page
    assert not StudySession.objects.exists()


def test_who_joined_later_is_not_absent(here: Unit) -> None:
    late = make.participation(here.enrolment, "后来者")
    assert late.joined_on == TODAY()
    day = TODAY() - timedelta(days=10)
    page = said(post(here, held_on=day, **{f"state-{late.pk}": "absent"}))
    assert "未计入应到：后来者" in page
    assert not Attendance.objects.filter(participation=late).exists()
    assert StudySession.objects.get().attendances.count() == 4


def test_a_late_entry_says_so(here: Unit) -> None:
    assert "补录" in said(post(here, held_on=TODAY() - timedelta(days=10)))
    StudySession.objects.all().delete()
    assert "补录" not in said(post(here))


def test_only_one_group_is_expected_when_a_group_is_chosen(here: Unit) -> None:
    first, second = here.people()[:2]
    Member.objects.filter(pk=first.member_id).update(group="第一党小组")
    Member.objects.filter(pk=second.member_id).update(group="第二党小组")
    post(here, group="第一党小组")
    assert [a.participation for a in StudySession.objects.get().attendances.all()] == [first]


def test_strangers_cannot_be_slipped_into_the_list(here: Unit) -> None:
    foreign = make.participation(make.enrolment(make.campaign(make.organization()), make.branch()))
    post(here, **{f"state-{foreign.pk}": "present"})
    assert not Attendance.objects.filter(participation=foreign).exists()


def test_assumed_states_are_fair(here: Unit) -> None:
    """S0 四: 年老体弱的灵活安排; S2 三2: the lost are neither present nor forgotten."""
    frail, lost, leader = here.people()[:3]
    Participation.objects.filter(pk=frail.pk).update(route=Participation.Route.ALTERNATIVE)
    Mobility.objects.create(member=lost.member, kind=Mobility.Kind.LOST, since=TODAY())
    MemberTag.objects.create(member=leader.member, kind=MemberTag.Kind.LEADER)
    from campaign.forms.attendance import AttendanceSheet

    def states(form: str) -> list[str]:
        by = {row.participation.pk: row.state for row in AttendanceSheet(here.enrolment, form=form).rows}
        return [by[p.pk] for p in here.people()]

    assert states("collective") == ["exempt", "absent", "present", "present"]
    assert states("home-delivery") == ["present", "", "", ""]
    assert states("core-group") == ["", "", "present", ""]


def test_home_delivery_counts_for_those_who_cannot_come(here: Unit) -> None:
    frail = here.people()[0]
    Participation.objects.filter(pk=frail.pk).update(route=Participation.Route.ALTERNATIVE)
    others = {f"state-{p.pk}": "" for p in here.people() if p != frail}
    post(here, form="home-delivery", **others)
    assert figures_of(here.campaign, here.root)[here.requirement(STUDY).pk] == Figures(1, 0, 4, 1)


def test_nothing_is_recorded_before_the_start_or_after_the_end(here: Unit) -> None:
    Enrolment.objects.filter(pk=here.enrolment.pk).update(state=Enrolment.State.PREPARING)
    assert "还没有启动活动" in said(post(here))
    Enrolment.objects.filter(pk=here.enrolment.pk).update(state=Enrolment.State.RUNNING)
    Campaign.objects.filter(pk=here.campaign.pk).update(state=Campaign.State.CLOSED)
    assert "不能记录学习" in said(post(here))
    assert not StudySession.objects.exists()


def edit(here: Unit, session: StudySession, **change: object) -> Any:
    held = timezone.localtime(session.held_at)
    fields = session_fields(here) | {"held_on": held.date(), "held_from": f"{held:%H:%M}"} | change
    return signed_in(here.secretary).post(reverse("study-session-edit", args=[session.pk]), fields, follow=True)


def test_a_make_up_is_never_dropped_unasked(here: Unit) -> None:
    person = here.people()[0]
    post(here, **{f"state-{person.pk}": "absent"})
    session = StudySession.objects.get()
    gap = Attendance.objects.get(participation=person)
    study.make_up(attendances=[gap], on=TODAY(), way="自学", checked_by="书记", by=here.secretary)
    for change in ({f"state-{person.pk}": "present"}, {f"state-{person.pk}": ""}):
        page = said(edit(here, session, **change))
        assert "党员甲" in page
        assert "补课记录将删除" in page
        assert MakeUp.objects.exists()
        gap.refresh_from_db()
        assert gap.state == "absent"
    assert "已保存" in said(edit(here, session, **{f"state-{person.pk}": "sick-leave"}))
    assert MakeUp.objects.exists()
    edit(here, session, confirmed="on", **{f"state-{person.pk}": "present"})
    assert not MakeUp.objects.exists()
    gap.refresh_from_db()
    assert gap.state == "present"


def test_an_earlier_date_takes_those_out_who_were_not_there_yet(here: Unit) -> None:
    late = make.participation(here.enrolment, "后来者")
    post(here, **{f"state-{late.pk}": "present"})
    session = StudySession.objects.get()
    edit(here, session, held_on=TODAY() - timedelta(days=5), **{f"state-{late.pk}": "present"})
    assert not session.attendances.filter(participation=late).exists()
    assert session.attendances.count() == 4


def test_an_edit_shows_in_the_figures(here: Unit) -> None:
    person = here.people()[0]
    post(here, **{f"state-{person.pk}": "absent"})
    edit(here, StudySession.objects.get(), **{f"state-{person.pk}": "late"})
    assert figures_of(here.campaign, here.root)[here.requirement(STUDY).pk] == Figures(4, 0, 4)


def test_make_up_for_several_at_once(here: Unit) -> None:
    people = here.people()
    post(here, **{f"state-{p.pk}": "absent" for p in people[:3]})
    gaps = list(Attendance.objects.filter(state="absent"))
    client = signed_in(here.secretary)
    listing = reverse("make-up-list", args=[here.enrolment.pk])
    assert said(client.get(listing)).count("登记补课") >= 3
    url = reverse("make-up-create", args=[gaps[0].pk])
    fields = {"attendances": [g.pk for g in gaps[:2]], "on": TODAY(), "way": "自学原文", "checked_by": "书记"}
    assert "补课日期晚于今天" in said(client.post(url, fields | {"on": TODAY() + timedelta(days=1)}))
    assert "早于缺课的那次学习" in said(client.post(url, fields | {"on": TODAY() - timedelta(days=1)}))
    assert "已登记 2 人补课" in said(client.post(url, fields, follow=True))
    assert "不需要补课，或已登记过" in said(client.post(url, fields, follow=True))
    assert MakeUp.objects.count() == 2
    assert figures_of(here.campaign, here.root)[here.requirement(STUDY).pk] == Figures(3, 0, 4)
    assert signed_in(here.office).get(url).status_code == 403
    assert signed_in(here.outsider).get(url).status_code == 404


def test_a_transferred_person_s_figures_follow_an_edit(here: Unit) -> None:
    """Their attendance stays with the old branch's session; the new branch's figures change with it."""
    person = here.people()[0]
    post(here, **{f"state-{person.pk}": "absent"})
    other = make.branch(here.root)
    new = make.enrolment(here.campaign, other)
    Member.objects.filter(pk=person.member_id).update(branch=other)
    from members.registry import roll_changed

    roll_changed([here.branch.pk, other.pk])
    requirement = here.requirement(STUDY)
    assert figures_of(here.campaign, other)[requirement.pk] == Figures(0, 0, 1)
    session = StudySession.objects.get()
    edit(here, session, **{f"state-{person.pk}": "present"})
    assert figures_of(here.campaign, new.organization)[requirement.pk] == Figures(1, 0, 1)


def test_lists_page_by_key_and_cost_the_same_as_they_grow(here: Unit, django_assert_max_num_queries: Any) -> None:
    start = timezone.make_aware(datetime.combine(TODAY() - timedelta(days=50), datetime.min.time()))
    for number in range(35):
        session = StudySession.objects.create(
            enrolment=here.enrolment,
            topic=f"第{number}次学习",
            held_at=start + timedelta(hours=number // 2),
            by=here.secretary,
        )
        Attendance.objects.create(session=session, participation=here.people()[0], state="absent")
    client, url = signed_in(here.secretary), reverse("study-session-list", args=[here.enrolment.pk])
    client.get(url)
    with django_assert_max_num_queries(16):
        first = said(client.get(url))
    assert "第34次学习" in first
    last_shown = StudySession.objects.order_by("-held_at", "-pk")[29]
    second = said(client.get(url, {"after": last_shown.pk}))
    assert [f"第{n}次学习" in second for n in (5, 4, 0)] == [False, True, True]
    assert "上一页" in second
    assert "第34次学习" in said(client.get(url, {"before": StudySession.objects.order_by("-held_at", "-pk")[30].pk}))
    assert client.get(url, {"after": "'; drop"}).status_code == 200
    with django_assert_max_num_queries(16):
        assert client.get(reverse("make-up-list", args=[here.enrolment.pk])).status_code == 200


def test_the_recording_page_costs_the_same_as_people_grow(here: Unit, django_assert_max_num_queries: Any) -> None:
    client, url = signed_in(here.secretary), reverse("study-session-create", args=[here.enrolment.pk])
    client.get(url)
    for _ in range(20):
        make.participation(here.enrolment)
    with django_assert_max_num_queries(22):
        client.get(url)


def test_members_see_their_own_state_but_not_others(here: Unit) -> None:
    one, other = here.people()[:2]
    post(here, **{f"state-{one.pk}": "sick-leave", f"state-{other.pk}": "absent"})
    page = said(
        signed_in(make.user(one.member)).get(reverse("study-session-detail", args=[StudySession.objects.get().pk]))
    )
    assert "我的出勤：<strong>病假</strong>，待补课" in page
    assert other.member.name not in page


def test_my_study_adds_up_and_keeps_notes_to_their_author(here: Unit) -> None:
    one = here.people()[0]
    post(here, minutes_long=90)
    post(here, minutes_long=60, topic="缺了的课", **{f"state-{one.pk}": "absent"})
    member = make.user(one.member)
    client, url = signed_in(member), reverse("my-study", args=[one.pk])
    note = {"title": "读后", "text": "只给自己看的话", "written_on": TODAY()}
    for _ in range(2):
        client.post(reverse("study-note-create", args=[one.pk]), note)
    assert one.notes.count() == 1
    page = said(client.get(url))
    for text in ("1.5 小时", "缺了的课", "待补课", "读后"):
        assert text in page
    assert "只给自己看的话" in said(client.get(reverse("study-note-detail", args=[one.notes.get().pk])))
    for reader in (here.secretary, here.office):
        assert "读后" not in said(signed_in(reader).get(url))
        assert signed_in(reader).get(reverse("study-note-detail", args=[one.notes.get().pk])).status_code == 404
        assert signed_in(reader).get(reverse("study-note-create", args=[one.pk])).status_code == 403
    assert signed_in(here.outsider).get(url).status_code == 404
    colleague = make.user(here.people()[1].member)
    assert signed_in(colleague).get(url).status_code == 404


def test_dates_are_those_of_the_wall_clock(here: Unit) -> None:
    post(here, held_on=TODAY(), held_from="08:15")
    held = timezone.localtime(StudySession.objects.get().held_at)
    assert (held.date(), f"{held:%H:%M}") == (TODAY(), "08:15")
    assert isinstance(held.date(), date)
