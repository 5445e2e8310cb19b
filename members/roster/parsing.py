"""From the cells of one row to values, each refused by column, value and reason where it cannot be taken."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from members.identity import canonical
from members.models import Member, Mobility, Organization
from members.roster import values
from members.roster.columns import LABELS, MEMBER, Layout
from members.roster.rows import Plan, Row, masked
from members.roster.values import Refused
from portal.sheets import column_letter

TOTALS = ("合计", "总计", "小计", "共计")
MODELS = {"place": (Mobility, "place")}
# Before 1945 members could be younger than 18; whoever was younger than this is a slip of the pen.
YOUNGEST = 14


def rows_of(found: Layout, today: date, plan: Plan) -> Iterator[Row]:
    """The sheet's data rows; lines of totals are counted and left aside."""
    letters = LABELS[found.kind] | {
        key: f"{column_letter(index)}列“{found.headings[index] or LABELS[found.kind][key]}”"
        for key, index in found.columns.items()
    }
    for number, cells in found.rows:
        first = next((str(c) for c in cells if c is not None), "")
        if "".join(first.split()).startswith(TOTALS):
            plan.skipped += 1
            continue
        row = Row(found.kind, found.sheet.name, number, original=cells, letters=letters)
        (parse_member if found.kind == MEMBER else parse_organization)(row, found.columns, today)
        yield row


def take(row: Row, columns: dict[str, int], key: str, read: Callable[[Any], Any], limit: int = 0) -> None:
    """Read one cell into the row's values, or refuse it. A blank cell says nothing and leaves what the roll has."""
    index = columns.get(key)
    cell = row.original[index] if index is not None and index < len(row.original) else None
    if cell is None:
        return
    try:
        row.values[key] = read(cell)
    except Refused as refusal:
        row.refuse(key, masked(key, cell), str(refusal))
        return
    if limit and len(row.values[key]) > limit:
        row.refuse(key, cell, f"超过{limit}个字。请缩短，或检查是否填错了列。")


def limit_of(model: Any, field: str) -> int:
    return model._meta.get_field(field).max_length or 0


def parse_organization(row: Row, columns: dict[str, int], today: date) -> None:
    take(row, columns, "name", values.text, limit_of(Organization, "name"))
    take(row, columns, "code", values.code, limit_of(Organization, "code"))
    take(row, columns, "parent", values.text)
    take(row, columns, "parent_code", values.code)
    take(row, columns, "kind", lambda v: values.choice(v, values.KIND, "组织类型"))
    take(row, columns, "sector", lambda v: values.choice(v, values.SECTOR, "领域"))
    take(row, columns, "condition", lambda v: values.choice(v, values.CONDITION, "组织状态"))
    for key in ("name", "kind"):
        if not row.values.get(key) and not row.is_refused:
            row.refuse(key, "", "不能为空。请补填。")


def parse_member(row: Row, columns: dict[str, int], today: date) -> None:
    take(row, columns, "name", values.name)
    if "name" not in row.values and not row.is_refused:
        row.refuse("name", "", "姓名不能为空。请补填；如果这一行不是党员，请删除。")
    written = row.original[columns["name"]] if columns["name"] < len(row.original) else None
    if row.values.get("name") and row.values["name"] != written:
        row.notes.append(f"姓名“{written}”按“{row.values['name']}”登记")
    take(row, columns, "branch", values.text)
    take(row, columns, "branch_code", values.code)
    for key in ("ethnicity", "education", "post", "group"):
        take(row, columns, key, values.text, limit_of(Member, key))
    take(row, columns, "place", values.text, limit_of(Mobility, "place"))
    take(row, columns, "number", values.code, limit_of(Member, "number"))
    take(row, columns, "sex", lambda v: values.choice(v, values.SEX, "性别"))
    take(row, columns, "status", lambda v: values.choice(v, values.STATUS, "党员类别"))
    take(row, columns, "born", lambda v: values.partial_date(v, today=today, grown=True))
    for key in ("joined", "confirmed"):
        take(row, columns, key, lambda v: values.partial_date(v, today=today))
    take(row, columns, "identity", values.identity)
    take(row, columns, "phone", values.phone)
    parse_mobility(row, columns)
    check_order(row)
    compare_identity(row)


def parse_mobility(row: Row, columns: dict[str, int]) -> None:
    """``away``: kinds of mobility stated; ``back``: whether the column of mobility was filled, so that others end."""
    take(row, columns, "tags", lambda v: (values.tags(v), values.mobility_in_tags(v)))
    take(row, columns, "mobility", values.mobility)
    in_tags: list[str] = []
    if "tags" in row.values:
        row.values["tags"], in_tags = row.values["tags"]
    if in_tags and not row.values["tags"]:
        del row.values["tags"]  # all about mobility, nothing said of the others
    if "mobility" in row.values or in_tags:
        row.values["away"] = sorted({*row.values.get("mobility", []), *in_tags})
        row.values["back"] = "mobility" in row.values


def check_order(row: Row) -> None:
    born, joined, confirmed = (row.values.get(key) or "" for key in ("born", "joined", "confirmed"))
    years = int(joined[:4]) - int(born[:4]) if born and joined else 18
    if years < YOUNGEST:
        row.refuse("joined", joined, f"与出生年月 {born} 相差不足{YOUNGEST}年。请核对这两项。")
    elif years < 18:
        row.notes.append(f"入党时不满18岁（出生 {born}，入党 {joined}），请留意核对")
    width = min(len(joined), len(confirmed))
    if joined and confirmed and confirmed[:width] < joined[:width]:
        row.refuse("confirmed", confirmed, f"早于入党时间 {joined}。请核对这两项。")


def compare_identity(row: Row) -> None:
    """Say where an identity number and the record differ; no refusal, for personal files may rightly say otherwise."""
    number = canonical(row.values.get("identity", ""))
    if not number or row.is_refused:
        return
    born, sex = row.values.get("born", ""), row.values.get("sex", "")
    in_number = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    if born and not in_number.startswith(born):
        row.notes.append("出生年月与身份证号中的出生日期不一致，按名册填写的登记，请留意核对")
    if sex and sex != (Member.Sex.MALE if int(number[16]) % 2 else Member.Sex.FEMALE):
        row.notes.append("性别与身份证号不一致，按名册填写的登记，请留意核对")
