"""Comparing a file with the roll: what would be created, changed, left alone, refused. Writes nothing."""

from collections.abc import Callable
from datetime import date

from members.identity import identity_index
from members.models import Member, Organization
from members.roster import values
from members.roster.columns import LABELS, MEMBER, ORGANIZATION, Layout, layout
from members.roster.parsing import rows_of
from members.roster.people import People
from members.roster.rows import CHANGED, CREATED, OUTCOMES, REFUSED, UNCHANGED, Plan, Row, masked
from members.roster.tree import Tree, plain
from portal.sheets import Sheet, Unreadable, read_sheets

__all__ = ["CHANGED", "CREATED", "OUTCOMES", "PLAIN_FIELDS", "REFUSED", "UNCHANGED", "Plan", "Row", "check"]
MAX_ROWS = 50_000
PLAIN_FIELDS = (
    "name", "sex", "ethnicity", "born", "education", "joined", "confirmed", "status", "number", "post", "group",
)  # fmt: skip
DATES = {"born", "joined", "confirmed"}
Report = Callable[[int, int], None]


def check(content: bytes, root: Organization, today: date) -> Plan:
    """Read and compare a whole file for the subtree of ``root``. Raises ``Unreadable`` when no roster is in it."""
    plan = parse(content, today)
    settle(plan, root)
    return plan


def parse(content: bytes, today: date, report: Report = lambda done, total: None) -> Plan:
    """All rows with what can be told from the file alone. Raises ``Unreadable`` when no roster is in it."""
    sheets = read_sheets(content)
    layouts = [found for sheet in sheets if not sheet.hidden and (found := layout(sheet))]
    if not layouts:
        raise Unreadable(
            "没有找到名册。请确认表头中有“姓名”一列（党员名册）或“组织名称、组织类型”两列（组织名册），可下载模板对照。"
        )
    total = sum(len(found.rows) for found in layouts)
    if total > MAX_ROWS:
        raise Unreadable(f"共{total}行，超过一次{MAX_ROWS}行的上限。请按组织拆分后分次导入。")
    if not total:
        raise Unreadable("表头下面没有数据行。请填写后重新上传。")
    plan = Plan([], [], {found.sheet.name: found.headings for found in layouts}, left_aside(sheets, layouts))
    done = 0
    for found in layouts:
        for row in rows_of(found, today, plan):
            (plan.organizations if row.kind == ORGANIZATION else plan.members).append(row)
            done += 1
            if done % 500 == 0:
                report(done, total * 2)
    return plan


def settle(plan: Plan, root: Organization, report: Report = lambda done, total: None) -> None:
    """Compare parsed rows with the roll under ``root`` as it is now."""
    total = len(plan.rows)
    tree = Tree(root)
    plan.organizations = settle_organizations(plan.organizations, tree)
    tree.forget()
    people = People(root, plan.members)
    for row in plan.members:
        tree.place(row)
        if not row.is_refused:
            people.find_doubles(row)
    for number, row in enumerate(plan.members):
        settle_member(row, people)
        if number % 500 == 0:
            report(total + number, total * 2)


def left_aside(sheets: list[Sheet], layouts: list[Layout]) -> list[str]:
    """In words, which sheets and columns of the file are not read."""
    read = {found.sheet.name for found in layouts}
    reasons = {True: "已隐藏", False: "没有找到名册表头"}
    words = [f"工作表“{sheet.name}”（{reasons[sheet.hidden]}）" for sheet in sheets if sheet.name not in read]
    unused = [(found.sheet.name, [h for h in found.unused if h not in {"序号", "编号"}]) for found in layouts]
    return words + [f"工作表“{name}”的列：{'、'.join(headings)}" for name, headings in unused if headings]


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
        names.setdefault(plain(row.values.get("name", "")), []).append(row)
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
                tree.settle(each, parent_row(each, codes, names))
                settled.append(each)
    return settled


def parent_row(row: Row, codes: dict[str, Row], names: dict[str, list[Row]]) -> Row | None:
    """The row of the same file that is this row's parent, if there is one."""
    code, name = row.values.get("parent_code", ""), row.values.get("parent", "")
    same = names.get(plain(name), []) if name else []
    return codes.get(code or name) or (same[0] if not code and len(same) == 1 else None)


def settle_member(row: Row, people: People) -> None:
    """Find the person on the roll, and what would change."""
    if row.is_refused:
        return
    person = people.find(row)
    if row.is_refused:
        return
    if person is None:
        row.outcome = CREATED
        row.facts = facts(row)
        return
    row.target = person.pk
    compare(row, person)
    compare_traits(row, people.tags.get(person.pk, []), people.away.get(person.pk, {}))
    row.outcome = CHANGED if row.changes else UNCHANGED


def facts(row: Row) -> list[str]:
    """What would be registered of a new member, without identity number and telephone."""
    said = row.values
    status = values.STATUS[said["status"]] if said.get("status") else "按正式党员登记（类别未填）"
    plain = [
        values.SEX.get(said.get("sex", ""), ""),
        *(said.get(key, "") for key in ("ethnicity", "education", "post")),
    ]
    dated = [
        f"{label} {said[key]}"
        for key, label in (("born", "出生"), ("joined", "入党"), ("confirmed", "转正"))
        if said.get(key)
    ]
    traits = [values.TAGS[kind] for kind in said.get("tags", [])] + [
        values.MOBILITY[kind] for kind in said.get("away", [])
    ]
    return [word for word in [status, *plain, *dated, *traits] if word]


def news(row: Row, person: Member, key: str) -> str:
    """What the row says anew of a field; blank cells and dates that only say less are no news."""
    new, old = row.values.get(key) or "", getattr(person, key) or ""
    return "" if new == old or (key in DATES and old.startswith(new)) else new


def compare(row: Row, person: Member) -> None:
    """Note every difference as (label, old, new). A blank cell changes nothing: a gap in a file wipes nobody's data."""
    labels = LABELS[MEMBER]
    for key in PLAIN_FIELDS:
        if new := news(row, person, key):
            shown, old = {"sex": values.SEX, "status": values.STATUS}.get(key, {}), getattr(person, key) or ""
            row.changes.append((labels[key], shown.get(old, old), shown.get(new, new)))
    if row.values["branch_key"] != person.branch.code:
        row.changes.append((labels["branch"], person.branch.name, row.values["where"]))
    identity = row.values.get("identity", "")
    if identity and (identity_index(identity) != person.identity_index or len(identity) > len(person.identity)):
        row.changes.append((labels["identity"], person.masked_identity, masked("identity", identity)))
    if row.values.get("phone") and row.values["phone"] != person.phone:
        row.changes.append((labels["phone"], person.masked_phone, masked("phone", row.values["phone"])))


def compare_traits(row: Row, old: list[str], away: dict[str, str]) -> None:
    """``old``: sorted kinds of tags; ``away``: places by kind of open mobility."""
    if old != row.values.get("tags", old):
        row.changes.append((LABELS[MEMBER]["tags"], join(old, values.TAGS), join(row.values["tags"], values.TAGS)))
    if "away" in row.values:
        current = sorted(away)
        stated = row.values["away"] if row.values["back"] else sorted({*current, *row.values["away"]})
        if current != stated:
            row.changes.append(
                (LABELS[MEMBER]["mobility"], join(current, values.MOBILITY), join(stated, values.MOBILITY))
            )
    new = row.values.get("place", "")
    for kind, place in away.items():
        if new and kind in row.values.get("away", []) and place != new:
            row.changes.append((LABELS[MEMBER]["place"], place, new))


def join(kinds: list[str], labels: dict[str, str]) -> str:
    return "、".join(labels[kind] for kind in kinds) or "无"
