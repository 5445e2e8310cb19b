"""One cell at a time: what is accepted as a name, a date, an identity number …, and in which words it is refused."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import mul
from typing import Any

from members.models import Member, MemberTag, Mobility, Occupation, Organization
from members.roster.words import OTHER_OCCUPATIONS, OTHER_WORDS

FORMULA_ERROR = re.compile(r"#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|公式没有结果)|Err:\d+")
DOTS = str.maketrans(dict.fromkeys("•‧・･．∙⋅", "·"))
FULL_DATE = re.compile(r"^(\d{4}|\d{2})[.\-/年](\d{1,2})(?:月?$|[.\-/月](\d{1,2})日?$)")
TIME_OF_DAY = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
# Controls, private use (where rare characters were parked) and the mark of what could not be decoded.
LOST = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")
OLDEST = 1900
IDENTITY = re.compile(r"(?:[0-9]{15}|[0-9]{17}[0-9X])\Z")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
WEIGHT_OF_ZEROS = sum(WEIGHTS) * ord("0")
CHECK_CHARACTERS = "10X98765432"
# What stands in forms for "nothing to say here".
BLANKS = frozenset(["/", "\\", "-", "--", "－", "—", "——", "―", "／", "空", "无", "*"])
# Beyond this a spreadsheet has rounded the last digits away.
EXACT = 10**15


class Refused(ValueError):
    """A value that cannot be taken; the message (Chinese) says why and what to do."""


def text(value: Any) -> str:
    """A cell as it was typed, white space made one; refuses formula errors, rounded numbers and lost characters."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, int | float) and abs(value) >= EXACT:
        raise Refused("数字过长，表格已把末尾几位变成0。请把该列设为文本格式，重新填写。")
    plain = " ".join(str(value).split())
    if plain[:1] in "#E" and FORMULA_ERROR.fullmatch(plain):
        raise Refused("单元格是公式错误。请在表格中改成实际内容。")
    if LOST.search(plain):
        raise Refused("含有无法识别的字符，可能是生僻字在转换中丢失。请用生僻字输入法重新输入这个字。")
    return plain


def half_width(value: Any) -> str:
    """Text for codes, numbers and dates: full-width digits, letters and marks made plain."""
    return unicodedata.normalize("NFKC", text(value)).strip()


def code(value: Any) -> str:
    """A code or number without spaces."""
    return half_width(value).replace(" ", "")


def name(value: Any) -> str:
    """A person's name without spaces, with one kind of dot; rare characters stay."""
    found = "".join(text(value).split()).translate(DOTS)
    if not found:
        raise Refused("姓名不能为空。请补填。")
    if len(found) > 60:
        raise Refused("姓名过长。请检查是否填错了列。")
    if any(c.isdigit() for c in found):
        raise Refused("姓名中有数字。请检查是否填错了列。")
    return found


def partial_date(value: Any, *, today: date, grown: bool = False) -> str:
    """``1998``, ``1998-07`` or ``1998-07-01`` as precisely as it was written.

    ``grown``: a two-digit year must lie 18 years back. A number 2005.1 is refused: it may have been typed as 2005.10.
    """
    if value is None:
        return ""
    if isinstance(value, date):
        return checked(value.year, value.month, value.day, today)
    if isinstance(value, float):
        written = f"{value:.10g}"
        if re.fullmatch(r"\d{4}\.1", written):
            raise Refused(f"“{written}”存成了小数，分不清是1月还是10月。请把单元格改为文本后填写，如 2005.10。")
        if not re.fullmatch(r"\d{4}\.([2-9]|0[1-9]|1[12])", written):
            raise Refused(f"“{written}”不是能识别的日期。请写成 2005年7月1日、2005.7 或 2005。")
        value = written
    if isinstance(value, int) and 10000 < value < 60000:
        serial = date(1899, 12, 30) + timedelta(value)
        return checked(serial.year, serial.month, serial.day, today)
    written = TIME_OF_DAY.sub("", half_width(value)).replace(" ", "").rstrip(".")
    if not written:
        return ""
    if re.fullmatch(r"\d{4}年?", written):
        return checked(int(written[:4]), None, None, today)
    if re.fullmatch(r"\d{6}|\d{8}", written):
        return checked(int(written[:4]), int(written[4:6]), int(written[6:]) if len(written) == 8 else None, today)
    found = FULL_DATE.match(written)
    if not found:
        raise Refused(f"“{written}”不是能识别的日期。请写成 2005年7月1日、2005.7 或 2005。")
    if len(found[1]) == 2 and not found[3]:
        raise Refused(f"“{written}”的年份只有两位，分不清是年月还是月日。请写成 2005.7 这样的四位年份。")
    year = int(found[1])
    if len(found[1]) == 2:
        year += 2000 if 2000 + year <= today.year - (18 if grown else 0) else 1900
    return checked(year, int(found[2]), int(found[3]) if found[3] else None, today)


def checked(year: int, month: int | None, day: int | None, today: date) -> str:
    """The partial date in ISO form, if it is a real one that lies in the past."""
    try:
        earliest = date(year, month or 1, day or 1)
    except ValueError as error:
        raise Refused("这一天不存在。请核对年月日。") from error
    if year < OLDEST or earliest > today:
        raise Refused("日期不在合理范围内。请核对年份。")
    return f"{year:04}" + (f"-{month:02}" if month else "") + (f"-{day:02}" if day else "")


@lru_cache(maxsize=50_000)
def is_day(eight_digits: str) -> bool:
    """Whether a date as in an identity number exists and could be somebody's birth."""
    try:
        return OLDEST - 30 <= datetime.strptime(eight_digits, "%Y%m%d").year <= date.today().year
    except ValueError:
        return False


def check_character(number: str) -> str:
    """The last character of an 18-digit identity number (GB 11643)."""
    return CHECK_CHARACTERS[(sum(map(mul, number[:17].encode(), WEIGHTS)) - WEIGHT_OF_ZEROS) % 11]


def identity(value: Any) -> str:
    """An 18-digit number with a right check digit, or an old 15-digit one; refuses what a spreadsheet has rounded."""
    if isinstance(value, int | float) and abs(value) >= EXACT:
        raise Refused("身份证号存成了数字，末尾几位可能已变成0。请把该列设为文本格式，按证件重新填写。")
    number = value if type(value) is str and IDENTITY.match(value) else code(value).upper()
    if not number:
        return ""
    if re.fullmatch(r"\d+(\.\d+)?E\+?\d+", number):
        raise Refused("身份证号成了科学计数法，后几位已丢失。请把该列设为文本格式，按证件重新填写。")
    if not IDENTITY.match(number):
        raise Refused(f"身份证号应为18位（或15位），现在是{len(number)}位。请按证件核对。")
    if not is_day(number[6:14] if len(number) == 18 else f"19{number[6:12]}"):
        raise Refused("身份证号中的出生日期不正确。请按证件核对。")
    if len(number) == 18 and check_character(number) != number[-1]:
        hint = "末尾是000，可能曾被表格存成数字；" if number.endswith("000") else ""
        raise Refused(f"身份证号校验不通过，{hint}请按证件核对后以文本填写。")
    return number


def phone(value: Any) -> str:
    """One or more numbers of 7 to 15 digits, with or without an extension; spaces, hyphens and brackets are dropped."""
    numbers = [re.sub(r"[\s\-()]", "", part) for part in re.split(r"[/、,;]", half_width(value))]
    if any(number and not re.fullmatch(r"\+?\d{7,15}(转\d{1,6})?", number) for number in numbers):
        raise Refused("联系电话应为7至15位数字，多个号码用顿号分开。请核对。")
    return "、".join(number for number in numbers if number)


def choice(value: Any, labels: Mapping[str, str], what: str, others: Mapping[str, str] = OTHER_WORDS) -> str:
    """The stored value of a label; also accepts labels without their last two characters (正式 for 正式党员)."""
    written = code(value).replace("(", "（").replace(")", "）")
    if not written:
        return ""
    written = others.get(written, written)
    for stored, label in labels.items():
        if written == label or (len(written) >= 2 and label.startswith(written)):
            return stored
    raise Refused(f"{what}“{written}”不在可选范围内。可填：{'、'.join(labels.values())}。")


SEX = dict(Member.Sex.choices)
STATUS = dict(Member.Status.choices)
OCCUPATION = dict(Occupation.choices)
KIND = dict(Organization.Kind.choices)
SECTOR = dict(Organization.Sector.choices)
CONDITION = dict(Organization.Condition.choices)
TAGS = dict(MemberTag.Kind.choices)
MOBILITY = dict(Mobility.Kind.choices)


def occupation(value: Any) -> str:
    """The stored occupation of its label, or of a word for a trade that belongs there beyond doubt."""
    try:
        return choice(value, OCCUPATION, "职业", OTHER_OCCUPATIONS)
    except Refused as refused:
        raise Refused(f"{refused}如果这一列写的是职务，请在“列的对应关系”中改选“职务”。") from refused


NONE = {"", "否", "无", "正常", "未流动", "在册", "没有"}
OUT = "请注明流出（市内）还是流出（外省市）：市内流动在原支部参加，外省市流动在流入地参加。"


def words(value: Any) -> list[str]:
    return [w for w in re.split(r"[、,;/\s]+", half_width(value).replace("，", ",")) if w]


def mobility(value: Any) -> list[str]:
    """Kinds of mobility, separated by 、，；or spaces; 否/无/正常 = none."""
    return sorted({away(word) for word in words(value) if word not in NONE})


def away(word: str) -> str:
    plain = code(word).replace("(", "").replace(")", "").replace("（", "").replace("）", "").replace("党员", "")
    if plain == "流出":
        raise Refused(OUT)
    shortened = {label.replace("（", "").replace("）", ""): stored for stored, label in MOBILITY.items()}
    return shortened.get(plain) or choice(word, MOBILITY, "流动状态")


def is_away(word: str) -> bool:
    """Whether a word among the tags is about mobility (失联, 流入党员 …)."""
    return word.startswith(("失联", "流入", "流出"))


def tags(value: Any) -> list[str]:
    """Tags, separated by 、，；or spaces; words about mobility are left to ``mobility_in_tags``; 无 = none."""
    own = [word for word in words(value) if word not in NONE and not is_away(word)]
    return sorted({choice(word, TAGS, "标签") for word in own})


def mobility_in_tags(value: Any) -> list[str]:
    return sorted({away(word) for word in words(value) if is_away(word)})
