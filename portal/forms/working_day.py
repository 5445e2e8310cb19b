"""Entering days that differ from the known calendar."""

from datetime import date, timedelta
from typing import Any

from django import forms

LONGEST = 31


class DayExceptionForm(forms.Form):
    """One day, or days on end, that are free or worked."""

    first = forms.DateField(
        label="日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请填写日期。", "invalid": "日期不是有效的日期，请按“年-月-日”填写。"},
    )
    last = forms.DateField(
        label="到",
        required=False,
        help_text="只有一天的，不必填。",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "“到”不是有效的日期，请按“年-月-日”填写。"},
    )
    working = forms.ChoiceField(
        label="安排",
        choices=[("", "请选择"), ("0", "放假"), ("1", "上班（补班）")],
        error_messages={"required": "请选择放假还是上班。"},
    )
    note = forms.CharField(label="说明", required=False, max_length=60, help_text="如“春节”“单位统一安排”。")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last") or data.get("first")
        if not first or not last:
            return data
        if not 2000 <= first.year <= 2100:
            self.add_error("first", "日期的年份应在2000至2100之间，请核对。")
        elif last < first:
            self.add_error("last", "“到”不能早于开始的日期。")
        elif (last - first).days >= LONGEST:
            self.add_error("last", f"一次最多录入{LONGEST}天，请核对。")
        return data

    @property
    def days(self) -> list[date]:
        first, last = self.cleaned_data["first"], self.cleaned_data["last"] or self.cleaned_data["first"]
        return [first + timedelta(n) for n in range((last - first).days + 1)]
