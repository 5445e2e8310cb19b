"""Setting up a campaign and its batches."""

from typing import Any

from django import forms

from campaign.blueprint import Blueprint, RequirementPlan, blueprints
from campaign.forms.dates import EARLIEST, CalendarForm
from campaign.models import Campaign
from members.forms.fields import DateField
from members.models import Organization
from portal.indicators import indicators


def optional(blueprint: Blueprint) -> list[RequirementPlan]:
    return [r for r in blueprint.requirements() if r.optional]


class CampaignForm(forms.Form):
    """Blueprint, name, first day, and which of the optional requirements are wanted (off by default)."""

    blueprint = forms.ChoiceField(
        label="活动蓝本", help_text="蓝本规定了阶段、环节、规定动作和批次，建立后各批次时间仍可调整。"
    )
    name = forms.CharField(label="活动名称", max_length=120, error_messages={"required": "请填写活动名称。"})
    starts_on = DateField(label="开始日期", earliest=EARLIEST, help_text="第一批从这一天开始，以后各批依次接续。")

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.known = blueprints()
        choice = self.fields["blueprint"]
        choice.choices = [(b.code, b.name) for b in self.known.values()]  # type: ignore[attr-defined]
        choice.initial = next(iter(self.known), None)
        for blueprint in self.known.values():
            for requirement in optional(blueprint):
                self.add_option(blueprint, requirement)

    def add_option(self, blueprint: Blueprint, requirement: RequirementPlan) -> None:
        key = f"want-{blueprint.code}-{requirement.key}"
        of = f"（{blueprint.name}）" if len(self.known) > 1 else ""
        self.fields[key] = forms.BooleanField(
            label=f"另外要求：{requirement.label}{of}", required=False, help_text=requirement.hint
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

    @property
    def chosen_blueprint(self) -> Blueprint:
        return self.known[self.cleaned_data["blueprint"]]

    def chosen(self) -> dict[str, dict[str, Any]]:
        """Wanted optional requirements of the chosen blueprint by key, with their parameters."""
        blueprint, wanted = self.chosen_blueprint, {}
        for requirement in optional(blueprint):
            key = f"want-{blueprint.code}-{requirement.key}"
            if self.cleaned_data.get(key):
                names = [p.name for p in indicators[requirement.indicator].parameters]
                values = {name: self.cleaned_data.get(f"{key}-{name}") for name in names}
                wanted[requirement.key] = {name: value for name, value in values.items() if value}
        return wanted


class BatchForm(CalendarForm):
    """Name and dates of a batch, dates of its phases."""

    name = forms.CharField(label="批次名称", max_length=60, error_messages={"required": "请填写批次名称。"})
    field_order = ["name", "starts_on", "ends_on"]
