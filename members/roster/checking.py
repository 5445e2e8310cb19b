"""Comparing a file with the roll: what would be created, changed, left alone, refused. Writes nothing."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from members.models import Member, Organization
from members.roster import values
from members.roster.columns import LABELS, MEMBER, ORGANIZATION, Layout, layout
from members.roster.index import Roll
from members.roster.values import Refused
from portal.ciphers import blind_index
from portal.sheets import Unreadable, column_letter, read_sheets

MAX_ROWS = 50_000
TOTALS = ("合计", "总计", "小计", "共计")
CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"
OUTCOMES = {CREATED: "新增", CHANGED: "修改", UNCHANGED: "未变", REFUSED: "拒绝"}
SECRET_FIELDS = {"identity", "phone"}
Report = Callable[[int, int], None]


@dataclass
class Row:
    """One data row: its cleaned ``values`` by field, what it would do, and why it can't. ``target``: id of what it changes."""

    kind: str
    sheet: str
    number: int
    values: dict[str, Any] = field(default_factory=dict)
    outcome: str = UNCHANGED
    target: int | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    original: list[str] = field(default_factory=list)

    def refuse(self, column: str, value: Any, reason: str) -> None:
        self.outcome = REFUSED
        self.problems.append((column, str(value if value is not None else ""), reason))

    def summary(self) -> dict[str, Any]:
        """What the preview keeps; identity numbers and telephones are not in it."""
        return {
            "kind": self.kind,
            "sheet": self.sheet,
            "row": self.number,
            "name": self.values.get("name", ""),
            "where": self.values.get("where", ""),
            "outcome": self.outcome,
            "changes": self.changes,
            "problems": self.problems,
            "notes": self.notes,
        }


@dataclass
class Plan:
    """All rows of a file in the order in which they can be written: organisations (parents first), then members."""

    organizations: list[Row]
    members: list[Row]
    headings: dict[str, list[str]]
    skipped: int = 0

    @property
    def rows(self) -> list[Row]:
        return [*self.organizations, *self.members]

    def counts(self) -> dict[str, int]:
        return {outcome: sum(row.outcome == outcome for row in self.rows) for outcome in OUTCOMES}

    def digest(self) -> str:
        """Equal for equal outcomes: tells whether the roll has changed since the preview."""
        essence = [[r.kind, r.sheet, r.number, r.outcome, r.target, r.changes] for r in self.rows]
        return hashlib.sha256(json.dumps(essence, ensure_ascii=False).encode()).hexdigest()


def masked(key: str, value: Any) -> str:
    """A value as the preview may show it."""
    shown = str(value if value is not None else "")
    return f"{shown[:3]}{'*' * max(0, len(shown) - 5)}{shown[-2:]}" if key in SECRET_FIELDS and len(shown) > 5 else shown


def check(content: bytes, root: Organization, today: date, report: Report = lambda done, total: None) -> Plan:
    """Read and compare a whole file for the subtree of ``root``. Raises ``Unreadable`` when there is no roster in it."""
    layouts = [found for found in (layout(sheet) for sheet in read_sheets(content)) if found]
    if not layouts:
        raise Unreadable("没有找到名册。请确认表头中有“姓名”一列（党员名册）或“组织名称、组织类型”两列（组织名册），可下载模板对照。")
    total = sum(len(found.rows) for found in layouts)
    if total > MAX_ROWS:
        raise Unreadable(f"共{total}行，超过一次{MAX_ROWS}行的上限。请按组织拆分后分次导入。")
    if not total:
        raise Unreadable("表头下面没有数据行。请填写后重新上传。")
    plan = Plan([], [], {found.sheet.name: headings(found) for found in layouts})
    roll = Roll(root)
    done = 0
    for found in sorted(layouts, key=lambda f: f.kind == MEMBER):
        for row in rows_of(found, today, plan):
            (plan.organizations if row.kind == ORGANIZATION else plan.members).append(row)
            done += 1
            if done % 500 == 0:
                report(done, total * 2)
    plan.organizations = settle_organizations(plan.organizations, roll)
    for number, row in enumerate(plan.members):
        settle_member(row, roll)
        if number % 500 == 0:
            report(total + number, total * 2)
    return plan


def headings(found: Layout) -> list[str]:
    """The file's own headings, for handing refused rows back."""
    width = max(found.columns.values()) + 1
    by_index = {index: LABELS[found.kind][key] for key, index in found.columns.items()}
    return [by_index.get(i, f"第{column_letter(i)}列") for i in range(width)]


def rows_of(found: Layout, today: date, plan: Plan) -> Iterator[Row]:
    for number, cells in found.rows:
        first = next((str(c) for c in cells if c is not None), "")
        if "".join(first.split()).startswith(TOTALS):
            plan.skipped += 1
            continue
        row = Row(found.kind, found.sheet.name, number)
        row.original = [masked_cell(found, i, c) for i, c in enumerate(cells)]
        parse = parse_member if found.kind == MEMBER else parse_organization
        parse(row, found, cells, today)
        yield row


def masked_cell(found: Layout, index: int, cell: Any) -> str:
    return "" if cell is None else str(cell)


def take(row: Row, found: Layout, cells: list[Any], key: str, read: Callable[[Any], Any]) -> None:
    """Read one cell into the row's values, or refuse it by column, value and reason. Absent columns are left alone."""
    index = found.columns.get(key)
    if index is None:
        return
    cell = cells[index] if index < len(cells) else None
    try:
        row.values[key] = read(cell)
    except Refused as refusal:
        row.refuse(f"{column_letter(index)}列“{LABELS[found.kind][key]}”", masked(key, cell), str(refusal))


def parse_organization(row: Row, found: Layout, cells: list[Any], today: date) -> None:
    for key in ("name", "code", "parent"):
        take(row, found, cells, key, values.text)
    take(row, found, cells, "kind", lambda v: values.choice(v, values.KIND, "组织类型"))
    take(row, found, cells, "sector", lambda v: values.choice(v, values.SECTOR, "领域"))
    take(row, found, cells, "condition", lambda v: values.choice(v, values.CONDITION, "组织状态"))
    for key in ("name", "kind"):
        if key in row.values and not row.values[key]:
            row.refuse(LABELS[ORGANIZATION][key], "", "不能为空。请补填。")


def parse_member(row: Row, found: Layout, cells: list[Any], today: date) -> None:
    take(row, found, cells, "name", values.name)
    index = found.columns["name"]
    written = str(cells[index] or "") if index < len(cells) else ""
    if row.values.get("name") and row.values["name"] != written:
        row.notes.append(f"姓名“{written}”按“{row.values['name']}”登记")
    for key in ("branch", "ethnicity", "education", "number", "post", "group", "place"):
        take(row, found, cells, key, values.text)
    take(row, found, cells, "sex", lambda v: values.choice(v, values.SEX, "性别"))
    take(row, found, cells, "status", lambda v: values.choice(v, values.STATUS, "党员类别"))
    take(row, found, cells, "born", lambda v: values.partial_date(v, today=today, grown=True))
    for key in ("joined", "confirmed"):
        take(row, found, cells, key, lambda v: values.partial_date(v, today=today))
    take(row, found, cells, "identity", values.identity)
    take(row, found, cells, "phone", values.phone)
    take(row, found, cells, "mobility", values.mobility)
    take(row, found, cells, "tags", values.tags)
    check_order(row)


def check_order(row: Row) -> None:
    born, joined, confirmed = (row.values.get(key) or "" for key in ("born", "joined", "confirmed"))
    if born and joined and int(joined[:4]) - int(born[:4]) < 18:
        row.refuse("入党时间", joined, f"与出生年月 {born} 相差不足18年。请核对这两项。")
    width = min(len(joined), len(confirmed))
    if joined and confirmed and confirmed[:width] < joined[:width]:
        row.refuse("转正时间", confirmed, f"早于入党时间 {joined}。请核对这两项。")


def settle_organizations(rows: list[Row], roll: Roll) -> list[Row]:
    """Match organisations and put parents before children, in whatever order the file lists them."""
    codes: dict[str, Row] = {}
    names: dict[str, list[Row]] = {}
    for row in rows:
        code = row.values.get("code", "")
        if code and code in codes:
            row.refuse("组织编码", code, f"与第{codes[code].number}行重复。请删除一行或更正编码。")
            continue
        if code:
            codes[code] = row
        names.setdefault(row.values.get("name", ""), []).append(row)
    settled: list[Row] = []
    done: set[int] = set()

    def place(row: Row, above: tuple[int, ...]) -> None:
        if id(row) in done:
            return
        if id(row) in above:
            row.refuse("上级组织", row.values.get("parent", ""), "上级组织互相循环。请更正其中一行的上级。")
            return
        parent = parent_row(row, codes, names)
        if parent is not None and parent is not row:
            place(parent, (*above, id(row)))
        done.add(id(row))
        roll.settle_organization(row, parent)
        settled.append(row)

    for row in rows:
        place(row, ())
    return settled


def parent_row(row: Row, codes: dict[str, Row], names: dict[str, list[Row]]) -> Row | None:
    """The row of the same file that is this row's parent, if there is one."""
    written = row.values.get("parent", "")
    if not written:
        return None
    same = names.get(written, [])
    return codes.get(written) or (same[0] if len(same) == 1 else None)


def settle_member(row: Row, roll: Roll) -> None:
    """Find the branch and the person on the roll, and what would change."""
    roll.place(row)
    if row.outcome == REFUSED:
        return
    roll.find_double(row)
    if row.outcome == REFUSED:
        return
    person = roll.find(row)
    if row.outcome == REFUSED:
        return
    if person is None:
        row.outcome = CREATED
        return
    row.target = person.pk
    compare(row, person)
    row.outcome = CHANGED if row.changes else UNCHANGED


PLAIN_FIELDS = ("name", "sex", "ethnicity", "born", "education", "joined", "confirmed", "status", "number", "post", "group")


def compare(row: Row, person: Member) -> None:
    """Note every difference as (label, old, new). A blank cell changes nothing: nobody's data is wiped by a gap in a file."""
    labels = LABELS[MEMBER]
    for key in PLAIN_FIELDS:
        new, old = row.values.get(key), getattr(person, key) or ""
        if new and new != old:
            shown = {"sex": values.SEX, "status": values.STATUS}.get(key, {})
            row.changes.append((labels[key], shown.get(old, old), shown.get(new, new)))
    if row.values["branch_key"] != person.branch.code:
        row.changes.append((labels["branch"], person.branch.name, row.values["where"]))
    if row.values.get("identity") and blind_index(row.values["identity"], "member.identity") != person.identity_index:
        row.changes.append((labels["identity"], "（已登记）" if person.identity_index else "", "（更新）"))
    if row.values.get("phone") and row.values["phone"] != person.phone:
        row.changes.append((labels["phone"], person.masked_phone, masked("phone", row.values["phone"])))
    compare_traits(row, person)


def compare_traits(row: Row, person: Member) -> None:
    if "tags" in row.values:
        old = sorted(tag.kind for tag in person.tags.all())
        if old != row.values["tags"]:
            row.changes.append((LABELS[MEMBER]["tags"], join(old), join(row.values["tags"])))
    if "mobility" in row.values:
        current = [m.kind for m in person.mobilities.all() if m.until is None]
        if current != [k for k in [row.values["mobility"]] if k]:
            shown = values.MOBILITY.get(row.values["mobility"], "无")
            row.changes.append((LABELS[MEMBER]["mobility"], "、".join(values.MOBILITY[k] for k in current) or "无", shown))


def join(kinds: list[str]) -> str:
    return "、".join(values.TAGS[kind] for kind in kinds) or "无"
