"""One cell at a time: what is accepted as a name, a date, an identity number …, and in which words the rest is refused."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from members.models import Member, MemberTag, Mobility, Organization

ERRORS = {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}
DOTS = str.maketrans(dict.fromkeys("•‧・･．∙⋅", "·"))
FULL_DATE = re.compile(r"^(\d{4}|\d{2})[.\-/年](\d{1,2})(?:月?$|[.\-/月](\d{1,2})日?$)")
OLDEST = 1900


class Refused(ValueError):
    """A value that cannot be taken; the message (Chinese) says why and what to do."""


def text(value: Any) -> str:
    """A cell as text, full-width digits and letters made plain; refuses formula errors."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    plain = unicodedata.normalize("NFKC", str(value)).strip()
    if plain in ERRORS:
        raise Refused("单元格是公式错误。请在表格中改成实际内容。")
    return plain


def name(value: Any) -> str:
    """A person's name without spaces, with one kind of dot; rare characters stay."""
    found = "".join(str(value or "").split()).translate(DOTS)
    if found in ERRORS:
        raise Refused("单元格是公式错误。请填写姓名。")
    if not found:
        raise Refused("姓名不能为空。请补填。")
    if len(found) > 60:
        raise Refused("姓名过长。请检查是否填错了列。")
    if any(c.isdigit() for c in found):
        raise Refused("姓名中有数字。请检查是否填错了列。")
    return found


def partial_date(value: Any, *, today: date, grown: bool = False) -> str:
    """``1998``, ``1998-07`` or ``1998-07-01`` as precisely as it was written. ``grown``: a two-digit year must lie 18 years back."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return checked(value.year, value.month, value.day, today)
    if isinstance(value, float):
        raise Refused(f"“{value}”存成了小数，分不清是1月还是10月。请把单元格改为文本后填写，如 2005.10。")
    if isinstance(value, int) and 10000 < value < 60000:
        serial = date(1899, 12, 30) + timedelta(value)
        return checked(serial.year, serial.month, serial.day, today)
    written = text(value).replace(" ", "")
    if re.fullmatch(r"\d{4}年?", written):
        return checked(int(written[:4]), None, None, today)
    if re.fullmatch(r"\d{6}|\d{8}", written):
        return checked(int(written[:4]), int(written[4:6]), int(written[6:]) if len(written) == 8 else None, today)
    found = FULL_DATE.match(written)
    if not found:
        raise Refused(f"“{written}”不是能识别的日期。请写成 2005年7月1日、2005.7 或 2005。")
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


def identity(value: Any) -> str:
    """An 18-digit number with a right check digit, or an old 15-digit one; refuses numbers that a spreadsheet has rounded."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        raise Refused("身份证号存成了数字，末尾几位可能已变成0。请把该列设为文本格式，按证件重新填写。")
    number = "".join(text(value).split()).upper()
    if not number:
        return ""
    if re.fullmatch(r"\d+(\.\d+)?E\+?\d+", number):
        raise Refused("身份证号成了科学计数法，后几位已丢失。请把该列设为文本格式，按证件重新填写。")
    if re.fullmatch(r"\d{15}", number):
        return number
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise Refused(f"身份证号应为18位（或15位），现在是{len(number)}位。请按证件核对。")
    try:
        ric.get_birth_date(number)
        right = ric.calc_check_digit(number)
    except ValidationError as error:
        raise Refused("身份证号中的出生日期不正确。请按证件核对。") from error
    if right != number[-1]:
        hint = "末尾是000，可能曾被表格存成数字；" if number.endswith("000") else ""
        raise Refused(f"身份证号校验不通过，{hint}请按证件核对后以文本填写。")
    return number


def phone(value: Any) -> str:
    number = re.sub(r"[\s\-()]", "", text(value))
    if number and not re.fullmatch(r"\+?\d{7,15}", number):
        raise Refused("联系电话应为7至15位数字。请核对。")
    return number


def choice(value: Any, labels: Mapping[str, str], what: str) -> str:
    """The stored value of a label; also accepts labels without their last two characters (正式 for 正式党员)."""
    written = text(value).replace(" ", "").replace("(", "（").replace(")", "）")
    if not written:
        return ""
    for stored, label in labels.items():
        if written == label or (len(written) >= 2 and label.startswith(written)):
            return stored
    raise Refused(f"{what}“{written}”不在可选范围内。可填：{'、'.join(labels.values())}。")


SEX = dict(Member.Sex.choices)
STATUS = dict(Member.Status.choices)
KIND = dict(Organization.Kind.choices)
SECTOR = dict(Organization.Sector.choices)
CONDITION = dict(Organization.Condition.choices)
TAGS = dict(MemberTag.Kind.choices)
MOBILITY = dict(Mobility.Kind.choices)


def mobility(value: Any) -> str:
    """The kind of mobility; 否/无/空 = none."""
    written = text(value).replace(" ", "").replace("(", "（").replace(")", "）")
    if written in {"", "否", "无", "正常", "未流动"}:
        return ""
    if written in {"流出", "流出党员"}:
        raise Refused("请注明流出（市内）还是流出（外省市）：市内流动在原支部参加，外省市流动在流入地参加。")
    shortened = {label.replace("（", "").replace("）", ""): stored for stored, label in MOBILITY.items()}
    plain = written.replace("（", "").replace("）", "").replace("党员", "")
    return shortened.get(plain) or choice(written, MOBILITY, "流动状态")


def tags(value: Any) -> list[str]:
    """Tags separated by 、，；or spaces."""
    words = [w for w in re.split(r"[、,;/\s]+", text(value)) if w]
    return sorted({choice(word, TAGS, "标签") for word in words})
