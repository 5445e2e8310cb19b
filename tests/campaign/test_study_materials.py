"""Reading lists, what people study on their own, their notes, trainings, and the account of a year."""

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.actions import material as materials
from campaign.actions import self_study
from campaign.actions import training as trainings
from campaign.models import (
    Attendance,
    CoreGroupSeat,
    Enrolment,
    MakeUp,
    Material,
    Participation,
    Reading,
    Requirement,
    SelfStudy,
    StudyNote,
    StudySession,
    Training,
)
from campaign.progress.writing import Figures, figures_of, recording, refresh
from campaign.study.documents import person_sheet, register_tables
from members.models import MemberTag, Organization
from portal.models import ReadLog
from tests import factories as make
from tests.campaign.test_study import session_fields
from tests.campaign.unit import TODAY, Unit, said, unit
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Unit:
    return unit()


def ask(here: Unit, indicator: str, audience: str = "all-members", **params: Any) -> Requirement:
    """One more requirement of the present phase, with figures."""
    step = here.campaign.requirements.get(label="组织集中学习").step
    made = Requirement.objects.create(
        step=step,
        campaign=here.campaign,
        number=90 + Requirement.objects.count(),
        label=indicator,
        indicator_code=indicator,
        audience_code=audience,
        params=params,
    )
    refresh(here.campaign)
    return made


def figures(here: Unit, requirement: Requirement) -> Figures:
    return figures_of(here.campaign, here.root)[requirement.pk]


def material(here: Unit, title: str = "党章", **fields: Any) -> Material:
    return materials.save(material=Material(campaign=here.campaign, title=title, **fields), by=here.office)


def account_of(person: Participation) -> Any:
    return make.user(person.member)


def test_what_is_required_follows_group_and_sector(here: Unit) -> None:
    Material.objects.all().delete()
    asked = ask(here, "materials-read")
    assert figures(here, asked) == Figures(4, 0, 4), "nothing is required, nothing is owed"
    everybody = material(here, "党章")
    leaders = material(here, "领导干部读本", audience_code="leaders")
    elsewhere = Material(campaign=here.campaign, title="农村读本")
    elsewhere.sectors = ["village"]
    materials.save(material=elsewhere, by=here.office)
    material(here, "选读", required=False)
    one, two = here.people()[:2]
    MemberTag.objects.create(member=one.member, kind=MemberTag.Kind.LEADER)
    assert figures(here, asked) == Figures(0, 0, 4)
    assert {m.title for m in Material.objects.asked_of(one)} == {"党章", "领导干部读本", "选读"}
    assert {m.title for m in Material.objects.asked_of(two)} == {"党章", "选读"}
    self_study.say_read(participation=two, material=everybody, by=here.office)
    self_study.say_read(participation=one, material=everybody, by=here.office)
    assert figures(here, asked) == Figures(1, 0, 4), "the leader still owes the leaders' book"
    self_study.say_read(participation=one, material=leaders, by=here.office)
    assert figures(here, asked) == Figures(2, 0, 4)
    materials.withdraw(material=everybody, by=here.office)
    assert figures(here, asked) == Figures(4, 0, 4)
    village = Organization.objects.filter(pk=here.branch.pk)
    village.update(sector="village")
    refresh(here.campaign)
    assert figures(here, asked) == Figures(0, 0, 4)


def test_a_branch_gives_its_own_people_more(here: Unit) -> None:
    Material.objects.all().delete()
    asked = ask(here, "materials-read")
    url = reverse("branch-material-create", args=[here.enrolment.pk])
    data = {"title": "本支部读物", "required": "on", "audience_code": "all-members", "position": "1"}
    page = signed_in(here.secretary).post(url, data, follow=True)
    assert "本支部读物" in said(page)
    made = Material.objects.get()
    assert made.enrolment == here.enrolment
    assert figures(here, asked) == Figures(0, 0, 4)
    for reader, status in ((account_of(here.people()[0]), 200), (here.outsider, 404), (here.office, 200)):
        assert signed_in(reader).get(reverse("material-detail", args=[made.pk])).status_code == status
    for clerk, status in ((here.secretary, 200), (account_of(here.people()[1]), 403), (here.outsider, 404)):
        assert signed_in(clerk).get(reverse("material-edit", args=[made.pk])).status_code == status
    again = signed_in(here.secretary).post(url, data)
    assert "目录里已有同名的材料" in said(again)


def test_only_the_office_keeps_the_campaigns_list(here: Unit) -> None:
    url = reverse("material-create", args=[here.campaign.pk])
    data = {
        "title": "读本",
        "audience_code": "leaders",
        "sectors": ["village", "school"],
        "position": "2",
        "required": "on",
    }
    assert signed_in(here.secretary).post(url, data).status_code == 403
    page = said(signed_in(here.office).post(url, data, follow=True))
    assert "党员领导干部（农村、中小学）" in page
    made = Material.objects.get(title="读本")
    assert signed_in(here.secretary).post(reverse("material-withdraw", args=[made.pk])).status_code == 403
    signed_in(here.office).post(reverse("material-withdraw", args=[made.pk]))
    assert "已停用" in said(signed_in(here.secretary).get(reverse("material-list", args=[here.campaign.pk])))


def test_a_member_marks_what_they_read_and_may_take_it_back(here: Unit) -> None:
    Material.objects.all().delete()
    text = material(here, "党章", due_on=TODAY() + timedelta(3))
    one, other = here.people()[:2]
    client = signed_in(account_of(one))
    page = said(client.get(reverse("my-readings", args=[one.pk])))
    assert "必学 1 份，已读 0 份" in page
    mark = reverse("reading-mark", args=[one.pk, text.pk])
    for _ in range(2):
        assert "已读 1 份" in said(client.post(mark, follow=True))
    assert Reading.objects.count() == 1
    unread = reverse("material-unread", args=[text.pk, here.branch.pk])
    names = said(signed_in(here.secretary).get(unread))
    assert "3 人还没有标记已读" in names
    assert other.member.name in names
    assert one.member.name not in names
    assert client.get(unread).status_code == 403
    assert signed_in(here.outsider).get(unread).status_code == 404
    assert "已读 0 份" in said(client.post(mark, {"take": "back"}, follow=True))
    assert signed_in(account_of(other)).post(mark).status_code == 404
    assert signed_in(here.secretary).post(mark).status_code == 403


def test_personal_study_counts_where_the_campaign_says_so(here: Unit) -> None:
    plain, wide = ask(here, "study-hours", hours=2), ask(here, "study-hours", hours=2, also=["self-study", "training"])
    one = here.people()[0]
    client, url = signed_in(account_of(one)), reverse("self-study-create", args=[one.pk])
    early = TODAY() - timedelta(10)
    for _ in range(2):
        page = said(client.post(url, {"on": early, "what": "读《共产党宣言》", "minutes": 90}, follow=True))
    assert SelfStudy.objects.count() == 1
    assert "补录于" in page
    assert figures(here, wide).done == 0
    client.post(url, {"on": TODAY(), "what": "同书第二章", "minutes": 30})
    assert figures(here, wide).done == 1
    assert figures(here, plain).done == 0
    assert "请选择学习材料，或写明学了什么" in said(client.post(url, {"on": TODAY(), "minutes": 30}))
    entry = SelfStudy.objects.latest("pk")
    assert signed_in(here.secretary).post(reverse("self-study-remove", args=[entry.pk])).status_code == 404
    client.post(reverse("self-study-remove", args=[entry.pk]))
    assert figures(here, wide).done == 0
    assert signed_in(here.secretary).get(url).status_code == 403


def test_a_note_is_read_by_whom_its_author_chose(here: Unit) -> None:
    one, two = here.people()[:2]
    author, colleague = account_of(one), account_of(two)
    note = self_study.write_note(participation=one, title="读后", body="很有体会", written_on=TODAY(), by=author)
    url = reverse("study-note-detail", args=[note.pk])
    seen = {
        "private": (404, 404, 404),
        "secretary": (200, 404, 404),
        "branch": (200, 200, 404),
    }
    for circle, (by_secretary, by_colleague, by_office) in seen.items():
        StudyNote.objects.update(circle=circle)
        assert signed_in(author).get(url).status_code == 200
        assert signed_in(here.secretary).get(url).status_code == by_secretary, circle
        assert signed_in(colleague).get(url).status_code == by_colleague, circle
        assert signed_in(here.office).get(url).status_code == by_office, circle
        assert signed_in(here.outsider).get(url).status_code == 404
    assert ReadLog.objects.filter(kind="study-note").count() == 3
    assert "谁看过" in said(signed_in(author).get(url))
    shared = said(signed_in(here.secretary).get(reverse("study-note-list", args=[here.enrolment.pk])))
    assert "读后" in shared
    assert signed_in(here.secretary).get(reverse("study-note-edit", args=[note.pk])).status_code == 403


def test_a_changed_note_keeps_what_it_was_and_two_windows_are_told_apart(here: Unit) -> None:
    one = here.people()[0]
    client = signed_in(account_of(one))
    fields = {"title": "读后", "text": "第一稿", "written_on": TODAY(), "circle": "private"}
    client.post(reverse("study-note-create", args=[one.pk]), fields)
    note = StudyNote.objects.get()
    assert b"\xe7\xac\xac" not in bytes(sealed_column(note)), "the database holds no plain word"
    url = reverse("study-note-edit", args=[note.pk])
    client.post(url, fields | {"text": "第二稿", "edition": 1})
    told = said(client.post(url, fields | {"text": "另一窗口", "edition": 1}))
    assert "在另一窗口改过" in told
    assert "另一窗口" in told
    note.refresh_from_db()
    assert note.body == "第二稿"
    assert [r.body for r in note.revisions.all()] == ["第一稿"]
    assert "第一稿" in said(client.get(reverse("study-note-detail", args=[note.pk])))
    StudyNote.objects.update(circle="branch")
    assert "第一稿" not in said(signed_in(here.secretary).get(reverse("study-note-detail", args=[note.pk])))
    client.post(reverse("study-note-remove", args=[note.pk]))
    assert not StudyNote.objects.exists()


def sealed_column(note: StudyNote) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM campaign_studynote WHERE id = %s", [note.pk])
        return bytes(cursor.fetchone()[0])


def test_days_come_from_sessions_made_up_ones_and_training(here: Unit) -> None:
    asked = ask(here, "study-days", days=2, day_hours=6)
    one, two = here.people()[:2]
    clerk = signed_in(here.secretary)
    url = reverse("study-session-create", args=[here.enrolment.pk])
    for topic, away in (("上午", {}), ("下午", {f"state-{one.pk}": "sick-leave"})):
        clerk.post(url, session_fields(here, topic=topic, minutes_long=360, **away))
    assert figures(here, asked) == Figures(3, 0, 4)
    clerk.post(url, session_fields(here, topic="独自", form="self-study", minutes_long=1000))
    assert figures(here, asked) == Figures(3, 0, 4), "what one does alone is no collective education"
    missed = Attendance.objects.get(participation=one, state="sick-leave")
    form = {"attendances": [missed.pk], "on": TODAY(), "way": "自学", "checked_by": "书记"}
    clerk.post(reverse("make-up-create-many", args=[here.enrolment.pk]), form)
    assert figures(here, asked) == Figures(4, 0, 4)
    MakeUp.objects.all().delete()
    with recording([here.enrolment.pk]):
        pass
    data = {
        "subject": "党员轮训",
        "organiser": "县委党校",
        "starts_on": TODAY(),
        "ends_on": TODAY(),
        "days": 1,
        "hours": 6,
    }
    page = said(clerk.post(reverse("training-create", args=[one.member_id]), data, follow=True))
    assert "党员轮训" in page
    assert "2 天" in page or "2.0 天" in page
    assert figures(here, asked) == Figures(4, 0, 4)
    assert two.member.trainings.count() == 0


def test_attendance_of_one_campaign_counts_for_the_days_another_one_asks(here: Unit) -> None:
    other = make.campaign(
        here.root, (("study-days", "all-members"),), name="经常性教育", starts_on=TODAY() - timedelta(90),
        ends_on=TODAY() + timedelta(90),
    )  # fmt: skip
    Requirement.objects.filter(campaign=other).update(params={"days": 1, "day_hours": 6})
    make.enrolment(other, here.branch)
    asked = Requirement.objects.get(campaign=other)
    assert figures_of(other, here.root)[asked.pk] == Figures(0, 0, 4)
    url = reverse("study-session-create", args=[here.enrolment.pk])
    signed_in(here.secretary).post(url, session_fields(here, minutes_long=360))
    assert figures_of(other, here.root)[asked.pk] == Figures(4, 0, 4)


def test_training_within_three_years(here: Unit) -> None:
    asked = ask(here, "trained-within", audience="secretaries", years=3)
    secretary = here.secretary.member
    assert secretary is not None
    year = here.campaign.ends_on.year
    assert figures(here, asked) == Figures(0, 0, 1)
    for back, done in ((3, 0), (2, 1)):
        day = TODAY().replace(year=year - back, month=3, day=1)
        facts = {
            "subject": f"书记轮训{back}",
            "organiser": "党校",
            "starts_on": day,
            "ends_on": day,
            "days": 1,
            "hours": 6,
        }
        trainings.enter(trainings=[Training(member=secretary, **facts)], by=here.office)
        assert figures(here, asked) == Figures(done, 0, 1), back


HEAD = ["姓名", "培训内容", "举办单位", "开始日期", "结束日期", "天数", "学时"]


def sheet(*rows: list[Any]) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in (["培训名单"], HEAD, *rows):
        book.active.append(row)  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("培训.xlsx", file.getvalue())


def test_a_list_of_trainings_is_looked_at_and_written_whole_or_not(here: Unit) -> None:
    one, two = (p.member for p in here.people()[:2])
    url, client = reverse("training-import", args=[here.branch.pk]), signed_in(here.secretary)
    day = "2025-03-01"
    good = [one.name, "轮训", "县委党校", day, "2025-03-02", 2, 12]
    wrong = [
        ["没有这人", "轮训", "县委党校", day, day, 1, 6],
        [two.name, "轮训", "县委党校", day, "2025-02-01", 1, 6],
        [two.name, "轮训", "县委党校", "2025年", day, "一天", 6],
    ]
    page = said(client.post(url, {"file": sheet(good, *wrong)}))
    for text in ("第4行A列（姓名）", "第5行E列（结束日期）：早于开始日期", "第6行D列（开始日期）", "第6行F列（天数）"):
        assert text in page
    assert not Training.objects.exists()
    looked = client.post(url, {"file": sheet(good)})
    assert "确认登记 1 条" in said(looked)
    assert not Training.objects.exists()
    checked = looked.context["checked"]
    assert "已登记 1 条" in said(client.post(url, {"checked": checked}, follow=True))
    assert "1 条原来已有" in said(client.post(url, {"checked": checked}, follow=True))
    assert Training.objects.get().days == 2
    assert "核对结果已失效" in said(client.post(url, {"checked": f"{checked}x"}, follow=True))
    assert "补录于" in said(client.get(reverse("training-list", args=[here.branch.pk])))
    assert signed_in(account_of(here.people()[1])).get(url).status_code == 403
    assert signed_in(here.outsider).get(url).status_code == 404
    office = signed_in(here.office).post(
        reverse("training-import", args=[here.root.pk]), {"checked": checked}, follow=True
    )
    assert "核对结果已失效" in said(office)


def test_namesakes_are_told_apart_or_refused(here: Unit) -> None:
    other = make.branch(here.root, "第二支部")
    make.member(other, here.people()[0].member.name)
    row = [here.people()[0].member.name, "轮训", "党校", "2025-03-01", "2025-03-01", 1, 6]
    url = reverse("training-import", args=[here.root.pk])
    assert "有2名党员叫" in said(signed_in(here.office).post(url, {"file": sheet(row)}))


def test_one_make_up_for_several_people_and_sessions(here: Unit) -> None:
    one, two = here.people()[:2]
    clerk, url = signed_in(here.secretary), reverse("study-session-create", args=[here.enrolment.pk])
    for topic in ("甲课", "乙课"):
        clerk.post(url, session_fields(here, topic=topic, **{f"state-{p.pk}": "absent" for p in (one, two)}))
    many = reverse("make-up-create-many", args=[here.enrolment.pk])
    first = Attendance.objects.filter(state="absent").values_list("pk", flat=True)[0]
    shown = clerk.get(many, {"a": first})
    page = said(shown)
    assert shown.context["form"]["attendances"].value() == [first]
    assert "甲课" in page
    assert "乙课" in page
    every = list(Attendance.objects.filter(state="absent").values_list("pk", flat=True))
    form = {"attendances": every, "on": TODAY(), "way": "集体补课", "checked_by": "书记"}
    early = said(clerk.post(many, form | {"on": TODAY() - timedelta(5)}))
    assert "补课日期早于缺课的那次学习" in early
    for _ in range(2):
        clerk.post(many, form)
    assert MakeUp.objects.count() == 4
    assert signed_in(account_of(one)).get(many).status_code == 403
    assert signed_in(here.outsider).get(many).status_code == 404


def core_group(here: Unit) -> tuple[Enrolment, Participation]:
    """The root committee takes part, the first of the branch sits in its 中心组."""
    batch = here.enrolment.batch
    unit = Enrolment.objects.create(
        campaign=here.campaign, batch=batch, organization=here.root, state=Enrolment.State.RUNNING,
        phase=here.enrolment.phase, starts_on=here.enrolment.starts_on, ends_on=here.enrolment.ends_on,
    )  # fmt: skip
    one = here.people()[0]
    MemberTag.objects.create(member=one.member, kind=MemberTag.Kind.LEADER)
    url = reverse("core-group", args=[here.root.pk])
    since = TODAY() - timedelta(30)
    page = said(signed_in(here.office).post(url, {"member": one.member_id, "since": since}, follow=True))
    assert one.member.name in page
    return unit, one


def test_the_core_group_studies_at_the_committee_and_it_counts_at_home(here: Unit) -> None:
    unit, one = core_group(here)
    asked = ask(here, "study-days", days=1, day_hours=2)
    office, url = signed_in(here.office), reverse("study-session-create", args=[unit.pk])
    page = said(office.get(url))
    assert one.member.name in page
    assert here.people()[1].member.name not in page, "only its members are expected"
    fields = session_fields(here, form="core-group", topic="中心组学习")
    fields = {k: v for k, v in fields.items() if not k.startswith("state-")} | {f"state-{one.pk}": "present"}
    office.post(url, fields | {f"state-{here.people()[1].pk}": "present"})
    session = StudySession.objects.get()
    assert [a.participation for a in session.attendances.all()] == [one]
    assert figures(here, asked) == Figures(1, 0, 4)
    detail = reverse("study-session-detail", args=[session.pk])
    assert signed_in(account_of(one)).get(detail).status_code == 200
    assert signed_in(account_of(here.people()[1])).get(detail).status_code == 404
    assert signed_in(here.secretary).get(url).status_code in {403, 404}
    seat = CoreGroupSeat.objects.get()
    assert signed_in(here.secretary).post(reverse("core-seat-end", args=[seat.pk])).status_code in {403, 404}
    office.post(reverse("core-seat-end", args=[seat.pk]))
    seat.refresh_from_db()
    assert seat.until == TODAY()


def test_the_account_of_a_year(here: Unit, django_assert_max_num_queries: Any) -> None:
    ask(here, "study-days", days=2, day_hours=6)
    one, two = here.people()[:2]
    clerk, url = signed_in(here.secretary), reverse("study-session-create", args=[here.enrolment.pk])
    clerk.post(url, session_fields(here, minutes_long=450, **{f"state-{two.pk}": "sick-leave"}))
    year = TODAY().year
    page = said(signed_in(account_of(one)).get(reverse("study-account", args=[one.member_id])))
    assert "1.2 天" in page, "cut, never rounded up"
    assert "要求 2 天" in page
    assert "7.5 小时" in page
    assert "待补 1 次" in said(clerk.get(reverse("study-account", args=[two.member_id]), {"year": year}))
    listed = reverse("study-account-list", args=[here.branch.pk])
    with django_assert_max_num_queries(30):
        rows = said(clerk.get(listed))
    assert "1.2 天" in rows
    assert "未达到" in rows
    sums = said(signed_in(here.office).get(reverse("study-account-list", args=[here.root.pk])))
    assert "4 人" in sums
    assert "2 天" in sums
    for reader, status in ((account_of(here.people()[2]), 404), (here.outsider, 404), (here.office, 200)):
        assert signed_in(reader).get(reverse("study-account", args=[one.member_id])).status_code == status
    member = signed_in(one.member.user)
    assert member.get(listed).status_code == 403
    for bad in ("x", "99999", "0", "²"):
        assert clerk.get(listed, {"year": bad}).status_code == 200


def test_the_list_of_accounts_asks_no_more_as_people_grow(here: Unit) -> None:
    clerk, url = signed_in(here.secretary), reverse("study-account-list", args=[here.branch.pk])
    clerk.get(url)
    with CaptureQueriesContext(connection) as few:
        clerk.get(url)
    for n in range(10):
        make.participation(here.enrolment, f"新党员{n}")
    with CaptureQueriesContext(connection) as many:
        clerk.get(url)
    assert len(many) == len(few)


def test_sheets_of_the_account(here: Unit) -> None:
    clerk = signed_in(here.secretary)
    clerk.post(reverse("study-session-create", args=[here.enrolment.pk]), session_fields(here, minutes_long=90))
    [table] = register_tables(here.branch, {"year": str(TODAY().year)}, here.secretary)
    assert len(table.rows) == 4
    assert table.rows[0][4] == 1.5
    one = here.people()[0]
    assert person_sheet(one.member, {}, here.secretary)["account"].times == 1
    for reader, status in ((here.secretary, 302), (here.outsider, 404), (account_of(here.people()[1]), 404)):
        sent = {"member": one.member_id, "year": TODAY().year, "format": "pdf"}
        assert signed_in(reader).post(reverse("document-print", args=["study-account"]), sent).status_code == status


def test_a_session_that_is_entered_late_says_so_everywhere(here: Unit) -> None:
    day = TODAY() - timedelta(8)
    one = here.people()[0]
    Participation.objects.update(joined_on=day)
    clerk = signed_in(here.secretary)
    clerk.post(reverse("study-session-create", args=[here.enrolment.pk]), session_fields(here, held_on=day))
    assert StudySession.objects.get().is_late_entry
    for url in (
        reverse("study-session-list", args=[here.enrolment.pk]),
        reverse("my-study", args=[one.pk]),
        reverse("study-account", args=[one.member_id]),
    ):
        assert "补录" in said(clerk.get(url)), url
    assert timezone.localdate(StudySession.objects.get().created_at) == TODAY()


def test_a_session_is_offered_the_materials_of_its_own_sector(here: Unit) -> None:
    Organization.objects.filter(pk=here.branch.pk).update(sector="government")
    own, other = (
        material(here, "机关读本", sector_list=",government,"),
        material(here, "农村读本", sector_list=",rural,"),
    )
    for name in ("study-session-create", "study-plan-create"):
        page = signed_in(here.secretary).get(reverse(name, args=[here.enrolment.pk]))
        offered = page.context["form"].fields["materials"].queryset
        assert own in offered
        assert other not in offered
