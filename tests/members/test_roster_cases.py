"""Rosters as they really arrive: each case accepted rightly, or refused naming row, column and reason."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from members.actions.committee import Seat, add
from members.identity import canonical
from members.models import (
    Appointment,
    CommitteePost,
    Member,
    Mobility,
    Organization,
    OrganizationCondition,
    RosterImport,
)
from members.permissions import Role
from members.roster import values
from members.roster.checking import check
from members.roster.previewing import detail
from members.roster.rows import Plan, Row
from members.roster.values import Refused
from members.roster.writing import write
from members.sample_roster import template
from portal.actions import job as jobs
from portal.models import Job
from portal.sheets import Unreadable
from tests import factories as make
from tests.members import rosters

pytestmark = pytest.mark.django_db
TODAY = date(2005, 9, 1)
OLD = "110100660821013"
NEW = canonical(OLD)
OTHER = canonical("110100700101001")


def csv(*rows: str) -> bytes:
    return "\n".join(rows).encode()


@pytest.fixture
def home(root: Organization) -> Organization:
    return Organization.objects.get(code="B1")


def checked(root: Organization, *rows: str) -> Plan:
    return check(csv(*rows), Organization.objects.get(pk=root.pk), TODAY)


def only(root: Organization, *rows: str) -> Row:
    [row] = checked(root, *rows).members
    return row


def written(root: Organization, *rows: str) -> None:
    plan = checked(root, *rows)
    assert not plan.counts()["refused"], [row.problems for row in plan.rows]
    write(plan, Organization.objects.get(pk=root.pk), TODAY, None, "名册.csv")


@pytest.mark.parametrize(
    ("short", "code"),
    [("一支部", "B1"), ("机关1支部", "B1"), ("十一支部", "B11"), ("机关第十一支部", "B11"), ("b1", ""), ("二支部", "")],
)
def test_abbreviated_branches(root: Organization, short: str, code: str) -> None:
    row = only(root, "姓名,所在支部", f"王芳,{short}")
    assert row.values.get("branch_key", "") == code
    assert row.is_refused == (not code)


def test_brackets_in_organisation_names_stay_as_they_were_written(root: Organization) -> None:
    written(root, "组织名称,组织编码,组织类型", "和平里（东区）党支部,B3,支部")
    assert Organization.objects.get(code="B3").name == "和平里（东区）党支部"
    assert only(root, "姓名,支部", "王芳,和平里(东区)党支部").values["branch_key"] == "B3"


def test_blank_cells_wipe_nothing_and_a_plain_no_does(root: Organization, home: Organization) -> None:
    person = make.member(home, "王芳", number="N1", tags=("frail",))
    Mobility.objects.create(member=person, kind="lost", since=date(2004, 1, 1))
    head = "姓名,所在支部,党员编号,标签,流动状态"
    assert only(root, head, "王芳,B1,N1,,").outcome == "unchanged"
    row = only(root, head, "王芳,B1,N1,无,无")
    assert [change[1:] for change in row.changes] == [("年老体弱", "无"), ("失联", "无")]
    written(root, head, "王芳,B1,N1,无,无")
    assert not person.tags.exists()
    assert Mobility.objects.get(member=person).until == TODAY
    assert only(root, head, "王芳,B1,N1,无,无").outcome == "unchanged"


@pytest.mark.parametrize(
    ("head", "kind", "written_as", "shown"),
    [
        ("失联起始日期", "失联", "2004年3月", "2004年3月"),
        ("失联时间", "失联", "2004", "2004年"),
        ("流出日期", "流出（外省市）", "2004-3-5", "2004年3月5日"),
        ("状态起始日期", "失联", "2004.12.1", "2004年12月1日"),
        ("失联起始日期", "失联", "", f"登记于{TODAY.year}年{TODAY.month}月{TODAY.day}日"),
        ("流出日期", "失联", "2004-3-5", f"登记于{TODAY.year}年{TODAY.month}月{TODAY.day}日"),
    ],
)
def test_no_beginning_is_invented(root: Organization, head: str, kind: str, written_as: str, shown: str) -> None:
    line = f"王芳,B1,N1,{kind},{written_as}"
    written(root, f"姓名,所在支部,党员编号,流动状态,{head}", line)
    assert Mobility.objects.get(until=None).since_shown == shown
    again = only(root, f"姓名,所在支部,党员编号,流动状态,{head}", line)
    assert again.outcome == "unchanged"
    assert bool(again.notes) == (head == "流出日期" and kind == "失联")


def test_a_beginning_that_is_found_out_later_is_a_change(root: Organization) -> None:
    head = "姓名,所在支部,党员编号,流动状态,失联起始日期"
    written(root, head, "王芳,B1,N1,失联,")
    row = only(root, head, "王芳,B1,N1,失联,2004年3月")
    assert row.changes == [("失联起始", "不详", "2004年3月")]
    written(root, head, "王芳,B1,N1,失联,2004年3月")
    assert Mobility.objects.get().since_shown == "2004年3月"
    assert only(root, head, "王芳,B1,N1,失联,2004").outcome == "unchanged"
    assert only(root, head, "王芳,B1,N1,失联,2004-3-9").outcome == "changed"


def test_conditions_of_organisations_begin_when_the_file_says(root: Organization) -> None:
    head = "组织名称,组织编码,组织类型,组织状态,状态认定日期"
    written(root, head, "东风支部,B21,党支部,软弱涣散,2004年3月", "西风支部,B22,党支部,停产,")
    shown = {each.organization.code: each.since_shown for each in OrganizationCondition.objects.all()}
    assert shown == {"B21": "2004年3月", "B22": f"登记于{TODAY.year}年{TODAY.month}月{TODAY.day}日"}


def test_digits_typed_into_the_template_stay_text(root: Organization) -> None:
    book = load_workbook(io.BytesIO(template()))
    for sheet, headings in (("党员", ("身份证号", "联系电话", "党员编号")), ("组织", ("组织编码", "上级组织编码"))):
        columns = {cell.value: cell.column_letter for cell in book[sheet][1]}
        for heading in headings:
            assert book[sheet].column_dimensions[columns[heading]].number_format == "@"
        assert book[sheet].column_dimensions[columns["组织类型" if sheet == "组织" else "姓名"]].number_format != "@"


def test_a_branch_is_no_candidate_for_a_parent(root: Organization) -> None:
    written(
        root,
        "组织名称,组织编码,上级组织编码,组织类型",
        "中共石桥乡委员会,Q1,,党委",
        "乡委办公室党支部,Q2,Q1,党支部",
    )
    head = "组织名称,组织编码,上级组织,组织类型"
    [row] = checked(root, head, "石桥党总支,Q3,乡委,党总支").organizations
    assert not row.is_refused
    assert row.values["parent_key"] == "Q1"
    [group] = checked(root, head, "第一党小组,Q4,乡委,党小组").organizations
    assert group.values["parent_key"] == "Q2"


def test_a_number_kept_as_a_number_is_shown_as_the_cell_shows_it(root: Organization) -> None:
    content = rosters.xlsx([["姓名", "所在支部", "身份证号"], ["王芳", "B1", 110100196608210130.0]])
    [row] = check(content, Organization.objects.get(pk=root.pk), TODAY).members
    assert "存成了数字" in row.problems[0][2]
    assert "e" not in row.problems[0][1]
    assert row.problems[0][1].startswith("110")


def test_the_lost_are_taken_from_the_tags_too(root: Organization) -> None:
    written(root, "姓名,所在支部,标签", "王芳,B1,离退休、失联")
    person = Member.objects.get()
    assert [tag.kind for tag in person.tags.all()] == ["retired"]
    assert Mobility.objects.get(member=person, until=None).kind == "lost"
    assert only(root, "姓名,所在支部,标签", "王芳,B1,离退休、失联").outcome == "unchanged"


def test_a_date_that_only_says_less_changes_nothing(root: Organization, home: Organization) -> None:
    make.member(home, "王芳", number="N1", born="1966-08-21")
    assert only(root, "姓名,所在支部,党员编号,出生年月", "王芳,B1,N1,1966").outcome == "unchanged"
    assert only(root, "姓名,所在支部,党员编号,出生年月", "王芳,B1,N1,1967").outcome == "changed"


@pytest.mark.parametrize(("number", "read"), [(2005.7, "2005-07"), (2005.12, "2005-12"), (2005.0, "2005")])
def test_dates_typed_as_plain_numbers(number: float, read: str) -> None:
    value = int(number) if number.is_integer() else number
    assert values.partial_date(value, today=date(2006, 1, 1)) == read


@pytest.mark.parametrize("number", [2005.1, 2005.13, 98.7, "98.7"])
def test_numbers_that_are_no_certain_date(number: Any) -> None:
    with pytest.raises(Refused):
        values.partial_date(number, today=TODAY)


def test_a_time_of_day_is_left_out() -> None:
    assert values.partial_date("2001/7/1 0:00:00", today=TODAY) == "2001-07-01"


def test_the_old_and_the_new_identity_number_are_one_person(root: Organization, home: Organization) -> None:
    person = make.member(home, "王芳")
    person.set_identity(OLD)
    person.save()
    row = only(root, "姓名,所在支部,身份证号", f"王芳,B1,{NEW}")
    assert (row.target, row.outcome) == (person.pk, "changed")
    written(root, "姓名,所在支部,身份证号", f"王芳,B1,{NEW}")
    assert Member.objects.get().identity == NEW
    assert only(root, "姓名,所在支部,身份证号", f"王芳,B1,{OLD}").outcome == "unchanged"
    assert {
        r.outcome for r in checked(root, "姓名,所在支部,身份证号", f"王芳,B1,{NEW}", f"李强,B11,{OLD}").members
    } == {"refused"}


def test_number_and_identity_number_of_two_people_are_refused(root: Organization, home: Organization) -> None:
    make.member(home, "王芳", number="N1")
    other = make.member(home, "李强")
    other.set_identity(NEW)
    other.save()
    row = only(root, "姓名,所在支部,党员编号,身份证号", f"王芳,B1,N1,{NEW}")
    assert "不是同一人" in row.problems[0][2]
    assert NEW not in str(detail(row, {}))


def test_two_rows_about_one_person_on_the_roll_are_refused(root: Organization, home: Organization) -> None:
    make.member(home, "王芳", number="N1", born="1966")
    rows = checked(root, "姓名,所在支部,党员编号,出生年月", "王芳,B1,N1,1966", "王芳,B1,,1966-08").members
    assert [row.outcome for row in rows] == ["refused", "refused"]


def test_the_number_of_one_who_left_is_refused_in_other_words(root: Organization, home: Organization) -> None:
    make.member(home, "王芳", number="N1", ended_on=TODAY, ending="moved")
    assert "已经离开名册" in only(root, "姓名,所在支部,党员编号", "王芳,B1,N1").problems[0][2]


def test_an_older_file_brings_nobody_back_who_has_died(root: Organization, home: Organization) -> None:
    gone = make.member(home, "王芳", ended_on=TODAY, ending="died")
    gone.set_identity(NEW)
    gone.save()
    row = only(root, "姓名,所在支部,身份证号", f"王芳,B1,{NEW}")
    assert "已经离开名册" in row.problems[0][2]
    assert NEW not in str(row.problems)


def test_namesakes_with_different_births_are_two_people(root: Organization) -> None:
    written(root, "姓名,所在支部,出生年月", "王芳,B1,1966.8", "王芳,B1,1970.1")
    assert Member.objects.count() == 2
    assert {r.outcome for r in checked(root, "姓名,所在支部,出生年月", "王芳,B1,1966.8", "王芳,B1,1970.1").members} == {
        "unchanged"
    }


def test_a_transfer_inside_the_subtree_is_a_change_of_branch(root: Organization, home: Organization) -> None:
    person = make.member(home, "王芳", number="N1")
    [change] = only(root, "姓名,所在支部,党员编号", "王芳,B11,N1").changes
    assert change == ("所在支部", "机关第一党支部", "机关第十一党支部")
    written(root, "姓名,所在支部,党员编号", "王芳,B11,N1")
    person.refresh_from_db()
    assert person.branch.code == "B11"


def test_who_is_put_into_another_branch_keeps_no_hat_and_no_seat_in_the_old_one(
    root: Organization, home: Organization
) -> None:
    person, other = make.member(home, "王芳", number="N1"), make.member(home, "李明", number="N2")
    for each in (person, other):
        make.hat(Role.COMMITTEE, home, each)
        add(organization=home, seat=Seat("member", "", each), since=TODAY, until=None, by=None)
    written(root, "姓名,所在支部,党员编号", "王芳,B11,N1", "李明,B1,N2")
    assert [hat.user.member for hat in Appointment.objects.current().filter(organization=home)] == [other]
    assert [post.member for post in CommitteePost.objects.held()] == [other]


@pytest.mark.parametrize(
    ("heading", "value", "words"),
    [
        ("姓名", "王\ue863", "无法识别的字符"),
        ("姓名", "#REF!", "公式错误"),
        ("学历", "很" * 30, "超过20个字"),
        ("民族", "#N/A", "公式错误"),
        ("联系电话", "没有", "联系电话应为"),
        ("性别", "不详", "可填：男、女"),
        ("流动状态", "流出", "市内"),
        ("身份证号", "110100196608210000", "末尾是000"),
        ("身份证号", "110100991332013", "出生日期不正确"),
        ("转正时间", "1990", "早于入党时间"),
    ],
)
def test_a_refused_cell_is_named_with_its_column_and_reason(
    root: Organization, heading: str, value: str, words: str
) -> None:
    head = {"姓名": "王芳", "所在支部": "B1", "入党时间": "1995.7"} | {heading: value}
    row = only(root, ",".join(head), ",".join(head.values()))
    [(column, shown, reason)] = row.problems
    letter = "ABCD"[list(head).index(heading)]
    assert column == f"{letter}列“{heading}”"
    assert words in reason
    assert row.number == 2
    assert shown
    if heading == "身份证号":
        assert value not in shown


def test_a_number_too_long_for_a_spreadsheet_is_refused(root: Organization) -> None:
    content = rosters.several(党员=[["姓名", "所在支部", "党员编号"], ["王芳", "B1", 37010020050000012345]])
    [row] = check(content, root, TODAY).members
    assert "末尾几位变成0" in row.problems[0][2]


def test_an_odd_identity_number_is_noted_and_not_repaired(root: Organization) -> None:
    row = only(
        root, "姓名,所在支部,性别,出生年月,身份证号", f"王芳,B1,{'女' if int(NEW[16]) % 2 else '男'},1967.8,{NEW}"
    )
    assert row.outcome == "created"
    assert row.values["born"] == "1967-08"
    assert len([note for note in row.notes if "不一致" in note]) == 2


def test_two_columns_of_one_heading_are_refused(root: Organization) -> None:
    with pytest.raises(Unreadable, match="A、C列都是“姓名”"):
        checked(root, "姓名,所在支部,姓名", "王芳,B1,李强")


def test_what_is_not_read_is_said(root: Organization) -> None:
    content = rosters.several(
        党员=[["序号", "姓名", "所在支部", "爱好"], [1, "王芳", "B1", "围棋"]], 别的=[["随便", "什么"]]
    )
    assert check(content, root, TODAY).ignored == ["工作表“别的”（没有找到名册表头）", "工作表“党员”的列：爱好"]


def test_headings_merged_over_two_rows_are_no_person(root: Organization) -> None:
    book = Workbook()
    for row in [["姓名", "所在支部", "时间", None], [None, None, "入党", "转正"], ["王芳", "B1", "1995.7", "1996.7"]]:
        book.active.append(row)
    for cells in ("A1:A2", "B1:B2", "C1:D1"):
        book.active.merge_cells(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    [row] = check(buffer.getvalue(), root, TODAY).members
    assert (row.values["joined"], row.values["confirmed"]) == ("1995-07", "1996-07")


ORGANIZATIONS = "组织名称,组织编码,上级组织编码,组织类型"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("区委,R2,,党委", "已有“区委”（编码 R）"),
        ("机关第一党支部,B9,R,党支部", "编码 B1"),
        ("机关第一党支部,B1,B11,党支部", "不改变隶属关系"),
        ("新支部,B9,B1,党支部", "只能有党小组"),
        ("新支部,,R,党支部", "须有编码"),
        ("新支部,B9,没有,党支部", "没有这个组织"),
        ("新支部,B9,B9,党支部", "循环"),
        ("新支部,B9,R,俱乐部", "不在可选范围"),
    ],
)
def test_organisations_that_cannot_be_are_refused(root: Organization, line: str, words: str) -> None:
    [row] = checked(root, ORGANIZATIONS, line).organizations
    assert words in row.problems[0][2]


def test_a_renamed_organisation_is_a_change(root: Organization) -> None:
    [row] = checked(root, ORGANIZATIONS, "机关第一联合党支部,B1,R,联合支部").organizations
    assert row.changes == [("组织名称", "机关第一党支部", "机关第一联合党支部"), ("组织类型", "党支部", "联合党支部")]


def test_deep_chains_of_new_organisations_listed_upside_down(root: Organization) -> None:
    lines = [f"第{n}层,D{n},{f'D{n - 1}' if n else 'R'},党总支" for n in range(40)]
    written(root, ORGANIZATIONS, *reversed(lines))
    assert Organization.objects.get(code="D39").depth == 41


def upload(client: Client, root: Organization, content: bytes) -> RosterImport:
    client.force_login(make.hat(Role.OFFICE, root))
    client.post(reverse("roster-import-create", args=[root.pk]), {"file": SimpleUploadedFile("名册.csv", content)})
    return RosterImport.objects.get()


def test_identity_numbers_never_lie_open_on_the_disk_nor_in_the_report(client: Client, root: Organization) -> None:
    roster = upload(client, root, csv("姓名,所在支部,身份证号", f"王芳,B1,{NEW}", f"李强,B77,{OTHER}"))
    jobs.run(job_id=roster.check_job_id)
    roster.refresh_from_db()
    path = Path(settings.MEDIA_ROOT) / roster.file.name
    assert NEW.encode() not in path.read_bytes()
    shown = str(roster.report) + str(list(roster.rows.values()))
    assert "王芳" in shown
    assert NEW not in shown
    assert OTHER not in shown


def test_a_file_that_was_changed_on_the_disk_is_refused_and_can_be_given_up(client: Client, root: Organization) -> None:
    roster = upload(client, root, csv("姓名,所在支部", "王芳,B1"))
    path = Path(settings.MEDIA_ROOT) / roster.file.name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    jobs.run(job_id=roster.check_job_id)
    page = client.get(reverse("roster-import-detail", args=[roster.pk])).content.decode()
    assert "名册文件已损坏或被改动" in page
    assert "放弃这次导入" in page
    client.post(reverse("roster-import-discard", args=[roster.pk]))
    assert client.get(reverse("roster-import-detail", args=[roster.pk])).status_code == 200


def test_the_file_goes_when_it_has_served(
    client: Client, root: Organization, django_capture_on_commit_callbacks: Any
) -> None:
    roster = upload(client, root, csv("姓名,所在支部", "王芳,B1"))
    path = Path(settings.MEDIA_ROOT) / roster.file.name
    jobs.run(job_id=roster.check_job_id)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("roster-import-discard", args=[roster.pk]))
    assert not path.exists()
    assert client.get(reverse("roster-import-detail", args=[roster.pk])).status_code == 200


def test_a_check_that_was_cancelled_can_be_discarded(client: Client, root: Organization) -> None:
    roster = upload(client, root, csv("姓名,所在支部", "王芳,B1"))
    jobs.cancel(job=roster.check_job)
    assert "放弃这次导入" in client.get(reverse("roster-import-detail", args=[roster.pk])).content.decode()
    client.post(reverse("roster-import-discard", args=[roster.pk]))
    roster.refresh_from_db()
    assert roster.state == RosterImport.State.DISCARDED


def test_a_write_that_gave_up_can_be_confirmed_again(client: Client, root: Organization) -> None:
    roster = upload(client, root, csv("姓名,所在支部", "王芳,B1"))
    jobs.run(job_id=roster.check_job_id)
    roster.refresh_from_db()
    confirm = reverse("roster-import-confirm", args=[roster.pk])
    client.post(confirm, {"digest": roster.report["digest"]})
    jobs.cancel(job=Job.objects.get(kind="roster-write"))
    assert "确认导入" in client.get(reverse("roster-import-detail", args=[roster.pk])).content.decode()
    for _ in range(2):
        client.post(confirm, {"digest": roster.report["digest"]})
    jobs.run(job_id=Job.objects.get(kind="roster-write", state="queued").pk)
    assert Member.objects.count() == 1


def test_another_preview_than_the_one_seen_is_not_confirmed(client: Client, root: Organization) -> None:
    roster = upload(client, root, csv("姓名,所在支部", "王芳,B1"))
    jobs.run(job_id=roster.check_job_id)
    client.post(reverse("roster-import-confirm", args=[roster.pk]), {"digest": "0" * 64})
    assert not Job.objects.filter(kind="roster-write").exists()


def test_refused_rows_come_back_sheet_by_sheet_with_their_reason(client: Client, root: Organization) -> None:
    people = [
        ["姓名", "所在支部", "入党时间", "职务"],
        ["王芳", "B77", date(2001, 7, 1), "-"],
        ["李强", "B1", None, None],
    ]
    content = rosters.several(组织=[["组织名称", "组织编码", "组织类型"], ["新支部", "B9", "俱乐部"]], 党员=people)
    roster = upload(client, root, content)
    jobs.run(job_id=roster.check_job_id)
    client.post(reverse("document-print", args=["roster-refused"]), {"roster": roster.pk, "format": "xlsx"})
    job = Job.objects.get(kind="print")
    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    book = load_workbook(io.BytesIO(job.read_file()))
    assert book.sheetnames == ["组织", "党员"]
    rows = list(book["党员"].iter_rows(values_only=True))
    assert rows[0] == ("拒绝原因", "姓名", "所在支部", "入党时间", "职务")
    assert "没有这个组织" in rows[1][0]
    assert rows[1][0].startswith("原第2行　“所在支部”："), "the column's letter would be wrong in this sheet"
    assert rows[1][1:] == ("王芳", "B77", "2001-07-01", "-"), (
        "just as it was: no apostrophe that would come back as a value"
    )
    assert len(rows) == 2
    assert {cell.number_format for cell in book["党员"][2]} == {"@"}, (
        "an identity number typed here must not be rounded"
    )


@pytest.mark.parametrize("place", ["²", "-1", "9" * 30, "x"])
def test_a_strange_place_in_the_list_is_no_error(client: Client, root: Organization, place: str) -> None:
    roster = upload(client, root, csv("姓名,所在支部", "王芳,B1"))
    jobs.run(job_id=roster.check_job_id)
    assert client.get(reverse("roster-import-detail", args=[roster.pk]), {"from": place}).status_code == 200
