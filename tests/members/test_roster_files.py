"""The product's list of files that really arrive, each as a file: accepted rightly, or refused by sheet, row, column, value and advice."""

from datetime import date
from typing import Any

import pytest

from members.models import Member, Organization
from members.pinyin import initials_of
from members.roster.checking import check
from members.roster.rows import Plan, Row
from members.roster.writing import write
from portal.sheets import Unreadable
from tests import factories as make
from tests.members import rosters
from tests.members.rosters import HEAD, NEW, OLD, WITH_X

pytestmark = pytest.mark.django_db
TODAY = date(2005, 9, 1)


def checked(content: bytes, root: Organization) -> Plan:
    return check(content, Organization.objects.get(pk=root.pk), TODAY)


def written(content: bytes, root: Organization) -> Plan:
    plan = checked(content, root)
    write(plan, Organization.objects.get(pk=root.pk), TODAY, None, "名册.xlsx")
    return plan


def problem(row: Row) -> tuple[str, str, str]:
    assert row.problems, row
    [found] = row.problems
    return found


def test_1_identity_numbers_that_lost_digits_are_refused_and_odd_ones_read(root: Organization) -> None:
    rounded, zeros, scientific, old, small_x, wide = checked(rosters.rounded_numbers(), root).members
    column, value, reason = problem(rounded)
    assert (rounded.sheet, rounded.number, column) == ("党员", 2, "C列“身份证号”")
    assert "存成了数字" in reason
    assert "设为文本" in reason
    assert "*" in value
    assert "000" in problem(zeros)[2]
    assert "科学计数" in problem(scientific)[2]
    assert old.values["identity"] == OLD
    assert small_x.values["identity"] == WITH_X
    assert wide.values["identity"] == "11010119900307775" + wide.values["identity"][-1]
    assert [row.outcome for row in (old, small_x)] == ["created", "created"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-8", "utf-16"])
def test_2_csv_in_any_encoding(root: Organization, encoding: str) -> None:
    rows = [HEAD, ["机关第一党支部", "李䶮", f'="{NEW}"', "2001年7月"], ["机关第一党支部", "张伟", f"'{OLD}", "2001.7"]]
    first, second = checked(rosters.csv(rows, encoding), root).members
    assert (first.values["name"], first.values["identity"], first.values["joined"]) == ("李䶮", NEW, "2001-07")
    assert second.values["identity"] == OLD


def test_2_old_workbooks_and_open_documents_with_merged_branches(root: Organization) -> None:
    head = ["所在支部", "姓名", "入党时间", "转正时间"]
    rows: list[list[Any]] = [
        head,
        ["机关第一党支部", "王芳", None, None],
        [None, "李强", date(2001, 7, 1), date(2002, 7, 1)],
    ]
    for content in (
        rosters.xls(rows, merged_first_column=(1, 2), formats={(2, 3): 'YYYY"年"M"月"'}),
        rosters.ods(
            [*rows[:2], [None, "李强", (date(2001, 7, 1), "2001-07-01"), (date(2002, 7, 1), "2002年7月")]], {(1, 0): 2}
        ),
    ):
        first, second = checked(content, root).members
        assert (first.values["where"], second.values["where"]) == ("机关第一党支部", "机关第一党支部")
        assert (second.values["joined"], second.values["confirmed"]) == ("2001-07-01", "2002-07")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><table><tr><td>\xd0\xd5\xc3\xfb</td></tr></table></html>", "另存为 .xlsx"),
        (b'<?xml version="1.0"?><Workbook/>', "另存为 .xlsx"),
        (b"%PDF-1.4\x00\x01", "不是表格文件"),
    ],
)
def test_2_files_that_are_something_else_say_what_to_do(root: Organization, content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        checked(content, root)


def test_3_titles_two_heading_rows_merged_branches_totals_and_signatures(root: Organization) -> None:
    plan = checked(rosters.wps_layout(), root)
    said = [(r.number, r.values["where"], r.values["name"], r.values.get("joined"), r.outcome) for r in plan.members]
    assert said == [
        (5, "机关第一党支部", "王芳", "1995-07", "created"),
        (6, "机关第一党支部", "李强", "1998", "created"),
        (7, "机关第一党支部", "赵敏", "2003-07", "created"),
        (9, "机关第十一党支部", "钱进", "2001-07", "created"),
    ]
    assert plan.skipped == 3
    assert plan.ignored == ["工作表“Sheet1”的列：备注"]
    assert "按空白处理" in str(plan.members[1].notes)


def test_4_dates_stay_as_precise_as_they_were_written(root: Organization) -> None:
    plan = checked(rosters.dates(), root)
    read = {row.number: row.values.get("joined") for row in plan.members}
    month, day, year = "2001-07", "2001-07-01", "2001"
    expected = [month, month, day, day, year, year, month, day, day, month, day, month, month, day, day, month]
    assert read == dict(enumerate(expected, 2))


def test_5_names_of_all_sorts(root: Organization) -> None:
    rows = checked(rosters.names(), root).members
    assert [row.values["name"] for row in rows] == [
        "王芳", "李强", "张伟", "李䶮", "𠮷田", "阿卜杜拉·买买提", "艾山·吐尔逊", "古丽·阿不都", "玛丽亚·卡德尔",
    ]  # fmt: skip
    written(rosters.names(), root)
    assert Member.objects.filter(name="𠮷田").exists()
    assert {row.outcome for row in checked(rosters.names(), root).members} == {"unchanged"}


def test_6_two_people_of_one_name_and_one_person_in_two_branches(root: Organization) -> None:
    head = ["所在支部", "姓名", "出生年月", "身份证号"]
    content = rosters.xlsx(
        [
            head,
            ["B1", "王芳", "1966.8", None],
            ["B1", "王芳", "1970.1", None],
            ["B1", "李强", None, NEW],
            ["B11", "李强", None, OLD],
            ["B1", "张伟", None, None],
            ["B1", "张伟", None, None],
        ]
    )
    plan = checked(content, root)
    assert [row.outcome for row in plan.members] == ["created"] * 2 + ["refused"] * 4
    assert "工作表“党员”第5行（李强，机关第十一党支部）" in problem(plan.members[2])[2]
    assert "同名同支部" in problem(plan.members[4])[2]


def test_7_synonyms_further_columns_blank_formatted_rows_and_failed_formulas(root: Organization) -> None:
    plan = checked(rosters.formula_errors(), root)
    good, no_branch, no_name = plan.members
    assert (good.values["branch_key"], good.values["joined"], good.outcome) == ("B1", "2001-07", "created")
    column, value, reason = problem(no_branch)
    assert (no_branch.number, column, value) == (3, "C列“党支部名称”", "#REF!")
    assert "公式错误" in reason
    assert "公式" in problem(no_name)[2]
    assert plan.ignored == ["工作表“Sheet”的列：爱好"]


def test_8_organisations_in_any_order_renamed_and_abbreviated(root: Organization) -> None:
    plan = written(rosters.organisations(), root)
    assert [(r.values["code"], r.outcome) for r in plan.organizations] == [
        ("C", "created"),
        ("C3", "created"),
        ("B1", "changed"),
    ]
    assert Organization.objects.get_parent(Organization.objects.get(code="C3")).code == "C"
    named = Organization.objects.filter(code__in=["C3", "B1"])
    assert all(o.initials and o.initials == initials_of(o.name) for o in named)
    found = {m.name: m.branch.name for m in Member.objects.select_related("branch")}
    assert found == {
        "王芳": "税务局第三党支部",
        "李强": "机关第一联合党支部",
        "张伟": "机关第一联合党支部",
        "赵敏": "机关第十一党支部",
        "钱进": "税务局第三党支部",
    }
    assert not any(Organization.objects.find_problems())


def test_8_the_same_short_name_in_many_places_is_told_apart_by_the_column_of_the_committee(root: Organization) -> None:
    for n, name in enumerate(("教育局党委", "卫生局党委")):
        above = make.organization(name, Organization.objects.get(pk=root.pk), code=f"K{n}")
        make.branch(above, "第一党支部", code=f"K{n}1")
    head = ["所属党委", "所在支部", "姓名"]
    told, untold = checked(
        rosters.xlsx([head, ["卫生局", "一支部", "王芳"], [None, "第一党支部", "李强"]]), root
    ).members
    assert told.values["branch_key"] == "K11"
    assert "教育局党委第一党支部（K01）、卫生局党委第一党支部（K11）" in problem(untold)[2]


def test_9_the_same_file_again_and_a_newer_part_of_it(root: Organization) -> None:
    rows = [HEAD, ["机关第一党支部", "王芳", NEW, "1995.7"], ["机关第一党支部", "李强", None, "1998"]]
    written(rosters.xlsx(rows), root)
    again = checked(rosters.xls(rows), root)
    assert {row.outcome for row in again.members} == {"unchanged"}
    assert (again.missing, again.absent) == (0, [])
    newer = checked(rosters.xlsx([HEAD, ["机关第一党支部", "李强", None, "1998.7"]]), root)
    [row] = newer.members
    assert row.changes == [("入党时间", "1998", "1998-07")]
    assert newer.missing == 1
    assert [person["name"] for person in newer.absent] == ["王芳"]
    written(rosters.xlsx([HEAD, ["机关第一党支部", "李强", None, "1998.7"]]), root)
    assert Member.objects.on_roll().count() == 2
