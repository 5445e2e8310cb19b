"""Comparing a file with the roll: what would be created, changed, left alone, asked, refused. Writes nothing."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from members.models import Organization
from members.roster.columns import GUESSED, Layout, Memory, layout_of
from members.roster.comparing import compare_traits
from members.roster.headings import ORGANIZATION
from members.roster.parsing import rows_of
from members.roster.people import Choices, People, chunks
from members.roster.rows import ASKED, CHANGED, CREATED, UNCHANGED, Plan, Row
from members.roster.tree import Tree, plain, short
from portal.sheets import Sheet, Unreadable, read_sheets

MAX_ROWS = 300_000
STEP = 5_000
NO_ROSTER = "没有找到名册。请确认表头中有“姓名”一列（党员名册）或“组织名称、组织类型”两列（组织名册），可下载模板对照。"
Report = Callable[[int, str], None]


class Unclear(Unreadable):
    """What the columns mean has to be said first; ``layouts`` are what is known of the sheets."""

    def __init__(self, message: str, layouts: list[Layout]) -> None:
        super().__init__(message)
        self.layouts = layouts


def silent(done: int, message: str) -> None:
    """For those who do not want to know how far it is."""


def check(content: bytes, root: Organization, today: date, **said: Any) -> Plan:
    """Read and compare a whole file for the subtree of ``root``. Raises ``Unreadable`` when no roster is in it."""
    choices = said.pop("choices", {})
    plan = parse(read_sheets(content), today, **said)
    settle(plan, root, choices)
    return plan


def parse(
    sheets: Iterable[Sheet],
    today: date,
    report: Report = silent,
    columns: Mapping[str, Any] | None = None,
    memory: Memory = lambda digests: {},
) -> Plan:
    """All rows with what can be told from the file alone. Raises ``Unreadable`` when no roster is in it.

    ``columns``: what the clerk said of the columns, by sheet; ``memory``: what was said of such headings before.
    """
    plan, unclear, done = Plan(), [], 0
    for sheet in sheets:
        layout = layout_of(sheet, (columns or {}).get(sheet.name), memory)
        plan.layouts.append(layout)
        if not layout.is_roster or layout.problems:
            unclear += [layout] if layout.is_roster else []
            continue
        for row in rows_of(layout, today, plan):
            (plan.organizations if row.kind == ORGANIZATION else plan.members).append(row)
            done += 1
            if done % STEP == 0:
                report(done, f"已读取 {done} 行")
            if done > MAX_ROWS:
                raise Unreadable(f"超过一次{MAX_ROWS}行的上限。请按组织拆分后分次导入。")
        layout.rows = ()
    settle_layouts(plan, unclear)
    return plan


def settle_layouts(plan: Plan, unclear: list[Layout]) -> None:
    """A sheet that only looks a little like a roster is left aside where another one is a roster; otherwise it is asked about."""
    readable = [layout for layout in plan.layouts if layout.is_roster and not layout.problems]
    for layout in unclear:
        if readable and layout.source == GUESSED and not layout.is_complete:
            layout.kind, layout.problems = "", []
    problems = [problem for layout in plan.layouts for problem in layout.problems]
    if problems or not readable:
        raise Unclear("".join(problems) or NO_ROSTER, plan.layouts)
    if not plan.organizations and not plan.members:
        raise Unreadable("表头下面没有数据行。请填写后重新上传。")
    plan.ignored = left_aside(plan.layouts)


def left_aside(layouts: list[Layout]) -> list[str]:
    """In words, which sheets and columns of the file are not read."""
    reasons = {True: "已隐藏", False: "没有找到名册表头"}
    words = [
        f"工作表“{each.sheet}”（{reasons[each.hidden]}）" for each in layouts if not each.is_roster and each.headings
    ]
    unused = [(each.sheet, each.unused) for each in layouts if each.is_roster]
    return words + [f"工作表“{name}”的列：{'、'.join(headings)}" for name, headings in unused if headings]


def settle(plan: Plan, root: Organization, choices: Choices, report: Report = silent) -> None:
    """Compare parsed rows with the roll under ``root`` as it is now. ``choices``: the clerk's word on who is meant."""
    tree = Tree(root)
    plan.organizations = settle_organizations(plan.organizations, tree)
    tree.finish()
    report(0, "正在与名册比对")
    for row in plan.members:
        tree.place(row)
    people = People(root, plan.members, choices, tree.names)
    # Whoever is certain first: those who remain are fewer, and so are the questions.
    people.find_all_certain(plan.members)
    for number, row in enumerate(plan.members):
        if not row.is_refused:
            if row.target is None and (likely := people.find_likely(row)) is not None:
                people.match(row, likely)
            if row.target is not None:
                compare_traits(row, people.roll.tags.get(row.target, []), people.roll.away.get(row.target, {}))
                row.outcome = CHANGED if row.changes else UNCHANGED
            elif row.outcome == UNCHANGED:
                row.outcome = CREATED
        if number % STEP == 0:
            report(number, f"已比对 {number} 人")
    absent = people.absent() if plan.members else []
    covered = {row.values["branch_key"] for row in plan.members if "branch_key" in row.values}
    asked = {person.pk for row in plan.members if row.outcome == ASKED for person in row.candidates or ()}
    plan.missing = len(absent)
    plan.absent = [
        person.described(tree.names) for person in absent if person.branch in covered and person.pk not in asked
    ]
    plan.stamp = people.roll.stamp


def settle_organizations(rows: list[Row], tree: Tree) -> list[Row]:
    """Match organisations and put parents before children, in whatever order the file lists them."""
    codes: dict[str, Row] = {}
    names: dict[str, list[Row]] = {}
    for row in rows:
        code = row.values.get("code", "")
        if code and code in codes:
            for one, other in ((row, codes[code]), (codes[code], row)):
                one.refuse("code", code, f"与第{other.number}行的编码重复。请删除一行或更正编码。")
            continue
        if code:
            codes[code] = row
        for name in {plain(row.values.get("name", "")), short(row.values.get("name", ""))}:
            names.setdefault(name, []).append(row)
    taken = codes_elsewhere(set(codes) - set(tree.known))
    settled: list[Row] = []
    done: set[int] = set()
    for row in rows:
        chain = [row]
        while (above := parent_row(chain[-1], codes, names)) is not None and id(above) not in done:
            if any(above is each for each in chain):
                above.refuse("parent", above.values.get("parent", ""), "上级组织互相循环。请更正其中一行的上级。")
                break
            chain.append(above)
        for each in reversed(chain):
            if id(each) not in done:
                done.add(id(each))
                tree.settle(each, parent_row(each, codes, names), taken)
                settled.append(each)
    return settled


def codes_elsewhere(codes: set[str]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(sorted(codes)):
        found.update(Organization.objects.filter(code__in=chunk).values_list("code", flat=True))
    return found


def parent_row(row: Row, codes: dict[str, Row], names: dict[str, list[Row]]) -> Row | None:
    """The row of the same file that is this row's parent, by code, name or abbreviation, if there is just one."""
    code, name = row.values.get("parent_code", ""), row.values.get("parent", "")
    if code or name in codes:
        return codes.get(code or name)
    same = (names.get(plain(name)) or names.get(short(name)) or []) if name else []
    return same[0] if len(same) == 1 else None
