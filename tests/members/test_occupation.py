"""What members do for a living: written, imported, printed and counted alike."""

import io
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from members.documents import HEADINGS
from members.models import Member, MemberChange, Occupation, Organization
from members.permissions import Role
from members.roster.checking import check
from members.roster.rows import Row
from members.roster.writing import write
from portal.documents import documents
from portal.print_job import find_subject, page_of
from tests import factories as make
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
TODAY = date(2005, 9, 1)
HEAD = "姓名,所在支部,党员编号,职业"


@pytest.fixture
def home(root: Organization) -> Organization:
    return Organization.objects.get(code="B1")


def only(root: Organization, *lines: str) -> Row:
    [row] = check("\n".join(lines).encode(), Organization.objects.get(pk=root.pk), TODAY).members
    return row


def written(root: Organization, *lines: str) -> None:
    root = Organization.objects.get(pk=root.pk)
    write(check("\n".join(lines).encode(), root, TODAY), root, TODAY, None, "名册.csv")


def test_the_database_takes_every_occupation_and_nothing_else(home: Organization) -> None:
    for value in ["", *Occupation.values]:
        make.member(home, occupation=value)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.member(home, occupation="pirate")


def test_it_is_chosen_in_the_form_and_stands_in_the_record_and_its_history(home: Organization) -> None:
    person = make.member(home, "王芳")
    client = signed_in(make.secretary(home))
    detail, edit = (reverse(name, args=[person.pk]) for name in ("member-detail", "member-edit"))
    assert "农牧渔民" not in client.get(detail).text
    for value in ("farmer", "self-employed"):
        assert client.post(edit, {"name": "王芳", "status": "full", "occupation": value}).status_code == 302
    assert '<option value="self-employed" selected>个体和自由职业人员</option>' in client.get(edit).text
    page = client.get(detail).text
    assert '<dd class="datagrid-content">个体和自由职业人员</dd>' in page
    assert "农牧渔民" in page
    assert [each.values for each in MemberChange.objects.order_by("pk")] == [
        {"职业": ["", "农牧渔民"]},
        {"职业": ["农牧渔民", "个体和自由职业人员"]},
    ]
    wrong = client.post(edit, {"name": "王芳", "status": "full", "occupation": "pirate"})
    assert wrong.status_code == 422
    person.refresh_from_db()
    assert person.occupation == "self-employed"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((label, value) for value, label in Occupation.choices),
        ("公务员", "official"), ("党政机关", "official"), ("农 民", "farmer"), ("教师", "specialist"),
        ("专业技术", "specialist"), ("工人（工勤技能人员）", "worker"), ("工人(工勤技能人员)", "worker"),
        ("企事业单位、社会组织管理人员", "manager"), ("武警", "soldier"), ("军人/武警", "soldier"),
        ("个体户", "self-employed"), ("自由职业者", "self-employed"), ("在校学生", "student"), ("退休", "retired"),
        ("无业", "other"), ("其他", "other"), ("无", None), ("/", None), ("", None),
    ],
)  # fmt: skip
def test_a_roster_may_say_it_in_other_words(root: Organization, written: str, value: str | None) -> None:
    row = only(root, "姓名,所在支部,职业,党小组", f"王芳,B1,{written},一组")
    assert not row.problems
    assert row.values.get("occupation") == value


@pytest.mark.parametrize("heading", ["职业", "工作岗位", "从事工作", "现从事职业", "职业（必填）"])
def test_the_column_has_several_names(root: Organization, heading: str) -> None:
    row = only(root, f"姓名,所在支部,职务,{heading}", "王芳,B1,科长,公务员")
    assert (row.values["post"], row.values["occupation"]) == ("科长", "official")


def test_a_word_that_fits_nowhere_is_refused_with_those_that_do(root: Organization) -> None:
    row = only(root, "姓名,所在支部,工作岗位", "王芳,B1,车间主任")
    [(column, shown, reason)] = row.problems or []
    assert (row.number, column, shown) == (2, "C列“工作岗位”", "车间主任")
    assert all(label in reason for label in Occupation.labels)
    assert "改选“职务”" in reason


def test_importing_again_changes_nothing_and_a_gap_wipes_nothing(root: Organization, home: Organization) -> None:
    other = make.member(home, "李强", number="N2", occupation="worker")
    written(root, HEAD, "王芳,B1,N1,公务员", "李强,B1,N2,退休")
    person = Member.objects.get(number="N1")
    other.refresh_from_db()
    assert (person.occupation, other.occupation) == ("official", "retired")
    assert MemberChange.objects.get(member=other).values == {"职业": ["工人", "离退休人员"]}
    assert MemberChange.objects.get(member=person).values["职业"] == ["", "党政机关工作人员"]
    for lines in (
        (HEAD, "王芳,B1,N1,党政机关工作人员"),
        (HEAD, "王芳,B1,N1,"),
        ("姓名,所在支部,党员编号", "王芳,B1,N1"),
    ):
        assert only(root, *lines).outcome == "unchanged"
    written(root, "姓名,所在支部,党员编号,职务", "王芳,B1,N1,科长")
    person.refresh_from_db()
    assert (person.post, person.occupation) == ("科长", "official")


def test_the_template_explains_it_and_the_exported_roll_can_be_imported_again(
    client: Client, root: Organization, home: Organization
) -> None:
    make.member(home, "王芳", number="N1", occupation="self-employed")
    office = make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk))
    client.force_login(office)
    book = load_workbook(io.BytesIO(client.get(reverse("roster-template")).content))
    assert "职业" in [cell.value for cell in book["党员"][1]]
    assert any("、".join(Occupation.labels) in str(cell.value) for [cell] in book["说明"].iter_rows(max_col=1))
    [table] = documents["roll"].tables(
        find_subject(documents["roll"], {"organization": str(home.pk)}, office), {}, office
    )  # type: ignore[misc]
    place = list(table.headings).index("职业")
    assert table.rows[0][place] == "个体和自由职业人员"
    lines = [",".join(map(str, line)) for line in (table.headings, table.rows[0])]
    assert only(root, *lines).outcome == "unchanged"


def test_the_printed_roll_has_it_and_tears_no_date(home: Organization) -> None:
    make.member(home, "王芳", occupation="soldier", joined="1998-07-15")
    secretary, params = make.secretary(home), {"organization": str(home.pk)}
    html = page_of(documents["roll"], find_subject(documents["roll"], params, secretary), params, secretary)
    assert HEADINGS[6] == "职业"
    assert "<td>军人和武警</td>" in html
    assert '<td class="nowrap">1998年7月15日</td>' in html


def test_statistics_count_it_apart_from_the_sector_of_the_branch(root: Organization, home: Organization) -> None:
    Organization.objects.filter(pk=home.pk).update(sector="village")
    for value in ("farmer", "farmer", "official", ""):
        make.member(home, occupation=value, sex="female")
    office = make.hat(Role.OFFICE, Organization.objects.get(pk=root.pk))
    chosen: dict[str, Any] = {"rows": "occupation", "columns": "sector", "day": "2005-12-31"}
    page = signed_in(office).get(reverse("member-statistics", args=[root.pk]), chosen)
    assert {line.label: line.total for line in page.context["table"].lines} == {
        "农牧渔民": 2, "党政机关工作人员": 1, "未填": 1,
    }  # fmt: skip
    assert page.context["table"].sums.numbers == [4]
    assert page.context["table"].headings == ["农村"]
    turned = signed_in(office).get(page.wsgi_request.path, chosen | {"rows": "sex", "columns": "occupation"})
    assert "农牧渔民" in str(turned.context["picture"])
    params = chosen | {"organization": str(root.pk)}
    document = documents["member-yearbook"]
    subject = find_subject(document, params, office)
    html = page_of(document, subject, params, office)
    assert "下级组织×职业" in html
    assert "下级组织×所在支部领域" in html
    [sheet] = [table for table in document.tables(subject, params, office) if table.title == "职业"]  # type: ignore[misc]
    assert list(sheet.headings) == ["下级组织", "合计", "农牧渔民", "党政机关工作人员", "未填"]
    assert sheet.rows[-1] == ["合计", 4, 2, 1, 1]
