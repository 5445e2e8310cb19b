"""From an uploaded spreadsheet to the roll: previewed row by row, confirmed, written whole or not at all."""

import io
import sys
from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from campaign.progress.writing import figures_of
from members import sample_roster
from members.models import Member, Mobility, Organization, RosterImport, User
from members.permissions import Role
from members.roster import values
from members.roster.checking import check
from members.roster.values import Refused
from portal.actions import job as jobs
from portal.models import Job
from portal.sheets import Unreadable
from tests import factories as make

pytestmark = pytest.mark.django_db
TODAY = date(2005, 9, 1)
GOOD = "110100196608210136"


def xlsx(*rows: list[Any], merge: str = "") -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def root() -> Organization:
    root = make.organization("区委")
    make.branch(root, "第一党支部", code="B1")
    make.branch(root, "第二党支部", code="B2")
    return Organization.objects.get(pk=root.pk)


@pytest.fixture
def office(root: Organization) -> User:
    return make.hat(Role.OFFICE, root)


def upload(client: Client, root: Organization, content: bytes, name: str = "名册.xlsx") -> RosterImport:
    client.post(reverse("roster-import-create", args=[root.pk]), {"file": SimpleUploadedFile(name, content)})
    roster = RosterImport.objects.get()
    jobs.run(job_id=roster.check_job_id)
    roster.refresh_from_db()
    return roster


def confirm(client: Client, roster: RosterImport) -> None:
    client.post(reverse("roster-import-confirm", args=[roster.pk]), {"digest": roster.report["digest"]})


def only(content: bytes, root: Organization) -> Any:
    """The only member row of a file."""
    [row] = check(content, root, TODAY).members
    return row


def test_nothing_is_written_before_the_confirmation_and_everything_after(
    client: Client, root: Organization, office: User
) -> None:
    client.force_login(office)
    roster = upload(client, root, xlsx(["姓名", "所在支部"], ["王芳", "第一党支部"], ["李强", "第二党支部"]))
    page = client.get(reverse("roster-import-detail", args=[roster.pk])).content.decode()
    assert "将新增 2 行" in page
    assert not Member.objects.exists()
    for _ in range(2):
        confirm(client, roster)
    job = Job.objects.get(kind="roster-write")
    jobs.run(job_id=job.pk)
    jobs.run(job_id=job.pk)
    assert sorted(Member.objects.values_list("name", flat=True)) == ["李强", "王芳"]
    assert "新增 2 行" in client.get(reverse("roster-import-detail", args=[roster.pk])).content.decode()


def test_the_whole_sample_district_comes_in_and_comes_in_unchanged_again(
    client: Client, office: User, root: Organization
) -> None:
    client.force_login(office)
    Organization.objects.filter(pk=root.pk).update(code="QL", name="中共青岚区委员会")
    root.refresh_from_db()
    content = sample_roster.workbook()
    roster = upload(client, root, content)
    assert roster.report["counts"]["refused"] == 0, list(roster.rows.filter(outcome="refused").values("detail")[:5])
    confirm(client, roster)
    jobs.run(job_id=Job.objects.get(kind="roster-write").pk)
    assert Member.objects.count() == sum(1 for _ in sample_roster.members())
    assert Member.objects.filter(name="阿卜杜拉·买买提", branch__kind="branch").exists()
    assert Mobility.objects.filter(kind="lost", until=None).exists()
    again = check(content, Organization.objects.get(pk=root.pk), date.today())
    assert {row.outcome for row in again.rows} == {"unchanged"}


def test_refused_rows_name_sheet_row_column_and_reason_and_block_the_confirmation(
    client: Client, root: Organization, office: User
) -> None:
    client.force_login(office)
    roster = upload(
        client,
        root,
        xlsx(
            ["姓名", "所在支部", "身份证号"], ["王芳", "第一党支部", 110100196608210136], ["李强", "第九党支部", GOOD]
        ),
    )
    page = client.get(reverse("roster-import-detail", args=[roster.pk])).content.decode()
    assert "C列“身份证号”" in page
    assert "存成了数字" in page
    assert "没有这个组织" in page
    confirm(client, roster)
    assert not Job.objects.filter(kind="roster-write").exists()
    assert not Member.objects.exists()


def test_a_roll_that_changed_after_the_preview_is_previewed_again(
    client: Client, root: Organization, office: User
) -> None:
    client.force_login(office)
    roster = upload(client, root, xlsx(["姓名", "所在支部", "民族"], ["王芳", "第一党支部", "汉族"]))
    confirm(client, roster)
    make.member(Organization.objects.get(code="B1"), "王芳")
    jobs.run(job_id=Job.objects.get(kind="roster-write").pk)
    roster.refresh_from_db()
    assert roster.state == RosterImport.State.CHECKED
    assert roster.report["counts"] == {"created": 0, "changed": 1, "unchanged": 0, "asked": 0, "refused": 0}
    assert Member.objects.get().ethnicity == ""


def test_a_crash_in_the_middle_of_writing_leaves_nothing_and_the_next_run_writes_once(
    client: Client, root: Organization, office: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(office)
    roster = upload(client, root, xlsx(["姓名", "所在支部"], ["王芳", "第一党支部"]))
    confirm(client, roster)
    job = Job.objects.get(kind="roster-write")
    with monkeypatch.context() as patch:
        patch.setattr(
            "members.actions.roster_work.roll_changed", lambda branches: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            jobs.run(job_id=job.pk)
    assert not Member.objects.exists()
    Job.objects.update(lease_until=datetime(2005, 1, 1, tzinfo=__import__("datetime").UTC))
    jobs.run(job_id=job.pk)
    assert Member.objects.count() == 1
    roster.refresh_from_db()
    assert roster.state == RosterImport.State.DONE


def test_imported_members_take_part_at_once(client: Client, root: Organization, office: User) -> None:
    campaign = make.campaign(root, (("analysis-submitted", "all-members"),))
    make.enrolment(campaign, Organization.objects.get(code="B1"))
    client.force_login(office)
    roster = upload(client, root, xlsx(["姓名", "所在支部"], ["王芳", "第一党支部"]))
    confirm(client, roster)
    jobs.run(job_id=Job.objects.get(kind="roster-write").pk)
    assert figures_of(campaign, root)[campaign.requirements.get().pk].total == 1


@pytest.mark.parametrize("name", ["名册.docx", "名册.exe"])
def test_a_wrong_kind_of_file_is_named(client: Client, root: Organization, office: User, name: str) -> None:
    client.force_login(office)
    page = client.post(reverse("roster-import-create", args=[root.pk]), {"file": SimpleUploadedFile(name, b"x" * 50)})
    assert "不是表格文件" in page.content.decode()
    assert not RosterImport.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"   \n\n", "文件是空的"),
        (b"\x01\x02\x03binary", "不是表格文件"),
        (b"PK\x03\x04broken", "已损坏"),
        ("甲,乙\n1,2\n".encode(), "没有找到名册"),
        ("姓名,所在支部\n".encode(), "没有数据行"),
    ],
)
def test_files_that_are_no_roster_say_so(root: Organization, content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        check(content, root, TODAY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_any_chinese_encoding(root: Organization, encoding: str) -> None:
    row = only(
        "党员姓名,支部,入党日期\n李䶮,一党支部,2001.7\n".replace("一党支部", "第一党支部").encode(encoding), root
    )
    assert row.values["name"] == "李䶮"
    assert row.values["joined"] == "2001-07"


def test_titles_two_heading_rows_merged_branches_and_totals(root: Organization) -> None:
    plan = check(
        xlsx(
            ["某区党员名册", None, None],
            ["所在支部", "姓名", None],
            [None, None, "入党时间"],
            ["第一党支部", "王芳", "2001年7月"],
            [None, "李强", "1998"],
            ["合计", "2人", None],
            merge="A4:A5",
        ),
        root,
        TODAY,
    )
    assert [(r.values["name"], r.values["where"], r.values["joined"]) for r in plan.members] == [
        ("王芳", "第一党支部", "2001-07"),
        ("李强", "第一党支部", "1998"),
    ]
    assert plan.skipped == 1


def test_spaces_and_dots_in_names_are_made_one_and_said(root: Organization) -> None:
    row = only(xlsx(["姓名", "所在支部"], ["王 芳", "第一党支部"]), root)
    assert (row.values["name"], row.notes) == ("王芳", ["姓名“王 芳”按“王芳”登记"])
    assert only(xlsx(["姓名", "所在支部"], ["阿卜杜拉•买买提", "第一党支部"]), root).values["name"] == "阿卜杜拉·买买提"


def test_abbreviated_branches_are_found_only_when_unmistakable(root: Organization) -> None:
    assert only(xlsx(["姓名", "所在支部"], ["王芳", "一党支部"]), root).values["branch_key"] == "B1"
    [problem] = only(xlsx(["姓名", "所在支部"], ["王芳", "党支部"]), root).problems
    assert "无法确定" in problem[2]


def test_one_person_in_two_branches_and_namesakes(root: Organization) -> None:
    head = ["姓名", "所在支部", "身份证号"]
    plan = check(
        xlsx(head, ["王芳", "B1", GOOD], ["王芳", "B2", GOOD], ["李强", "B1", None], ["李强", "B1", None]), root, TODAY
    )
    assert {row.outcome for row in plan.members} == {"refused"}
    reasons = [row.problems[0][2] for row in plan.members]
    assert "第3行（王芳，第二党支部）" in reasons[0]
    assert "第2行（王芳，第一党支部）" in reasons[1]
    assert "同名同支部" in reasons[2]
    assert "同名同支部" in reasons[3]


def test_parents_may_stand_after_their_children(root: Organization) -> None:
    head = ["组织名称", "组织编码", "上级组织", "组织类型"]
    plan = check(xlsx(head, ["三支部", "C1", "新总支", "党支部"], ["新总支", "C0", None, "党总支"]), root, TODAY)
    assert [(row.values["code"], row.outcome) for row in plan.organizations] == [("C0", "created"), ("C1", "created")]


def test_somebody_elses_member_is_refused(root: Organization) -> None:
    make.member(name="王芳", number="N1")
    [problem] = only(xlsx(["姓名", "所在支部", "党员编号"], ["王芳", "第一党支部", "N1"]), root).problems
    assert "范围以外" in problem[2]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2005.7", "2005-07"),
        ("2005年7月", "2005-07"),
        ("05-7-1", "2005-07-01"),
        ("66-8-21", "1966-08-21"),
        ("1998", "1998"),
        (1998, "1998"),
        (36526, "2000-01-01"),
        (datetime(2001, 7, 1), "2001-07-01"),
        ("２００１．７", "2001-07"),
        ("20010701", "2001-07-01"),
    ],
)
def test_dates_as_they_arrive_stay_as_precise_as_they_were(written: Any, read: str) -> None:
    assert values.partial_date(written, today=TODAY) == read


@pytest.mark.parametrize("written", [2005.1, "去年", "2005-02-30", "2105", "2005年13月"])
def test_dates_that_cannot_be_are_refused(written: Any) -> None:
    with pytest.raises(Refused):
        values.partial_date(written, today=TODAY)


@pytest.mark.parametrize(
    ("written", "read"), [(GOOD, GOOD), ("11010019660821013x", None), ("110100660821013", "110100660821013"), ("", "")]
)
def test_identity_numbers(written: str, read: str | None) -> None:
    if read is None:
        with pytest.raises(Refused, match="校验"):
            values.identity(written)
    else:
        assert values.identity(written) == read


@pytest.mark.parametrize("written", [1.10100196608e17, "1.1E+17", "110100196608210000", "12345"])
def test_rounded_identity_numbers_are_refused(written: Any) -> None:
    with pytest.raises(Refused):
        values.identity(written)


def test_who_brings_the_lessons_home_comes_from_the_roster(client: Client, root: Organization, office: User) -> None:
    home = Organization.objects.get(code="B1")
    old = make.member(home, "赵老", number="N1", tags=("frail",), helper="小李")
    alone = make.member(home, "钱老", number="N2", tags=("frail",))
    head = ["姓名", "所在支部", "党员编号", "帮扶人"]
    content = xlsx(head, ["赵老", "B1", "N1", "/"], ["钱老", "B1", "N2", "小王"], ["孙新", "B1", "N3", "小周"])
    client.force_login(office)
    confirm(client, roster := upload(client, root, content))
    roster.refresh_from_db()
    jobs.run(job_id=roster.write_job_id)
    assert dict(Member.objects.values_list("number", "helper")) == {"N1": "小李", "N2": "小王", "N3": "小周"}
    assert alone.history.get().values == {"送学帮扶人": ["", "小王"]}
    assert not old.history.exists()
    assert {row.outcome for row in check(content, root, TODAY).members} == {"unchanged"}
    assert "超过60个字" in str(only(xlsx(head, ["赵老", "B1", "N1", "李" * 61]), root).problems)


def test_what_many_rows_say_shares_its_keys(root: Organization) -> None:
    head = ["姓名", "支部", "党员编号", "性别", "民族", "出生年月", "学历", "职业", "职务", "党小组", "联系电话"]
    rows = [
        ["王芳", "B1", f"N{n}", "女", "汉族", "1960.1", "大学", "工人", "班长", "一组", "13900000000"]
        for n in range(99)
    ]
    said = check(xlsx(head, *rows), root, TODAY).members[-1].values
    assert len(said) > 10
    assert sys.getsizeof(said) < sys.getsizeof(dict(said)), "200,000 rows would take 40 MB more"


def test_only_the_office_of_the_place_may_import(client: Client, root: Organization) -> None:
    branch = Organization.objects.get(code="B1")
    client.force_login(make.secretary(branch))
    assert client.get(reverse("roster-import-create", args=[branch.pk])).status_code == 403
    assert client.get(reverse("roster-import-create", args=[root.pk])).status_code == 404
