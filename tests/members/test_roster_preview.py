"""The preview as a clerk's work place: columns corrected and remembered, people told apart, rows found, refused rows mended."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.models import (
    ColumnMapping,
    Member,
    MemberChange,
    Organization,
    RosterChoice,
    RosterImport,
    RosterRow,
    User,
)
from members.permissions import Role
from portal.actions import job as jobs
from portal.models import Job
from tests import factories as make
from tests.members import rosters
from tests.members.rosters import NEW

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(root: Organization) -> User:
    return make.hat(Role.OFFICE, root)


@pytest.fixture
def clerk(client: Client, office: User) -> Client:
    client.force_login(office)
    return client


def upload(clerk: Client, root: Organization, content: bytes, name: str = "名册.xlsx") -> RosterImport:
    clerk.post(reverse("roster-import-create", args=[root.pk]), {"file": SimpleUploadedFile(name, content)})
    roster = RosterImport.objects.latest("pk")
    jobs.run(job_id=roster.check_job_id)
    return fresh(roster)


def fresh(roster: RosterImport) -> RosterImport:
    return RosterImport.objects.get(pk=roster.pk)


def page(clerk: Client, roster: RosterImport, **query: Any) -> str:
    return clerk.get(reverse("roster-import-detail", args=[roster.pk]), query).content.decode()


def post(clerk: Client, name: str, roster: RosterImport, data: dict[str, Any] | None = None) -> RosterImport:
    """What a click does, with the job that follows from it."""
    clerk.post(reverse(f"roster-import-{name}", args=[roster.pk]), data or {})
    for job in Job.objects.filter(state="queued", kind__startswith="roster"):
        jobs.run(job_id=job.pk)
    return fresh(roster)


def confirm(clerk: Client, roster: RosterImport, **more: str) -> RosterImport:
    return post(clerk, "confirm", roster, {"digest": roster.report["digest"], **more})


STRANGE = [["同志", "归口", "哪年来的"], ["王芳", "机关第一党支部", "1995.7"], ["李强", "机关第十一党支部", "1998"]]
SAID = {"s0c0": "member.name", "s0c1": "member.branch", "s0c2": "member.joined"}


def test_columns_that_nobody_knows_are_named_by_the_clerk_and_remembered_below(
    clerk: Client, root: Organization
) -> None:
    roster = upload(clerk, root, rosters.xlsx(STRANGE))
    assert roster.state == RosterImport.State.REFUSED
    shown = page(clerk, roster)
    assert "没有找到名册" in shown
    assert "列的对应关系" in shown
    assert "哪年来的" in shown
    assert "1995.7、1998" in shown
    roster = post(clerk, "columns", roster, SAID)
    assert roster.report["counts"]["created"] == 2
    confirm(clerk, roster)
    assert Member.objects.get(name="王芳").joined == "1995-07"
    branch = Organization.objects.get(code="B11")
    again = upload(clerk, branch, rosters.xlsx([*STRANGE[:1], ["赵敏", "机关第十一党支部", "2001"]]))
    assert again.report["counts"]["created"] == 1
    assert "按以前指定的对应关系" in page(clerk, again)
    assert ColumnMapping.objects.get().organization == root


def test_a_wrong_guess_is_corrected_and_checked_again(clerk: Client, root: Organization) -> None:
    content = rosters.xlsx([["姓名", "所在支部", "编号", "工号"], ["王芳", "B1", "1", "N7"], ["李强", "B1", "2", "N8"]])
    roster = upload(clerk, root, content)
    assert "编号" in str(roster.rows.first().detail)
    roster = post(clerk, "columns", roster, {"s0c0": "member.name", "s0c1": "member.branch", "s0c3": "member.number"})
    confirm(clerk, roster)
    assert set(Member.objects.values_list("number", flat=True)) == {"N7", "N8"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"s0c0": "member.name", "s0c1": "member.name"}, "A列已经是“姓名”"),
        ({"s0c1": "member.branch"}, "还没有指定“姓名”列"),
        ({"s0c0": "member.name", "s0c1": "organization.code"}, "不能既是党员名册又是组织名册"),
        ({}, "没有一张工作表"),
        ({"s0c0": "member.salary"}, "有效"),
    ],
)
def test_columns_that_cannot_be_are_refused_with_what_was_chosen(
    clerk: Client, root: Organization, said: dict[str, str], words: str
) -> None:
    roster = upload(clerk, root, rosters.xlsx(STRANGE))
    answer = clerk.post(reverse("roster-import-columns", args=[roster.pk]), said).content.decode()
    assert words in answer
    assert not ColumnMapping.objects.exists()
    if said.get("s0c0") == "member.name":
        assert '<option value="member.name" selected>' in answer


def test_two_columns_of_one_heading_are_asked_about(clerk: Client, root: Organization) -> None:
    roster = upload(clerk, root, rosters.xlsx([["姓名", "所在支部", "姓名"], ["王芳", "B1", "李强"]]))
    assert "A、C列都是“姓名”" in page(clerk, roster)
    roster = post(clerk, "columns", roster, {"s0c1": "member.branch", "s0c2": "member.name"})
    assert [row.name for row in roster.rows.all()] == ["李强"]


def test_samples_show_no_whole_numbers(clerk: Client, root: Organization) -> None:
    roster = upload(clerk, root, rosters.xlsx([["姓名", "所在支部", "证号"], ["王芳", "B1", NEW]]))
    shown = page(clerk, roster)
    assert "证号" in shown
    assert NEW[:3] + "*" in shown
    assert NEW not in shown + str(roster.report)


TWINS = [["姓名", "所在支部", "民族"], ["王芳", "B1", "回族"]]


def twins(root: Organization) -> tuple[Member, Member]:
    home = Organization.objects.get(code="B1")
    return make.member(home, "王芳", born="1966-08", joined="1995-07"), make.member(home, "王芳", born="1970-01")


def test_who_is_meant_is_asked_and_the_answer_holds_until_the_confirmation(clerk: Client, root: Organization) -> None:
    first, second = twins(root)
    second.set_identity(NEW)
    second.save()
    roster = upload(clerk, root, rosters.xlsx(TWINS))
    assert roster.report["counts"]["asked"] == 1
    shown = page(clerk, roster)
    assert "这一行是谁" in shown
    assert "1966-08生，1995-07入党" in shown
    assert f"身份证尾号 {NEW[-4:]}" in shown
    assert NEW not in shown
    confirm(clerk, roster)
    assert not Job.objects.filter(kind="roster-write").exists()
    row = roster.rows.get()
    post(clerk, "choose", roster, {f"row-{row.pk}": str(second.pk), "then": ""})
    assert "checked" in page(clerk, roster)
    roster = post(clerk, "choose", roster, {f"row-{row.pk}": str(second.pk), "then": "check"})
    assert (roster.report["counts"]["asked"], roster.report["counts"]["changed"]) == (0, 1)
    confirm(clerk, roster)
    assert [Member.objects.get(pk=p.pk).ethnicity for p in (first, second)] == ["", "回族"]
    assert not RosterChoice.objects.exists()


def test_another_person_of_that_name_is_registered_as_such(clerk: Client, root: Organization) -> None:
    twins(root)
    roster = upload(clerk, root, rosters.xlsx(TWINS))
    roster = post(clerk, "choose", roster, {f"row-{roster.rows.get().pk}": "new", "then": "check"})
    confirm(clerk, roster)
    assert Member.objects.filter(name="王芳").count() == 3


def test_only_a_candidate_of_that_row_can_be_chosen(clerk: Client, root: Organization) -> None:
    twins(root)
    stranger = make.member(name="赵敏")
    roster = upload(clerk, root, rosters.xlsx(TWINS))
    row = roster.rows.get()
    for value in (str(stranger.pk), "0", "x", "9" * 30):
        post(
            clerk,
            "choose",
            roster,
            {f"row-{row.pk}": value, "row-x": "new", "row-99999999999999999999": "new", "then": "check"},
        )
    assert not RosterChoice.objects.exists()


def test_a_namesake_of_equal_birth_elsewhere_may_be_a_transfer_and_is_asked_about(
    clerk: Client, root: Organization
) -> None:
    person = make.member(Organization.objects.get(code="B1"), "王芳", born="1966-08")
    content = rosters.xlsx([["姓名", "所在支部", "出生年月"], ["王芳", "B11", "1966.8"]])
    roster = upload(clerk, root, content)
    row = roster.rows.get(outcome="asked")
    roster = post(clerk, "choose", roster, {f"row-{row.pk}": str(person.pk), "then": "check"})
    confirm(clerk, roster)
    person.refresh_from_db()
    assert person.branch.code == "B11"


def test_a_corrected_identity_number_is_asked_about_and_not_made_a_second_person(
    clerk: Client, root: Organization
) -> None:
    person = make.member(Organization.objects.get(code="B1"), "王芳", born="1966-08")
    person.set_identity("110100196608210216")
    person.save()
    content = rosters.xlsx([["姓名", "所在支部", "出生年月", "身份证号"], ["王芳", "B1", "1966.8", NEW]])
    assert upload(clerk, root, content).report["counts"]["asked"] == 1


def test_somebody_certain_is_no_candidate_for_another_row(clerk: Client, root: Organization) -> None:
    make.member(Organization.objects.get(code="B1"), "王芳", born="1966-08", number="N1")
    head = ["姓名", "所在支部", "出生年月", "党员编号"]
    rows = upload(clerk, root, rosters.xlsx([head, ["王芳", "B11", "1966.8", ""], ["王芳", "B1", "1966.8", "N1"]])).rows
    assert [row.outcome for row in rows.all()] == ["created", "unchanged"]


def test_refused_rows_may_be_left_for_another_file_and_come_back_as_they_are(clerk: Client, root: Organization) -> None:
    rows = [[*STRANGE[0]], *STRANGE[1:], ["赵敏", "没有的支部", "2001"]]
    roster = post(clerk, "columns", upload(clerk, root, rosters.xlsx(rows)), SAID)
    assert confirm(clerk, roster).state == RosterImport.State.CHECKED
    clerk.post(reverse("document-print", args=["roster-refused"]), {"roster": roster.pk, "format": "xlsx"})
    job = Job.objects.get(kind="print")
    jobs.run(job_id=job.pk)
    assert confirm(clerk, roster, leaving_refused="on").state == RosterImport.State.DONE
    assert "被拒绝的行没有写入" in page(clerk, roster)
    assert sorted(Member.objects.values_list("name", flat=True)) == ["李强", "王芳"]
    returned = Job.objects.get(pk=job.pk).read_file()
    make.branch(root, "没有的支部", code="B7")
    mended = upload(clerk, root, returned)
    assert mended.report["counts"] == {"created": 1, "changed": 0, "unchanged": 0, "asked": 0, "refused": 0}
    confirm(clerk, mended)
    assert Member.objects.get(name="赵敏").joined == "2001"


def test_who_is_on_the_roll_and_not_in_the_file_is_listed_and_stays(clerk: Client, root: Organization) -> None:
    make.member(Organization.objects.get(code="B1"), "钱进")
    make.member(Organization.objects.get(code="B11"), "孙梅")
    roster = upload(clerk, root, rosters.xlsx(TWINS))
    shown = page(clerk, roster, outcome="absent")
    assert "名册中有 2 人没有出现在文件里" in shown
    assert "钱进" in shown
    assert "孙梅" not in shown
    confirm(clerk, roster)
    assert Member.objects.on_roll().count() == 3


def test_rows_are_filtered_found_and_paged_with_as_many_queries_however_many_there_are(
    clerk: Client, root: Organization
) -> None:
    head = ["姓名", "所在支部", "党员编号"]
    rows = [
        [f"党员{'零一二三四五六七八九'[n // 10]}{'零一二三四五六七八九'[n % 10]}", "B1", f"N{n}"] for n in range(60)
    ]
    few = upload(clerk, root, rosters.xlsx([head, *rows[:3]]))
    many = upload(clerk, root, rosters.xlsx([head, *rows]))
    counts = []
    for roster in (few, many, many):
        with CaptureQueriesContext(connection) as queries:
            shown = page(clerk, roster, outcome="created")
        counts.append(len(queries))
    assert counts[1] == counts[2]
    assert abs(counts[0] - counts[1]) <= 1
    assert "党员四九" in shown
    assert "党员五零" not in shown
    following = page(clerk, many, outcome="created", after=many.rows.get(position=50).pk)
    assert "党员五零" in following
    assert "上一页" in following
    assert "党员四九" not in following
    assert "党员三七" in page(clerk, many, q="三七")
    assert "党员三七" in page(clerk, many, q="39")
    assert "没有找到“赵”" in page(clerk, many, q="赵")
    assert "没有这类行" in page(clerk, many, outcome="refused")


def test_old_and_new_value_of_every_change_and_a_history_of_it(clerk: Client, root: Organization, office: User) -> None:
    person = make.member(
        Organization.objects.get(code="B1"), "王芳", number="N1", education="大专", phone="13900001111"
    )
    rows = [
        ["姓名", "所在支部", "党员编号", "学历", "联系电话"],
        ["王芳", "B1", "N1", "大学", "13900002222"],
        ["李强", "B1", "", "", ""],
    ]
    roster = upload(clerk, root, rosters.xlsx(rows))
    shown = page(clerk, roster)
    assert "<del>大专</del> → 大学" in shown
    assert "13900002222" not in shown + str(list(RosterRow.objects.values()))
    confirm(clerk, roster)
    change = MemberChange.objects.get(member=person)
    assert change.values == {"学历": ["大专", "大学"], "联系电话": ["13900001111", "13900002222"]}
    assert (change.verb, change.source, change.by) == ("导入名册", "名册.xlsx", office)
    assert MemberChange.objects.get(member__name="李强").values["所在支部"] == ["", "机关第一党支部"]


def test_a_condition_in_the_file_gets_its_record_and_is_not_lifted_by_a_file(clerk: Client, root: Organization) -> None:
    head = ["组织名称", "组织编码", "组织类型", "组织状态"]
    confirm(clerk, upload(clerk, root, rosters.xlsx([head, ["机关第一党支部", "B1", "党支部", "软弱涣散"]])))
    branch = Organization.objects.get(code="B1")
    assert branch.condition == "weak"
    assert branch.conditions.holding().get().reason == "导入名册：名册.xlsx"
    roster = upload(clerk, root, rosters.xlsx([head, ["机关第一党支部", "B1", "党支部", "正常"]]))
    assert roster.report["counts"]["unchanged"] == 1
    assert "仍为“软弱涣散”" in page(clerk, roster, outcome="unchanged")


def test_a_file_for_a_place_without_a_name_of_a_branch(clerk: Client, root: Organization) -> None:
    branch = Organization.objects.get(code="B1")
    roster = upload(clerk, branch, rosters.csv([["姓名", "性别"], ["王芳", "女"]]), "一支部.csv")
    confirm(clerk, roster)
    assert Member.objects.get().branch == branch


def test_the_preview_of_a_finished_import_goes_with_the_next_one(clerk: Client, root: Organization) -> None:
    first = upload(clerk, root, rosters.xlsx([["姓名", "所在支部"], ["王芳", "B1"]]))
    confirm(clerk, first)
    assert first.rows.exists()
    confirm(clerk, upload(clerk, root, rosters.xlsx([["姓名", "所在支部"], ["李强", "B1"]])))
    assert not first.rows.exists()
