"""Paper totals of opinion rounds: by hand and out of a summary sheet, refused with row and difference, all or nothing."""

import io
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from evaluation.documents import evaluation_figures
from evaluation.models import OpinionRound
from tests import factories as make
from tests.clients import signed_in
from tests.evaluation.places import Place

HEAD = ["序号", "渠道", "时间", "征求人数", "意见条数", "发放数", "回收", "未收", "有效票", "废票"]
GOOD = [
    [1, "发放测评表", "2005.9.1", 50, 8, 50, 47, 3, 45, 2],
    [2, "座谈会", "2005年9月2日", 12, 5, None, None, None, None, None],
]
PAPER = {"sheets_issued": 50, "sheets_returned": 47, "sheets_missing": 3, "sheets_valid": 45, "sheets_void": 2}


def workbook(*rows: list[Any], head: list[str] = HEAD) -> bytes:
    """The summary as an office sends it: a title above the headings."""
    book = Workbook()
    for row in (["征求意见情况汇总表"], head, *rows):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def upload(place: Place, content: bytes, name: str = "汇总.xlsx") -> Any:
    data = {"file": SimpleUploadedFile(name, content), "submission": str(uuid.uuid4())}
    return signed_in(place.secretary).post(reverse("opinion-sheet", args=[place.enrolment.pk]), data)


def by_hand(place: Place, **paper: Any) -> Any:
    data = {
        "submission": str(uuid.uuid4()), "channel": "form", "held_on": "2005-09-01", "asked": 50, "received": 6,
    } | paper  # fmt: skip
    return signed_in(place.secretary).post(reverse("opinion-round-create", args=[place.enrolment.pk]), data)


def test_totals_that_add_up_are_kept_and_shown(place: Place) -> None:
    assert by_hand(place, **PAPER).status_code == 302
    page = signed_in(place.secretary).get(reverse("evaluation-records", args=[place.enrolment.pk])).text
    assert "发出50份，收回47份，未收回3份；有效45份，作废2份" in page
    figures = evaluation_figures(place.campaign, place.city, None) or {}
    assert figures["paper"] == "发出50份，收回47份，未收回3份；有效45份，作废2份"
    assert by_hand(place).status_code == 302  # nothing was on paper


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sheets_returned": 45}, "发出50份，收回45份、未收回3份，相差2份"),
        ({"sheets_void": 4}, "收回47份，有效45份、作废4份，相差2份"),
        ({"sheets_missing": ""}, "“未收回”也要填写"),
    ],
)
def test_totals_that_do_not_are_refused_with_the_difference(place: Place, wrong: dict[str, Any], said: str) -> None:
    page = by_hand(place, **(PAPER | wrong))
    assert page.status_code == 422
    assert said in page.text
    assert 'value="50"' in page.text
    assert not OpinionRound.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"sheets_returned": 45}, {"sheets_void": 4}, {"sheets_missing": None}, {"sheets_valid": None}]
)
def test_the_database_holds_the_sums_too(place: Place, wrong: dict[str, Any]) -> None:
    values = {"channel": "form", "held_on": "2005-09-01", "asked": 50, "received": 1, "by": place.secretary}
    place.enrolment.opinion_rounds.create(**values, **PAPER)
    with pytest.raises(IntegrityError), transaction.atomic():
        place.enrolment.opinion_rounds.create(**values, **(PAPER | wrong))


def test_a_summary_sheet_is_registered_once(place: Place) -> None:
    content = workbook(*GOOD, ["合计", None, None, 62, 13, 50, 47, 3, 45, 2])
    assert upload(place, content).status_code == 302
    rounds = list(OpinionRound.objects.order_by("held_on"))
    assert [(r.channel, str(r.held_on), r.asked, r.received) for r in rounds] == [
        ("form", "2005-09-01", 50, 8), ("forum", "2005-09-02", 12, 5),
    ]  # fmt: skip
    assert str(rounds[0].paper) == "发出50份，收回47份，未收回3份；有效45份，作废2份"
    assert str(rounds[1].paper) == ""
    upload(place, content)
    assert OpinionRound.objects.count() == 2


def test_a_csv_from_an_old_program_is_read(place: Place) -> None:
    rows = [HEAD, *GOOD]
    text = "\r\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    assert upload(place, text.encode("gb18030"), "汇总.csv").status_code == 302
    assert OpinionRound.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([3, "测评表", "2005.9.3", 50, 1, 50, 45, 3, 45, 0], ("第5行", "发放数", "收回45份、未收回3份，相差2份")),
        ([3, "测评表", "2005.9.3", 50, 1, 50, 47, 3, 40, 2], ("第5行", "回收", "有效40份、作废2份，相差5份")),
        ([3, "测评表", "2005.9", 50, 1], ("第5行", "时间", "日期要写到日")),
        ([3, "托梦", "2005.9.3", 50, 1], ("第5行", "渠道", "托梦", "可填：个别谈话")),
        ([3, "测评表", "2005.9.3", "若干", 1], ("第5行", "征求人数", "若干")),
        (GOOD[0], ("第5行", "与第3行完全相同")),
        (["合计", None, None, 70, 13], ("第5行", "征求人数", "合计70，各行相加是62，相差8")),
    ],
)
def test_one_wrong_row_and_nothing_is_registered(place: Place, row: list[Any], said: tuple[str, ...]) -> None:
    page = upload(place, workbook(*GOOD, row))
    assert page.status_code == 422
    for words in (*said, "一行也没有登记"):
        assert words in page.text
    assert not OpinionRound.objects.exists()


def test_units_are_those_one_records_for(place: Place) -> None:
    head = ["支部", *HEAD[1:]]
    own = [place.home.name, *GOOD[0][1:]]
    assert upload(place, workbook(own, head=head)).status_code == 302
    assert OpinionRound.objects.get().enrolment == place.enrolment
    foreign = upload(place, workbook(["别处党支部", *GOOD[1][1:]], head=head))
    assert "不在本次活动的填报范围内" in foreign.text
    assert OpinionRound.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", workbook(head=["姓名", "性别"]), workbook()])
def test_what_is_no_such_sheet_says_so(place: Place, content: bytes) -> None:
    assert upload(place, content).status_code == 422
    assert not OpinionRound.objects.exists()


def test_the_empty_sheet_can_be_filled_in_and_only_the_secretary_sees_it(place: Place) -> None:
    url = reverse("opinion-sheet-template", args=[place.enrolment.pk])
    answer = signed_in(place.secretary).get(url)
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert {"征求方式", "发出份数", "作废份数"} <= {cell.value for cell in sheet[1]}
    for page in ("opinion-sheet", "opinion-sheet-template"):
        url = reverse(page, args=[place.enrolment.pk])
        assert signed_in(place.author).get(url).status_code == 403
        assert signed_in(place.outsider).get(url).status_code == 404
        assert signed_in(make.user()).get(url).status_code == 404
