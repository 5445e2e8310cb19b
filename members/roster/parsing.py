"""From the cells of one row to values, each refused by column, value and reason where it cannot be taken."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

from members.identity import canonical
from members.models import Member, Mobility, Organization
from members.roster import values
from members.roster.columns import Layout
from members.roster.headings import LABELS, MEMBER, ORGANIZATION
from members.roster.rows import Plan, Row, masked
from members.roster.values import Refused

TOTALS = ("合计", "总计", "小计", "共计", "总人数", "制表", "填表")
# Before 1945 members could be younger than 18; whoever was younger than this is a slip of the pen.
YOUNGEST = 14
# Columns of few different values: each is read once. The others would only fill the memory.
UNIQUE = {"identity", "phone", "number"}
KEPT = 20_000
# Fields in which a stroke or 无 stands for nothing; in the others it is a mistake, or an answer.
OPTIONAL = {
    "ethnicity", "education", "occupation", "post", "group", "helper", "place", "number", "born", "joined", "confirmed",
    "identity", "phone", "since", "out_since", "lost_since",
}  # fmt: skip
NOTHING = object()
Read = Callable[[Any], Any]


def limit_of(model: Any, field: str) -> int:
    return model._meta.get_field(field).max_length or 0


def readers(kind: str, today: date) -> dict[str, tuple[Read, int]]:
    """Field → how its cell is read, and how long the text may be (0: no limit)."""
    text, code = values.text, values.code
    if kind == ORGANIZATION:
        return {
            "name": (text, limit_of(Organization, "name")),
            "code": (code, limit_of(Organization, "code")),
            "parent": (text, 0),
            "parent_code": (code, 0),
            "kind": (partial(values.choice, labels=values.KIND, what="组织类型"), 0),
            "sector": (partial(values.choice, labels=values.SECTOR, what="领域"), 0),
            "condition": (partial(values.choice, labels=values.CONDITION, what="组织状态"), 0),
            "since": (partial(values.partial_date, today=today), 0),
        }
    past = partial(values.partial_date, today=today)
    return {
        "name": (values.name, 0),
        **dict.fromkeys(("branch", "unit", "subunit"), (text, 0)),
        "branch_code": (code, 0),
        **{key: (text, limit_of(Member, key)) for key in ("ethnicity", "education", "post", "group", "helper")},
        "place": (text, limit_of(Mobility, "place")),
        "number": (code, limit_of(Member, "number")),
        "sex": (partial(values.choice, labels=values.SEX, what="性别"), 0),
        "occupation": (values.occupation, 0),
        "status": (partial(values.choice, labels=values.STATUS, what="党员类别"), 0),
        "born": (partial(past, grown=True), 0),
        "joined": (past, 0),
        "confirmed": (past, 0),
        **dict.fromkeys(("since", "out_since", "lost_since"), (past, 0)),
        "identity": (values.identity, 0),
        "phone": (values.phone, 0),
        "tags": (lambda cell: (values.tags(cell), values.mobility_in_tags(cell)), 0),
        "mobility": (values.mobility, 0),
    }


class Parser:
    """Reads the rows of one sheet. The same cell text is read once per column: most columns of a roster have few values."""

    def __init__(self, layout: Layout, today: date) -> None:
        self.layout = layout
        known = readers(layout.kind, today)
        self.columns: list[tuple[str, int, dict[Any, Any], Read, int]] = [
            (key, index, {}, *known[key]) for key, index in layout.fields.items()
        ]
        self.finish = finish_member if layout.kind == MEMBER else finish_organization

    def row(self, number: int, cells: list[Any]) -> Row:
        row = Row(self.layout.kind, number, self.layout)
        said, width = row.values, len(cells)
        for key, index, memo, read, limit in self.columns:
            if index >= width or (cell := cells[index]) is None:
                continue  # a blank cell says nothing and leaves what the roll has
            value = memo.get(cell)
            if value is None:
                value = NOTHING if cell in values.BLANKS and key in OPTIONAL else reading(read, cell, limit)
                if key not in UNIQUE and len(memo) < KEPT:
                    memo[cell] = value
            if type(value) is str:
                if value:
                    said[key] = value
            elif type(value) is Refused:
                row.refuse(key, masked(key, cell), str(value))
            elif value is NOTHING:
                row.note(f"{self.layout.letter(key)}“{cell}”按空白处理")
            else:
                said[key] = value
        self.finish(row, cells)
        return row


def reading(read: Read, cell: Any, limit: int) -> Any:
    """What a cell says, or why it cannot be taken."""
    try:
        value = read(cell)
    except Refused as refusal:
        return refusal
    return Refused(f"超过{limit}个字。请缩短，或检查是否填错了列。") if limit and len(value) > limit else value


def rows_of(layout: Layout, today: date, plan: Plan) -> Iterator[Row]:
    """The sheet's data rows; lines of totals, repeated headings and closing remarks are counted and left aside."""
    parser, start = Parser(layout, today), layout.fields["name"]
    for number, cells in layout.rows:
        if is_no_person(cells, start, layout):
            plan.skipped += 1
        else:
            yield parser.row(number, cells)


def is_no_person(cells: list[Any], name: int, layout: Layout) -> bool:
    """A line of totals, the headings once more (on each printed page), or a remark below the table."""
    first = next((cell for cell in cells if cell is not None), "")
    if type(first) is str and first[0] in "合总小共制填" and "".join(first.split()).startswith(TOTALS):
        return True
    written = cells[name] if name < len(cells) else None
    return written is not None and written == layout.headings[name] and len(set(cells) & set(layout.headings)) > 2


def finish_organization(row: Row, cells: list[Any]) -> None:
    for key in ("name", "kind"):
        if not row.values.get(key) and not row.is_refused:
            row.refuse(key, "", f"{LABELS[ORGANIZATION][key]}不能为空。请补填。")
    said = row.values
    if said.get("since") and said.get("condition", Organization.Condition.NORMAL) == Organization.Condition.NORMAL:
        row.note(f"组织状态没有填写或为正常，{row.layout.letter('since')}“{said['since']}”没有登记")


def finish_member(row: Row, cells: list[Any]) -> None:
    said, start = row.values, row.layout.fields["name"]
    name = said.get("name")
    if name is None:
        if not row.is_refused:
            row.refuse("name", "", "姓名不能为空。请补填；如果这一行不是党员，请删除。")
    elif name != cells[start]:
        row.note(f"姓名“{cells[start]}”按“{name}”登记")
    if "tags" in said or "mobility" in said:
        settle_mobility(said)
    settle_beginnings(row)
    born, joined = said.get("born", ""), said.get("joined", "")
    if joined:
        check_order(row, born, joined, said.get("confirmed", ""))
    if "identity" in said and not row.is_refused:
        compare_identity(row, canonical(said["identity"]), born, said.get("sex", ""))


def settle_mobility(said: dict[str, Any]) -> None:
    """``away``: kinds of mobility stated; ``back``: whether the column of mobility was filled, so that others end."""
    in_tags: list[str] = []
    if "tags" in said:
        said["tags"], in_tags = said["tags"]
    if in_tags and not said["tags"]:
        del said["tags"]  # all about mobility, nothing said of the others
    if "mobility" in said or in_tags:
        said["away"] = sorted({*said.get("mobility", []), *in_tags})
        said["back"] = "mobility" in said


def settle_beginnings(row: Row) -> None:
    """``since_of``: kind of mobility → when it began, as far as the row says so; a date of nothing is pointed out."""
    said, found, used = row.values, {}, set()
    for kind in said.get("away", ()):
        for key in ("lost_since" if kind == Mobility.Kind.LOST else "out_since", "since"):
            if kind not in found and said.get(key):
                found[kind] = said[key]
                used.add(key)
    for key in ("since", "out_since", "lost_since"):
        if said.get(key) and key not in used:
            row.note(f"没有对应的流动情况，{row.layout.letter(key)}“{said[key]}”没有登记")
    if found:
        said["since_of"] = found


def check_order(row: Row, born: str, joined: str, confirmed: str) -> None:
    years = int(joined[:4]) - int(born[:4]) if born else 18
    if years < YOUNGEST:
        row.refuse("joined", joined, f"与出生年月 {born} 相差不足{YOUNGEST}年。请核对这两项。")
    elif years < 18:
        row.note(f"入党时不满18岁（出生 {born}，入党 {joined}），请留意核对")
    width = min(len(joined), len(confirmed))
    if confirmed[:width] < joined[:width]:
        row.refuse("confirmed", confirmed, f"早于入党时间 {joined}。请核对这两项。")


def compare_identity(row: Row, number: str, born: str, sex: str) -> None:
    """Say where an identity number and the record differ; no refusal, for personal files may rightly say otherwise."""
    if born and not f"{number[6:10]}-{number[10:12]}-{number[12:14]}".startswith(born):
        row.note("出生年月与身份证号中的出生日期不一致，按名册填写的登记，请留意核对")
    if sex and sex != (Member.Sex.MALE if number[16] in "13579" else Member.Sex.FEMALE):
        row.note("性别与身份证号不一致，按名册填写的登记，请留意核对")
