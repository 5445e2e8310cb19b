"""A fictional district as the spreadsheet that its organisation department would send: for the demonstration, tests and trying out the import.

All names, numbers and places are made up; identity numbers carry right check digits and a region code that names no district.
"""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from members.models import Occupation

# Columns in which a spreadsheet would take digits for a number and lose the last ones, or the zeros in front.
AS_TEXT = {"组织编码", "上级组织编码", "身份证号", "党员编号", "联系电话"}
REGION = "110100"
ROOT = ("中共青岚区委员会", "QL")
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
)
GIVEN = [
    "志强", "建国", "秀英", "丽华", "伟", "敏", "静", "磊", "军", "洋", "艳", "勇", "杰",
    "娟", "涛", "明", "超", "兰", "霞", "平", "桂英", "文博", "雨桐", "海燕", "晓东",
    "春梅", "国庆", "玉兰", "红", "晨", "思远", "立新", "淑珍", "振华", "佳", "宏伟",
]  # fmt: skip
SPECIAL = [
    ("阿卜杜拉·买买提", "维吾尔族"),
    ("巴特尔", "蒙古族"),
    ("李䶮", "汉族"),
    ("扎西次仁", "藏族"),
    ("朴哲洙", "朝鲜族"),
]
EDUCATION = ["研究生", "大学", "大学", "大专", "大专", "中专", "高中", "初中"]

ORGANIZATION_HEADINGS = ["组织名称", "组织编码", "上级组织编码", "组织类型", "领域", "组织状态"]
MEMBER_HEADINGS = [
    "序号",
    "所在支部",
    "姓名",
    "性别",
    "民族",
    "出生年月",
    "身份证号",
    "学历",
    "职业",
    "入党时间",
    "转正时间",
    "党员类别",
    "党员编号",
    "职务",
    "党小组",
    "联系电话",
    "流动状态",
    "流动地点",
    "标签",
]
# General branch → sector, names of its branches.
GENERAL_BRANCHES: list[tuple[str, str, list[str]]] = [
    ("区级机关党总支", "机关", ["区委办公室", "区政府办公室", "财政局", "民政局", "建设局", "文化局"]),
    ("教育系统党总支", "中小学", ["青岚一中", "青岚二中", "实验小学", "职业高中", "教师进修学校"]),
    ("卫生系统党总支", "医疗卫生", ["区医院内科", "区医院外科", "疾病预防控制中心", "妇幼保健院"]),
    ("青岚街道党总支", "街道社区", ["和平里社区", "东风社区", "柳荫社区", "站前社区", "河沿社区", "花园社区"]),
    ("区属企业党总支", "国有企业", ["自来水公司", "公交公司", "粮油公司", "机械厂", "纺织厂"]),
    ("两新组织党总支", "非公企业", ["青岚科技园", "宏远食品公司", "商业街"]),
    ("石桥乡党总支", "农村", ["石桥村", "上湾村", "下湾村", "大柳树村", "小营村", "南坡村"]),
    ("区直事业单位党总支", "事业单位", ["图书馆", "档案馆", "园林处", "环境监测站", "青岚报社"]),
]
# Sector → occupations of those who work, that of leaders first.
OCCUPATIONS = {
    "机关": ["党政机关工作人员"],
    "中小学": ["企事业单位管理人员", "专业技术人员"],
    "医疗卫生": ["企事业单位管理人员", "专业技术人员"],
    "街道社区": ["党政机关工作人员", "工人", "个体和自由职业人员", "其他职业人员"],
    "国有企业": ["企事业单位管理人员", "工人", "工人", "专业技术人员"],
    "非公企业": ["企事业单位管理人员", "工人", "个体和自由职业人员", "专业技术人员"],
    "农村": ["农牧渔民"],
    "事业单位": ["企事业单位管理人员", "专业技术人员"],
}
CONDITIONS = {"河沿社区": "软弱涣散", "纺织厂": "停产"}
JOINT = {"商业街", "青岚科技园"}


@dataclass
class Person:
    """One row of the roster, as text."""

    values: dict[str, str] = field(default_factory=dict)


def identity(born: date, sex: str, serial: int) -> str:
    """An 18-digit identity number with its check digit (GB 11643)."""
    body = f"{REGION}{born:%Y%m%d}{serial:02}{serial % 5 * 2 + (1 if sex == '男' else 0)}"
    total = sum(
        int(digit) * weight
        for digit, weight in zip(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], strict=True)
    )
    return body + "10X98765432"[total % 11]


def organizations() -> Iterator[dict[str, str]]:
    """Rows of the organisation sheet; the root's own row comes first, parents before children."""
    yield dict(zip(ORGANIZATION_HEADINGS, [*ROOT, "", "党委", "", "正常"], strict=True))
    for g, (general, sector, branches) in enumerate(GENERAL_BRANCHES, start=1):
        code = f"{ROOT[1]}{g:02}"
        yield dict(zip(ORGANIZATION_HEADINGS, [general, code, ROOT[1], "党总支", sector, "正常"], strict=True))
        for b, name in enumerate(branches, start=1):
            kind, suffix = ("联合党支部", "联合党支部") if name in JOINT else ("党支部", "党支部")
            row = [name + suffix, f"{code}{b:02}", code, kind, sector, CONDITIONS.get(name, "正常")]
            yield dict(zip(ORGANIZATION_HEADINGS, row, strict=True))


def members(seed: int = 2005) -> Iterator[dict[str, str]]:
    """Rows of the member sheet, about 700, branch by branch."""
    chance = random.Random(seed)  # noqa: S311 a repeatable choice, no secret
    special = iter(SPECIAL)
    number = 0
    for branch in (row for row in organizations() if "支部" in row["组织类型"]):
        used: set[str] = set()
        for position in range(chance.randint(13, 22)):
            number += 1
            yield member(chance, branch, position, number, used, special)


def member(
    chance: random.Random,
    branch: dict[str, str],
    position: int,
    number: int,
    used: set[str],
    special: Iterator[tuple[str, str]],
) -> dict[str, str]:
    """One person; the first three of a branch (secretary and committee) are settled, of working age and not away."""
    settled = position < 3
    sex = chance.choice("男女")
    name, ethnicity = next(special, ("", "")) if position == 4 else ("", "")
    while not name or name in used:
        name = chance.choice(SURNAMES) + chance.choice(GIVEN)
    used.add(name)
    age = chance.randint(33, 55) if settled else chance.choice([24, 28, 35, 41, 47, 52, 58, 63, 69, 76, 83])
    born = date(2005 - age, chance.randint(1, 12), chance.randint(1, 28))
    joined = min(2004, born.year + chance.randint(20, 32))
    probationary = not settled and age < 40 and chance.random() < 0.12
    tags = []
    if position == 0 and branch["领域"] in {"机关", "国有企业", "事业单位"}:
        tags.append("领导干部")
    if age >= 60:
        tags.append("离退休")
    if age >= 76:
        tags.append("年老体弱")
    if branch["组织状态"] == "停产" and not settled and age < 60:
        tags.append("下岗失业")
    if branch["组织名称"].startswith("职业高中") and age == 24:
        tags.append("学生")
    mobility, place = "", ""
    if not settled and 24 <= age < 60:
        draw = chance.random()
        for limit, kind, where in [
            (0.03, "流出（市内）", "城东区"),
            (0.05, "流出（外省市）", "南方某市"),
            (0.07, "流入", "外省某县"),
            (0.08, "失联", ""),
        ]:
            if draw < limit:
                mobility, place = kind, where
                break
    values = [
        str(number),
        branch["组织名称"],
        name,
        sex,
        ethnicity or ("回族" if number % 37 == 0 else "汉族"),
        f"{born.year}.{born.month}",
        identity(born, sex, number % 100),
        chance.choice(EDUCATION),
        occupation(branch, number, age, tags),
        "2005年3月" if probationary else f"{joined}年7月",
        "" if probationary else f"{joined + 1}年7月",
        "预备党员" if probationary else "正式党员",
        f"{ROOT[1]}{number:05}",
        "主任" if "领导干部" in tags else "",
        f"第{position % 3 + 1}党小组",
        f"1390000{number:04}",
        mobility,
        place,
        "、".join(tags),
    ]
    return dict(zip(MEMBER_HEADINGS, values, strict=True))


def occupation(branch: dict[str, str], number: int, age: int, tags: list[str]) -> str:
    """What somebody does for a living, in the words of the yearly statistics; of a few nobody has asked."""
    if number % 31 == 0:
        return ""
    for tag, found in (("离退休", "离退休人员"), ("下岗失业", "其他职业人员"), ("学生", "学生")):
        if tag in tags:
            return found
    usual = OCCUPATIONS[branch["领域"]]
    return usual[0] if "领导干部" in tags else usual[(number + age) % len(usual)]


def workbook() -> bytes:
    """The district as .xlsx: sheets 组织 and 党员, the latter with a title row and a 合计 row, as such files come."""
    book = Workbook(write_only=True)
    units = book.create_sheet("组织")
    units.append(ORGANIZATION_HEADINGS)
    for row in organizations():
        units.append(list(row.values()))
    people = book.create_sheet("党员")
    people.append([f"{ROOT[0]}党员名册"])
    people.append(MEMBER_HEADINGS)
    count = 0
    for row in members():
        people.append(list(row.values()))
        count += 1
    people.append(["合计", "", f"{count}人"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def template() -> bytes:
    """The empty roster: headings, one example line each on the sheet of explanations."""
    book = Workbook(write_only=True)
    for title, headings in [("组织", ORGANIZATION_HEADINGS), ("党员", MEMBER_HEADINGS)]:
        sheet = book.create_sheet(title)
        # Before the first row: a sheet that is written row by row has its columns in front.
        for number, heading in enumerate(headings, 1):
            if heading in AS_TEXT:
                column = sheet.column_dimensions[get_column_letter(number)]
                column.number_format, column.width = "@", 22
        sheet.append(headings)
    notes = book.create_sheet("说明")
    for line in [
        ["组织：先填上级后填下级或相反均可；组织编码以后用来识别同一个组织，请勿改动。"],
        ["党员：每人一行，只编入一个支部；所在支部填全称或组织编码。"],
        ["不同党委下支部重名的，可加一列“所在党委”或“所在党总支”，或填组织编码。"],
        ["身份证号、联系电话、编码各列已设为文本格式；从别处粘贴时请只粘贴数值，否则末尾几位可能丢失。"],
        ["日期可以写成 2005年7月1日、2005.7 或 2005，只知道年份就只写年份。"],
        ["标签可填：领导干部、离退休、下岗失业、年老体弱、学生，多个用顿号分开。"],
        [f"职业可填：{'、'.join(Occupation.labels)}；不清楚的留空。"],
        ["给离退休、年老体弱、下岗失业党员送学上门或联系帮扶的人，可加一列“送学帮扶人”。"],
        ["流动状态可填：流出（市内）、流出（外省市）、流入、失联；没有流动的留空。"],
        ["知道从什么时候开始的，可加一列“失联起始日期”“流出日期”或“状态起始日期”；不清楚的留空，只记登记日期。"],
        ["再次导入同一份名册不会重复；名册中没有出现的人不会被删除。"],
    ]:
        notes.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
