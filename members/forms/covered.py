"""Covered units and those sent to look after them."""

from datetime import date
from typing import Any

from django import forms

from members.forms.fields import DateField, NameField
from members.models import CoveredUnit, Liaison, Organization


class UnitForm(forms.ModelForm):
    class Meta:
        model = CoveredUnit
        fields = ["name", "employees", "members"]
        help_texts = {"members": "没有党员的填0；不清楚的留空。"}
        error_messages = {
            "name": {"required": "请填写单位名称。"},
            "employees": {"invalid": "请填写整数人数。", "min_value": "人数不能是负数。"},
            "members": {"invalid": "请填写整数人数。", "min_value": "人数不能是负数。"},
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        employees, members = values.get("employees"), values.get("members")
        if employees is not None and members is not None and members > employees:
            self.add_error("members", f"党员数（{members}）不能多于从业人员数（{employees}）。")
        return values


class LiaisonForm(forms.ModelForm):
    name = NameField(label="姓名", error_messages={"required": "请填写姓名。"})
    since = DateField(label="起始日期", past=True)

    class Meta:
        model = Liaison
        fields = ["kind", "name", "sent_by", "unit", "since"]
        help_texts = {"unit": "负责全部覆盖单位的，不必选择。"}
        error_messages = {"kind": {"required": "请选择身份。"}}

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "请选择"), *Liaison.Kind.choices]  # type: ignore[attr-defined]
        self.fields["unit"].queryset = organization.covered_units.all()  # type: ignore[attr-defined]
        self.fields["unit"].empty_label = "全部覆盖单位"  # type: ignore[attr-defined]


class LiaisonEndForm(forms.Form):
    on = DateField(label="结束日期", past=True)

    def __init__(self, *args: Any, liaison: Liaison, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.liaison = liaison

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.liaison.since:
            raise forms.ValidationError(f"结束日期不能早于起始日期（{self.liaison.since:%Y-%m-%d}）。")
        return on
