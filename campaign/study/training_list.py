"""A list of trainings out of a spreadsheet: taken whole, or refused naming row, column and reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from campaign.models import Training
from members.models import Member, Organization
from members.roster import values
from portal.sheets import Sheet, Unreadable, column_letter, read_sheets

MOST_ROWS = 2000
HEADINGS = {
    "姓名": "name",
    "党员姓名": "name",
    "所在支部": "branch",
    "党支部": "branch",
    "党员编号": "number",
    "培训内容": "subject",
    "培训班": "subject",
    "培训班名称": "subject",
    "举办单位": "organiser",
    "主办单位": "organiser",
    "开始日期": "starts_on",
    "结束日期": "ends_on",
    "天数": "days",
    "学时": "hours",
}
LABELS = {v: k for k, v in reversed(HEADINGS.items())}
NEEDED = ("name", "subject", "organiser", "starts_on", "ends_on", "days", "hours")


@dataclass
class Reading:
    """What a file says: trainings to be entered, or what is wrong with it."""

    trainings: list[Training] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(content: bytes, node: Organization) -> Reading:
    """The rows of the first sheet that has the headings; people are looked for under ``node``."""
    found = Reading()
    try:
        for sheet in read_sheets(content):
            if read_sheet(sheet, node, found):
                return found
    except Unreadable as error:
        return Reading(problems=[str(error)])
    needed = "、".join(LABELS[n] for n in NEEDED)
    return Reading(problems=[f"没有找到表头。表头须在同一行，包括：{needed}。"])


def read_sheet(sheet: Sheet, node: Organization, found: Reading) -> bool:
    """``False`` where the sheet has no such heading."""
    columns: dict[str, int] = {}
    people: dict[str, list[Member]] = {}
    for number, cells in sheet.rows:
        if not columns:
            known = {HEADINGS.get(str(c or "").replace(" ", "")): i for i, c in enumerate(cells)}
            if all(name in known for name in NEEDED):
                columns = {name: i for name, i in known.items() if name}
            continue
        row = {name: cells[i] if i < len(cells) else None for name, i in columns.items()}
        if not str(row["name"] or "").strip() or str(row["name"]).strip() in {"合计", "总计"}:
            continue
        if len(found.trainings) + len(found.problems) >= MOST_ROWS:
            found.problems.append(f"一次最多{MOST_ROWS}行，请分成几份上传。")
            return True
        take(Line(number, row, columns), node, people, found)
    if columns and not found.trainings and not found.problems:
        found.problems.append("表头下面没有培训记录。")
    return bool(columns)


@dataclass
class Line:
    """One row, with where its columns are."""

    number: int
    row: dict[str, Any]
    columns: dict[str, int]

    def wrong(self, name: str, why: str) -> str:
        return f"第{self.number}行{column_letter(self.columns[name])}列（{LABELS[name]}）：{why}"


def take(line: Line, node: Organization, people: dict[str, list[Member]], found: Reading) -> None:
    """One row, into trainings or into problems."""
    problems, given = [], {}
    for name, value in read_cells(line):
        if isinstance(value, values.Refused):
            problems.append(line.wrong(name, str(value)))
        else:
            given[name] = value
    if not problems:
        problems += out_of_order(line, given)
    if not problems:
        person = one_of(line, given, node, people)
        if isinstance(person, str):
            problems.append(person)
        else:
            facts = {key: given[key] for key in ("subject", "organiser", "starts_on", "ends_on", "days", "hours")}
            found.trainings.append(Training(member=person, **facts))
    found.problems += problems


def read_cells(line: Line) -> Iterator[tuple[str, Any]]:
    """Each cell with its value, or with what is wrong with it."""
    for name, cell in line.row.items():
        try:
            yield name, READ[name](cell)
        except values.Refused as refusal:
            yield name, refusal


def words(longest: int) -> Any:
    def read_words(cell: Any) -> str:
        found = values.text(cell)
        if not found:
            raise values.Refused("没有填写。")
        if len(found) > longest:
            raise values.Refused(f"超过{longest}字。")
        return found

    return read_words


def day(cell: Any) -> date:
    today = timezone.localdate()
    found = values.partial_date(cell, today=today) if cell is not None else ""
    if len(found) != 10:
        raise values.Refused("须写明年月日，如 2006-05-18。")
    return date.fromisoformat(found)


def amount(cell: Any) -> Decimal:
    try:
        found = Decimal(values.half_width(cell))
    except InvalidOperation:
        raise values.Refused("须是数字，如 3 或 2.5。") from None
    if not found.is_finite() or not 0 <= found <= 999 or found != round(found, 1):
        raise values.Refused("须在0至999之间，最多一位小数。")
    return found


READ = {
    "name": values.name,
    "branch": values.text,
    "number": values.code,
    "subject": words(120),
    "organiser": words(120),
    "starts_on": day,
    "ends_on": day,
    "days": amount,
    "hours": amount,
}


def out_of_order(line: Line, given: dict[str, Any]) -> list[str]:
    if given["ends_on"] < given["starts_on"]:
        return [line.wrong("ends_on", "早于开始日期。")]
    if given["ends_on"] > timezone.localdate():
        return [line.wrong("ends_on", "晚于今天，培训结束后再登记。")]
    most = (given["ends_on"] - given["starts_on"]).days + 1
    if not 0 < given["days"] <= most:
        return [line.wrong("days", f"须大于0，不多于起止日期之间的{most}天。")]
    return []


def one_of(line: Line, given: dict[str, Any], node: Organization, people: dict[str, list[Member]]) -> Member | str:
    """The one person that is meant, or why that cannot be said."""
    name = given["name"]
    if name not in people:
        people[name] = list(Member.objects.on_roll().under(node).filter(name=name).select_related("branch")[:50])
    found = people[name]
    if given.get("number"):
        found = [m for m in found if m.number == given["number"]]
    if given.get("branch"):
        found = [m for m in found if given["branch"] in {m.branch.name, m.branch.code}]
    if len(found) == 1:
        return found[0]
    if found:
        return line.wrong("name", f"有{len(found)}名党员叫“{name}”，请加一列“所在支部”或“党员编号”加以区分。")
    where = "这个支部" if node.is_branch else "所辖支部"
    return line.wrong("name", f"{where}的名册上没有“{name}”，或与所在支部、党员编号不符。")
