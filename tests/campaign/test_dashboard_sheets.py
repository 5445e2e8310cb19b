"""The dashboard on paper and as tables: the same numbers as on the screen."""

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from campaign.progress.writing import figures_of
from members.permissions import Role
from portal.documents import documents
from portal.print_job import find_subject
from tests import factories as make
from tests.campaign.test_dashboard_numbers import Varied
from tests.campaign.test_reports import html, printed
from tests.portal.test_printing import plain, read


@pytest.fixture
def world(db: Any) -> Varied:
    return Varied()


def book(job: Any) -> dict[str, list[tuple[Any, ...]]]:
    sheets = openpyxl.load_workbook(BytesIO(job.read_file())).worksheets
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in sheets}


def test_the_sheet_says_what_the_page_says(world: Varied) -> None:
    job = printed("dashboard", world.office, campaign=world.campaign.pk, organization=world.district.pk, phase=0)
    assert job.state == "done", job.message
    told = plain(read(job.read_file()))
    assert "3/4（灵活方式1，免除1，差1）" in told
    assert "免除1，差" in html("dashboard", world.office, campaign=world.campaign.pk, organization=world.root.pk)
    assert "不作排名" in told


def test_the_workbook_holds_matrix_time_line_break_down_and_names(world: Varied) -> None:
    given = {"campaign": world.campaign.pk, "organization": world.root.pk, "phase": 0}
    found = book(printed("dashboard", world.office, "xlsx", **given))
    assert list(found) == ["完成情况", "时间安排", "覆盖情况", "按领域", "按党员类别", "未完成名单"]
    whole, note = found["完成情况"], figures_of(world.campaign, world.root)[world.note.pk]
    head = list(whole[0])
    last = dict(zip(head, whole[-1], strict=True))
    assert last["study-note应完成"] == note.total
    assert last["study-note其中灵活方式"] == note.otherwise == 1
    assert sum(row[head.index("study-note应完成")] for row in whole[1:-1]) == note.total
    assert any("买买提" in str(cell) for row in found["未完成名单"] for cell in row)
    category = {row[0]: row for row in found["按党员类别"]}
    assert category["离退休"][2] == 1


def test_records_and_break_down_are_printed(world: Varied) -> None:
    given = {"campaign": world.campaign.pk, "organization": world.root.pk}
    job = printed("requirement-records", world.office, requirement=world.note.pk, what="done", **given)
    assert "老党员" in plain(read(job.read_file()))
    rows = book(printed("requirement-records", world.office, "xlsx", requirement=world.note.pk, what="total", **given))
    assert len(rows["应完成"]) - 1 == figures_of(world.campaign, world.root)[world.note.pk].total
    assert printed("breakdown", world.office, phase=0, **given).state == "done"


@pytest.mark.parametrize("code", ["dashboard", "breakdown", "requirement-records"])
def test_whoever_may_not_see_may_not_print(world: Varied, code: str) -> None:
    params = {"campaign": str(world.campaign.pk), "organization": str(world.root.pk), "requirement": str(world.note.pk)}
    with pytest.raises(PermissionDenied):
        find_subject(documents[code], params, make.hat(Role.OVERSEER, world.root))
    with pytest.raises(Http404):
        find_subject(documents[code], params, make.hat(Role.OFFICE, make.organization("外市")))


def test_thirty_requirements_are_cut_into_parts_that_fit_across(db: Any) -> None:
    root = make.organization("市委")
    campaign = make.campaign(root, tuple(("study-note", "all-members") for _ in range(30)))
    for n in range(12):
        make.organization(f"第{n}区委", type(root).objects.get(pk=root.pk))
    office = make.hat(Role.OFFICE, root)
    told = html("dashboard", office, campaign=campaign.pk, organization=root.pk)
    assert told.count("第11区委") == 5
