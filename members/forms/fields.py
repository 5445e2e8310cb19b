"""Fields that the roll's forms share: partial dates, identity number, telephone."""

import re
from calendar import monthrange
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as NumberError

PARTIAL = re.compile(r"(\d{4})(?:年|$|[-./](?=\d))(?:(\d{1,2})(?:月|$|[-./](?=\d))(?:(\d{1,2})日?)?)?")
FULL_WIDTH = str.maketrans("０１２３４５６７８９．／－ＸｘＸ—–", "0123456789./-XXX--")
SEPARATORS = re.compile(r"[\s ()（）-]+")
OLDEST = 1900


class PartialDateField(forms.CharField):
    """A date of which year, or year and month, may be all that is known; gives ``1998``, ``1998-07`` or ``1998-07-01``."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 20)
        super().__init__(**options)
        self.widget.attrs.setdefault("placeholder", "如 1998-07")
        self.widget.attrs["autocomplete"] = "off"

    def clean(self, value: Any) -> str:
        text = re.sub(r"\s", "", super().clean(value)).translate(FULL_WIDTH)
        if not text:
            return ""
        match = PARTIAL.fullmatch(text)
        if not match:
            raise forms.ValidationError(f"看不懂“{value}”：请写年（1998）、年月（1998-07）或年月日（1998-07-01）。")
        return self.checked(*(int(part) if part else None for part in match.groups()))

    def checked(self, year: int | None, month: int | None, day: int | None) -> str:
        """The normal form; raises ``ValidationError`` when there is no such day or it lies ahead."""
        today = timezone.localdate()
        if year is None or not OLDEST <= year <= today.year:
            raise forms.ValidationError(f"年份应在 {OLDEST} 到 {today.year} 之间，请核对。")
        if month is None:
            return f"{year}"
        if not 1 <= month <= 12:
            raise forms.ValidationError("月份应在 1 到 12 之间，请核对。")
        if day is not None and not 1 <= day <= monthrange(year, month)[1]:
            raise forms.ValidationError(f"{year}年{month}月没有{day}日，请核对。")
        if date(year, month, day or 1) > today:
            raise forms.ValidationError("日期不能晚于今天，请核对。")
        return f"{year}-{month:02}" if day is None else f"{year}-{month:02}-{day:02}"


class IdentityField(forms.CharField):
    """An 18-digit identity number (GB 11643): length, birth date and check digit; regions are not checked, since codes come and go."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, **options)
        self.widget.attrs["autocomplete"] = "off"

    def clean(self, value: Any) -> str:
        number = SEPARATORS.sub("", super().clean(value)).translate(FULL_WIDTH).upper()
        if not number:
            return ""
        if len(number) != 18:
            raise forms.ValidationError(f"身份证号应为18位，现在是{len(number)}位，请对照证件核对。")
        if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
            raise forms.ValidationError("身份证号前17位应为数字，最后一位为数字或 X，请核对。")
        try:
            ric.get_birth_date(number)
        except NumberError:
            raise forms.ValidationError("身份证号第7至14位不是一个日期，请核对。") from None
        if ric.calc_check_digit(number) != number[-1]:
            raise forms.ValidationError("身份证号校验位不符，可能有一位输错，请对照证件核对。")
        return number


class PhoneField(forms.CharField):
    """A mobile or landline number; spaces and hyphens are dropped."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, **options)
        self.widget.input_type = "tel"
        self.widget.attrs["autocomplete"] = "off"

    def clean(self, value: Any) -> str:
        number = SEPARATORS.sub("", super().clean(value)).translate(FULL_WIDTH)
        if number and not re.fullmatch(r"\+?[0-9]{7,15}", number):
            raise forms.ValidationError("联系电话应为7至15位数字，如 13900000000 或 010-12345678，请核对。")
        return number


class DateField(forms.DateField):
    """A day, picked in the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        options.setdefault("error_messages", {"invalid": "请选择一个日期。", "required": "请选择日期。"})
        super().__init__(**options)
