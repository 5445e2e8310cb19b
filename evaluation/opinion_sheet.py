"""A summary sheet of opinion rounds as it arrives (.xlsx, .csv …): one row per channel or per unit, taken whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from campaign.models import Enrolment
from evaluation.forms.record import OpinionRoundForm
from evaluation.models import OpinionRound
from members.permissions import Permission
from members.roster import values
from members.roster.headings import plain
from members.roster.rows import as_shown
from portal.paper_totals import PAPER_FIELDS
from portal.sheets import Sheet, Unreadable, column_letter, read_sheets

HEADINGS = {
    "unit": ("支部", "单位", "所在支部", "党支部", "组织名称", "党组织名称", "单位名称"),
    "channel": ("征求方式", "方式", "渠道", "征求渠道", "征求意见方式", "形式"),
    "held_on": ("征求日期", "日期", "时间", "征求时间", "开展日期"),
    "asked": ("征求人数", "人数", "参加人数", "征求意见人数"),
    "received": ("收到意见条数", "意见条数", "意见数", "收到意见", "条数"),
    "passed_on": ("反馈日期", "反馈时间"),
    "sheets_issued": ("发出份数", "发出", "发出数", "发放", "发放数", "发放份数", "发出测评表", "发票", "发出票数"),
    "sheets_returned": ("收回份数", "收回", "收回数", "回收", "回收数", "回收份数", "收回测评表", "收回票数"),
    "sheets_missing": ("未收回份数", "未收回", "未收", "未收回数", "未回收", "未收份数"),
    "sheets_valid": ("有效份数", "有效", "有效数", "有效票", "有效票数", "有效表"),
    "sheets_void": ("作废份数", "作废", "废", "废票", "作废数", "无效", "无效票", "废表", "废票数"),
}  # fmt: skip
MEANINGS = {name: key for key, names in HEADINGS.items() for name in names}
REQUIRED = ("channel", "held_on", "asked", "received")
COUNTED = ("asked", "received", *PAPER_FIELDS)
DAYS = {"held_on", "passed_on"}
OTHER_WORDS = {
    "发放测评表": "测评表",
    "民主测评": "测评表",
    "召开座谈会": "座谈会",
    "座谈": "座谈会",
    "谈话": "个别谈话",
}
TOTALS = ("合计", "总计", "小计", "共计")
MAX_ROWS, SEARCHED = 2_000, 20


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken: its number, the column as the user finds it, what stands there, the reason."""

    row: int
    column: str
    value: str
    reason: str


@dataclass
class Reading:
    """What the sheet says: for each row its enrolment and the values of a round, or why not."""

    rounds: list[tuple[Enrolment, dict[str, Any]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Table:
    """The sheet that holds the rounds: field → column, its headings, the rows below them."""

    fields: dict[str, int]
    headings: list[str]
    rows: list[tuple[int, list[Any]]]

    def cell(self, cells: list[Any], key: str) -> Any:
        index = self.fields.get(key, len(cells))
        return cells[index] if index < len(cells) else None

    def letter(self, key: str) -> str:
        if key not in self.fields:
            return HEADINGS[key][0] if key in HEADINGS else ""
        return f"{column_letter(self.fields[key])}列“{self.headings[self.fields[key]]}”"


def read(content: bytes, enrolment: Enrolment, user: Any) -> Reading:
    """Every row of the file, checked as the form checks it; raises ``Unreadable`` where there is no such sheet."""
    found, table = Reading(), table_of(read_sheets(content))
    units = Units(enrolment, user)
    sums, seen = dict.fromkeys(COUNTED, 0), dict[Any, int]()
    for number, cells in table.rows:
        first = next((str(cell) for cell in cells if cell is not None), "")
        if "".join(first.split()).startswith(TOTALS):
            found.problems += compare_total(table, number, cells, sums)
            sums = dict.fromkeys(COUNTED, 0)
            continue
        add_row(found, table, number, cells, units)
        for key in COUNTED:
            sums[key] += whole(table.cell(cells, key)) or 0
        same = seen.setdefault(repr(cells), number)
        if same != number:
            found.problems.append(
                Problem(number, "", "", f"与第{same}行完全相同。重复的请删除一行，确有两次的请合并填写。")
            )
    if not found.rounds and not found.problems:
        raise Unreadable("表头下面没有数据行。请填写后重新上传。")
    return found


def table_of(sheets: Iterator[Sheet]) -> Table:
    """The first sheet with the headings; a title may stand above them. The file is read to its end, where damage shows."""
    found: Table | None = None
    for sheet in sheets:
        rows = iter(sheet.rows) if found is None else iter(())
        for _, cells in islice(rows, SEARCHED):
            headings = [plain(cell) for cell in cells]
            fields: dict[str, int] = {}
            for index, heading in enumerate(headings):
                if key := MEANINGS.get(heading):
                    if key in fields:
                        raise Unreadable(f"“{headings[fields[key]]}”和“{heading}”两列意思相同，请只留一列。")
                    fields[key] = index
            if all(key in fields for key in REQUIRED):
                found = Table(fields, headings, list(islice(rows, MAX_ROWS + 1)))
                break
    if found is not None and len(found.rows) > MAX_ROWS:
        raise Unreadable(f"超过一次{MAX_ROWS}行的上限，请拆分后分次上传。")
    if found is not None:
        return found
    wanted = "、".join(HEADINGS[key][0] for key in REQUIRED)
    raise Unreadable(f"没有找到表头。表中要有这几列：{wanted}；可以先下载空表。")


def add_row(found: Reading, table: Table, number: int, cells: list[Any], units: "Units") -> None:
    """The row as a round, or what is wrong with it, field by field."""
    said: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for key in table.fields:
        try:
            said[key] = value_of(key, table.cell(cells, key))
        except values.Refused as refused:
            problems[key] = str(refused)
    enrolment = units.find(said.get("unit", ""))
    if isinstance(enrolment, str):
        problems["unit"] = enrolment
    form = OpinionRoundForm(said, enrolment=units.home)
    problems = {key: str(errors[0]) for key, errors in form.errors.items()} | problems
    for key, reason in problems.items():
        found.problems.append(Problem(number, table.letter(key), as_shown(table.cell(cells, key)), reason))
    if not problems and isinstance(enrolment, Enrolment):
        values_of = {key: value for key, value in form.cleaned_data.items() if key != "submission"}
        found.rounds.append((enrolment, values_of))


def value_of(key: str, cell: Any) -> str:
    """A cell as the form takes it; raises ``Refused``."""
    if key == "channel":
        return values.choice(cell, dict(OpinionRound.Channel.choices), "征求方式", OTHER_WORDS)
    if key in DAYS:
        day = values.partial_date(cell, today=date.max)
        if day and len(day) < 10:
            raise values.Refused("日期要写到日，如 2005-09-16。")
        return day
    return values.half_width(cell)


def whole(cell: Any) -> int | None:
    """A number of people or sheets; ``None`` for anything else."""
    written = str(cell).strip() if cell is not None else ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def compare_total(table: Table, number: int, cells: list[Any], sums: dict[str, int]) -> Iterator[Problem]:
    """A line of totals must be the sum of the rows above it."""
    for key, total in sums.items():
        stated = whole(table.cell(cells, key))
        if stated is not None and stated != total:
            reason = f"合计{stated}，各行相加是{total}，相差{abs(stated - total)}。请核对后改正。"
            yield Problem(number, table.letter(key), str(stated), reason)


class Units:
    """Whose rounds a sheet that is uploaded for ``home`` may speak of: its own, and those below it that the user records for."""

    def __init__(self, home: Enrolment, user: Any) -> None:
        self.home, self.user = home, user
        below = Enrolment.objects.visible_to(user).under(home.organization).filter(campaign=home.campaign_id)
        self.known: dict[str, list[Enrolment]] = {}
        for each in below.select_related("organization"):
            for name in {each.organization.name, each.organization.code}:
                self.known.setdefault(name, []).append(each)

    def find(self, written: str) -> Enrolment | str:
        """The enrolment, or why there is none."""
        if not written:
            return self.home
        found = self.known.get(written, [])
        if len(found) != 1:
            return (
                "叫这个名称的不止一个，请改填组织编码。"
                if found
                else "不在本次活动的填报范围内，请核对名称或组织编码。"
            )
        if not self.user.can(Permission.RECORD_EVALUATION, at=found[0].organization):
            return "您不负责这个支部的登记，请由该支部上传。"
        return found[0]
