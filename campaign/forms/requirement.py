"""One 规定动作, in a blueprint or in an amendment."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from campaign.blueprints.words import MOST_DAYS, SECTORS, is_day
from campaign.forms.dates import EARLIEST
from members.forms.fields import DateField
from portal.indicators import Indicator, Parameter, Subject, audiences, indicators

SIDES = [("before", "提前"), ("after", "推后")]


def indicators_by_subject() -> list[tuple[str, list[Indicator]]]:
    """What can be asked, for the page where one chooses."""
    names = {Subject.PERSON: "对党员的要求", Subject.ORGANIZATION: "对支部和党委的要求"}
    return [(name, [i for i in indicators if i.subject == subject]) for subject, name in names.items()]


def param_field(parameter: Parameter) -> forms.Field:
    """A number, or several out of the parameter's choices."""
    if isinstance(parameter.default, list):
        return forms.MultipleChoiceField(
            label=parameter.label,
            choices=parameter.choices,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text="不勾选就是不限。",
        )
    return forms.IntegerField(
        label=parameter.label,
        min_value=0,
        max_value=100_000,
        error_messages={"required": f"请填写{parameter.label}。", "invalid": f"{parameter.label}应为整数。"},
    )


class RequirementForm(forms.Form):
    """What is asked (the indicator is chosen before), of whom, whether it can be waived, and when it is due.

    ``initial`` and ``values()`` have the shape of a blueprint's file; the fixed day is a month and a day there, a date in a campaign.
    """

    label = forms.CharField(label="规定动作名称", max_length=80, error_messages={"required": "请填写规定动作名称。"})
    audience = forms.ChoiceField(label="适用对象")
    sectors = forms.MultipleChoiceField(
        label="只适用于这些领域的单位",
        choices=[(code, label) for code, label in SECTORS.items() if code],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="不勾选就是全部领域。",
    )
    no_sector = forms.BooleanField(
        label="也适用于没有填写领域的单位", required=False, help_text="勾选了领域时才起作用。"
    )
    waivable = forms.BooleanField(label="确有困难的可以免除（须写明理由）", required=False)
    optional = forms.BooleanField(
        label="由建立活动的单位选用",
        required=False,
        help_text="文件没有规定、由各单位自定的要求（如学时）用这一项，默认不设。",
    )
    due_from = forms.ChoiceField(
        label="期限怎样计算", choices=[("end", "按阶段结束日计算"), ("start", "按阶段开始日计算"), ("date", "固定日期")]
    )
    days = forms.IntegerField(
        label="提前或推后几天",
        min_value=0,
        max_value=MOST_DAYS,
        required=False,
        help_text="填 0 或不填就是当天。固定日期不用填。",
    )
    side = forms.ChoiceField(label="提前还是推后", choices=SIDES, required=False)
    due_day = forms.CharField(
        label="固定日期（月-日）", max_length=5, required=False, help_text="每次活动中的这一天，如 12-31。"
    )
    due_date = DateField(label="固定日期", earliest=EARLIEST, required=False)
    hint = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="写明依据和做法，各单位都看得到。",
    )

    def __init__(
        self, data: Any = None, *, indicator: Indicator, dated: bool = False, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=self.unfolded(initial or {"label": indicator.label}))
        self.indicator, self.dated = indicator, dated
        allowed = [(a.code, a.label) for a in audiences if a.subject == indicator.subject]
        self.fields["audience"].choices = allowed  # type: ignore[attr-defined]
        for name in ("due_day", "optional") if dated else ("due_date",):
            del self.fields[name]
        params = (initial or {}).get("params", {})
        for parameter in indicator.parameters:
            field = param_field(parameter)
            field.initial = params.get(parameter.name, parameter.default)
            self.fields[f"param-{parameter.name}"] = field
        first = [f"param-{p.name}" for p in indicator.parameters]
        self.order_fields(["label", *first, *(name for name in self.fields if name not in {"label", *first})])

    @staticmethod
    def unfolded(values: Mapping[str, Any]) -> dict[str, Any]:
        offset, sectors = values.get("due_offset", 0), list(values.get("sectors", []))
        return {
            **values,
            "days": abs(offset),
            "side": "after" if offset > 0 else "before",
            "sectors": [s for s in sectors if s],
            "no_sector": "" in sectors,
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("due_from") == "date":
            self.clean_fixed_day(data)
        return data

    def clean_fixed_day(self, data: dict[str, Any]) -> None:
        if self.dated:
            if "due_date" in data and not data["due_date"]:
                self.add_error("due_date", "期限按固定日期计算时，请填写固定日期。")
        elif not is_day(data.get("due_day", "")):
            self.add_error("due_day", "请按“月-日”填写固定日期，如 12-31。")

    def values(self) -> dict[str, Any]:
        """What was asked for, as plain data; what says nothing is left out."""
        data = self.cleaned_data
        fixed = data["due_from"] == "date"
        offset = (data.get("days") or 0) * (1 if data.get("side") == "after" else -1)
        sectors = [*([""] if data["no_sector"] and data["sectors"] else []), *data["sectors"]]
        found = {
            "label": data["label"],
            "params": {p.name: data[f"param-{p.name}"] for p in self.indicator.parameters},
            "sectors": sectors,
            "waivable": data["waivable"],
            "due_from": data["due_from"],
            "due_offset": 0 if fixed else offset,
            "hint": data["hint"],
        }
        if self.dated:
            day: date | None = data["due_date"] if fixed else None
            own = {"indicator_code": self.indicator.code, "audience_code": data["audience"]}
            return {**found, **own, "due_date": day.isoformat() if day else None}
        own = {"indicator": self.indicator.code, "audience": data["audience"], "optional": data["optional"]}
        return {**found, **own} | ({"due_day": data["due_day"]} if fixed else {})
