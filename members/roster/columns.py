"""Which column of a file means what: headings and their synonyms."""

import unicodedata
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from portal.sheets import Sheet, Unreadable, column_letter

ORGANIZATION = "organization"
MEMBER = "member"

HEADINGS: dict[str, dict[str, tuple[str, ...]]] = {
    ORGANIZATION: {
        "name": ("组织名称", "党组织名称", "单位名称", "名称"),
        "code": ("组织编码", "党组织编码", "组织代码", "编码", "代码"),
        "parent_code": ("上级组织编码", "上级编码", "上级党组织编码", "上级组织代码"),
        "parent": ("上级组织", "上级党组织", "上级组织名称", "上级党组织名称", "隶属组织", "上级"),
        "kind": ("组织类型", "组织类别", "党组织类型", "类型"),
        "sector": ("领域", "所属领域", "行业", "单位性质"),
        "condition": ("组织状态", "状态", "组织状况"),
    },
    MEMBER: {
        "name": ("姓名", "党员姓名", "名字"),
        "branch": ("所在支部", "所在党支部", "党支部", "支部", "所属支部", "所在组织", "支部名称", "组织名称"),
        "branch_code": ("所在支部编码", "支部编码", "党支部编码", "组织编码"),
        "sex": ("性别",),
        "ethnicity": ("民族", "族别"),
        "born": ("出生年月", "出生日期", "出生时间", "生日"),
        "identity": ("身份证号", "身份证号码", "公民身份号码", "身份证", "证件号码"),
        "education": ("学历", "文化程度", "最高学历"),
        "joined": ("入党时间", "入党日期", "入党年月", "入党", "加入党组织日期"),
        "confirmed": ("转正时间", "转正日期", "转正年月", "转正", "转为正式党员日期"),
        "status": ("党员类别", "人员类别", "类别", "党员类型"),
        "number": ("党员编号", "编号", "内部编号", "党员编码"),
        "post": ("职务", "工作岗位", "岗位", "现任职务"),
        "group": ("党小组", "所在党小组", "小组"),
        "phone": ("联系电话", "手机", "手机号", "手机号码", "电话", "联系方式"),
        "mobility": ("流动状态", "流动情况", "流动类型", "是否流动"),
        "place": ("流动地点", "流向", "流动去向", "流入地", "流出地"),
        "tags": ("标签", "备注类别", "人员标签", "特殊情况"),
    },
}
LABELS = {kind: {key: names[0] for key, names in fields.items()} for kind, fields in HEADINGS.items()}
REQUIRED = {ORGANIZATION: ("name", "kind"), MEMBER: ("name",)}
SEARCHED_ROWS = 20


@dataclass
class Layout:
    """What a sheet holds (``kind``), where its fields are (field → column index), and its data rows."""

    sheet: Sheet
    kind: str
    columns: dict[str, int]
    rows: list[tuple[int, list[Any]]]
    headings: list[str]

    @property
    def unused(self) -> list[str]:
        """Headings of columns that the portal has no use for."""
        used = set(self.columns.values())
        return [heading for index, heading in enumerate(self.headings) if heading and index not in used]


def plain(heading: Any) -> str:
    """A heading without spaces, brackets' contents, stars and colons."""
    text = unicodedata.normalize("NFKC", str(heading or ""))
    text = "".join(text.split()).strip("*:：")
    return text.split("(")[0]


def match(cells: list[Any], kind: str) -> dict[str, list[int]]:
    """Field → columns whose heading is one of its synonyms."""
    found: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        heading = plain(cell)
        for key, names in HEADINGS[kind].items():
            if heading in names:
                found.setdefault(key, []).append(index)
                break
    return found


def layout(sheet: Sheet) -> Layout | None:
    """Find the heading row among the first rows: titles may stand above, a second heading row below.

    ``None``: no roster here. Raises ``Unreadable`` where two columns say the same.
    """
    best: tuple[int, str, dict[str, list[int]], int] | None = None
    for position, (_, cells) in enumerate(sheet.rows[:SEARCHED_ROWS]):
        for kind in (MEMBER, ORGANIZATION):
            columns = match(cells, kind)
            complete = all(key in columns for key in REQUIRED[kind])
            if complete and len(columns) >= 2 and (best is None or len(columns) > best[0]):
                best = (len(columns), kind, columns, position)
    if best is None:
        return None
    _, kind, columns, position = best
    headings = [plain(cell) for cell in sheet.rows[position][1]]
    start = position + 1
    if start < len(sheet.rows) and (below := second_row(sheet.rows[start][1], kind, columns)) is not None:
        columns = columns | below
        lower = [plain(cell) for cell in sheet.rows[start][1]]
        headings = [low or high for low, high in zip_longest(lower, headings, fillvalue="")]
        start += 1
    return Layout(sheet, kind, single(sheet, kind, columns, headings), sheet.rows[start:], headings)


def second_row(cells: list[Any], kind: str, above: dict[str, list[int]]) -> dict[str, list[int]] | None:
    """What a second heading row adds; ``None`` when the row holds data. A merged heading stands in both rows."""
    below = match(cells, kind)
    taken = {index for found in above.values() for index in found}
    added = {key: found for key, found in below.items() if key not in above and not taken & set(found)}
    repeated = sum(below.get(key) == found for key, found in above.items())
    return added if added or repeated >= 2 or repeated == len(above) else None


def single(sheet: Sheet, kind: str, columns: dict[str, list[int]], headings: list[str]) -> dict[str, int]:
    """One column per field: of several synonyms the one that is listed first above; two equal headings are refused."""
    chosen = {}
    for key, found in columns.items():
        names = HEADINGS[kind][key]
        ranks = {index: names.index(headings[index]) if headings[index] in names else len(names) for index in found}
        first = min(ranks.values())
        best = [index for index in found if ranks[index] == first]
        if len(best) > 1:
            letters = "、".join(column_letter(index) for index in best)
            reason = f"工作表“{sheet.name}”的{letters}列都是“{headings[best[0]]}”，无法确定用哪一列。"
            raise Unreadable(f"{reason}请删除或改名后重新上传。")
        chosen[key] = best[0]
    return chosen
