"""What the columns of rosters are called: the fields, and the headings that mean them."""

import re
import unicodedata
from typing import Any

ORGANIZATION = "organization"
MEMBER = "member"
KINDS = {MEMBER: "党员名册", ORGANIZATION: "组织名册"}

HEADINGS: dict[str, dict[str, tuple[str, ...]]] = {
    ORGANIZATION: {
        "name": ("组织名称", "党组织名称", "单位名称", "党组织全称", "组织全称", "名称"),
        "code": ("组织编码", "党组织编码", "组织代码", "党组织代码", "编码", "代码"),
        "parent_code": ("上级组织编码", "上级编码", "上级党组织编码", "上级组织代码", "上级党组织代码"),
        "parent": (
            "上级组织", "上级党组织", "上级组织名称", "上级党组织名称", "隶属组织", "隶属关系", "隶属党组织", "上级",
        ),
        "kind": ("组织类型", "组织类别", "党组织类型", "党组织类别", "类型"),
        "sector": ("领域", "所属领域", "行业", "单位性质", "单位类型"),
        "condition": ("组织状态", "状态", "组织状况"),
        "since": ("状态起始日期", "状态起始时间", "状态认定日期", "认定日期", "认定时间"),
    },
    MEMBER: {
        "name": ("姓名", "党员姓名", "名字", "人员姓名"),
        "branch": (
            "所在支部", "所在党支部", "党支部", "支部", "所属支部", "所属党支部", "所在组织", "所在党组织", "支部名称",
            "党支部名称", "组织名称", "党组织名称", "组织关系所在支部", "组织关系所在党支部",
        ),
        "branch_code": ("所在支部编码", "支部编码", "党支部编码", "支部代码", "组织编码", "党组织编码"),
        "unit": ("所在党委", "所属党委", "党委", "上级党组织", "上级党委", "基层党委", "二级党组织", "所在党组织上级"),
        "subunit": ("所在党总支", "所属党总支", "党总支", "总支", "所属总支", "所在总支"),
        "sex": ("性别",),
        "ethnicity": ("民族", "族别"),
        "born": ("出生年月", "出生日期", "出生时间", "出生年月日", "生日"),
        "identity": (
            "身份证号", "身份证号码", "公民身份号码", "公民身份证号码", "居民身份证号", "身份证", "证件号码", "证件号",
            "身份号码",
        ),
        "education": ("学历", "文化程度", "最高学历", "学历学位", "全日制学历"),
        "occupation": (
            "职业", "工作岗位", "职业类别", "职业分类", "职业情况", "从事职业", "现从事职业", "从事工作", "现从事工作", "从业情况",
        ),
        "joined": (
            "入党时间", "入党日期", "入党年月", "入党", "加入党组织日期", "加入党组织时间", "加入中共时间", "入党年月日",
        ),
        "confirmed": (
            "转正时间", "转正日期", "转正年月", "转正", "转为正式党员日期", "转为正式党员时间", "转正年月日",
        ),
        "status": ("党员类别", "人员类别", "类别", "党员类型", "党员身份"),
        "number": ("党员编号", "编号", "内部编号", "党员编码", "党员证号"),
        "post": ("职务", "岗位", "现任职务", "行政职务", "单位及职务", "工作单位及职务"),
        "group": ("党小组", "所在党小组", "小组", "所属党小组"),
        "helper": ("送学帮扶人", "帮扶人", "帮扶联系人", "联系帮扶人", "结对帮扶人", "送学人", "送学上门人"),
        "phone": ("联系电话", "手机", "手机号", "手机号码", "电话", "联系方式", "电话号码", "移动电话"),
        "mobility": ("流动状态", "流动情况", "流动类型", "是否流动", "是否流动党员", "流动党员"),
        "place": ("流动地点", "流向", "流动去向", "流入地", "流出地", "外出地点", "流动地"),
        "since": ("状态起始日期", "流动起始日期", "流动起始时间", "流动日期", "流动时间", "状态起始时间"),
        "out_since": ("流出日期", "流出时间", "外出日期", "外出时间", "流入日期", "流入时间"),
        "lost_since": ("失联起始日期", "失联日期", "失联时间", "失联起始时间", "失去联系日期", "失去联系时间"),
        "tags": ("标签", "备注类别", "人员标签", "特殊情况"),
    },
}  # fmt: skip
LABELS = {kind: {key: names[0] for key, names in fields.items()} for kind, fields in HEADINGS.items()}
MEANINGS = {kind: {name: key for key, names in fields.items() for name in names} for kind, fields in HEADINGS.items()}
REQUIRED = {ORGANIZATION: ("name", "kind"), MEMBER: ("name",)}
# The first column of the refused rows that are handed back.
REASON = "拒绝原因"
SERIAL = {"序号", "编号", REASON}


def plain(heading: Any) -> str:
    """A heading without spaces, brackets' contents, leading numbers, stars and colons."""
    text = unicodedata.normalize("NFKC", str(heading if heading is not None else ""))
    text = re.sub(r"^\d{1,2}[.、]", "", "".join(text.split()).strip("*:："))
    return text.split("(")[0]


def match(headings: list[str], kind: str) -> dict[str, list[int]]:
    """Field → columns whose heading is one of its names."""
    found: dict[str, list[int]] = {}
    for index, heading in enumerate(headings):
        if key := MEANINGS[kind].get(heading):
            found.setdefault(key, []).append(index)
    return found
