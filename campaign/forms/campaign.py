"""Setting up a campaign and its batches."""

from typing import Any

from django import forms

from campaign.blueprints.shipped import Blueprint, RequirementPlan
from campaign.forms.dates import EARLIEST, CalendarForm
from campaign.models import Batch, Campaign, Enrolment
from campaign.units.outside import left_outside
from members.forms.fields import DateField
from members.models import Organization
from portal.indicators import indicators

LEFT_SHOWN = 30


def optional(blueprint: Blueprint) -> list[RequirementPlan]:
    return [r for r in blueprint.requirements() if r.optional]


class CampaignForm(forms.Form):
    """Name, first day, and which of the blueprint's optional requirements are wanted (off by default)."""

    name = forms.CharField(label="活动名称", max_length=120, error_messages={"required": "请填写活动名称。"})
    starts_on = DateField(label="开始日期", earliest=EARLIEST, help_text="第一批从这一天开始，以后各批依次接续。")

    def __init__(self, *args: Any, organization: Organization, blueprint: Blueprint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.blueprint = organization, blueprint
        self.fields["name"].initial = blueprint.name
        for requirement in optional(blueprint):
            self.add_option(requirement)

    def add_option(self, requirement: RequirementPlan) -> None:
        key = f"want-{self.blueprint.code}-{requirement.key}"
        self.fields[key] = forms.BooleanField(
            label=f"另外要求：{requirement.label}", required=False, help_text=requirement.hint
        )
        for parameter in indicators[requirement.indicator].parameters:
            if isinstance(parameter.default, int):
                self.fields[f"{key}-{parameter.name}"] = forms.IntegerField(
                    label=f"{requirement.label}：{parameter.label}",
                    required=False,
                    min_value=1,
                    max_value=10000,
                    initial=requirement.params.get(parameter.name) or None,
                )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        own = Campaign.objects.filter(organization=self.organization)
        name, day = data.get("name"), data.get("starts_on")
        if name and day and own.filter(name=name, starts_on=day).exists():
            self.add_error("name", "本组织已有名称和开始日期都相同的活动，请勿重复建立。")
        return data

    def chosen(self) -> dict[str, dict[str, Any]]:
        """Wanted optional requirements by key, with their parameters."""
        wanted = {}
        for requirement in optional(self.blueprint):
            key = f"want-{self.blueprint.code}-{requirement.key}"
            if self.cleaned_data.get(key):
                names = [p.name for p in indicators[requirement.indicator].parameters]
                values = {name: self.cleaned_data.get(f"{key}-{name}") for name in names}
                wanted[requirement.key] = {name: value for name, value in values.items() if value}
        return wanted


class BatchForm(CalendarForm):
    """Name and dates of a batch, dates of its phases; units that would be left outside are shown before it is saved."""

    name = forms.CharField(label="批次名称", max_length=60, error_messages={"required": "请填写批次名称。"})
    confirmed = forms.BooleanField(label="知道这些单位的时间超出批次，仍按此保存", required=False)
    field_order = ["name", "starts_on", "ends_on"]

    def __init__(self, *args: Any, batch: Batch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch = batch
        self.left: list[Enrolment] = []
        self.left_count = 0

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.errors:
            return data
        left = left_outside(self.batch, (data["starts_on"], data["ends_on"]), self.phase_dates())
        self.left, self.left_count = list(left[:LEFT_SHOWN]), left.count()
        if self.left and not data["confirmed"]:
            self.add_error("confirmed", "还没有保存。请先看清上列单位；确认照此保存的，请勾选本项再按“保存”。")
        return data
