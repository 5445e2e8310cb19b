"""Preparing a unit, and waiving."""

from typing import Any

from django import forms
from django.utils import timezone

from campaign.forms.dates import EARLIEST, CalendarForm
from campaign.models import Batch, Enrolment, Participation, Requirement
from campaign.progress import subjects
from members.forms.fields import DateField
from portal.forms.choices import ManyOf
from portal.forms.wording import plain_words
from portal.indicators import Subject


class PreparationForm(CalendarForm):
    """Who leads, the plan, the survey, and the unit's own dates inside its batch's (S0 四; S2 三1, 四).

    It may be saved half done.
    """

    outer_name = "本单位"
    head = forms.CharField(label="领导小组组长", max_length=60, required=False, help_text="由党组织主要负责人担任。")
    office_members = forms.CharField(
        label="工作机构成员", max_length=300, required=False, help_text="姓名之间用顿号隔开。"
    )
    survey_note = forms.CharField(
        label="摸底情况",
        required=False,
        max_length=5000,
        widget=forms.Textarea({"rows": 5}),
        help_text="党组织和党员队伍状况，党员、群众的要求和期望，应当解决的突出问题。",
    )
    plan_title = forms.CharField(label="实施方案名称", max_length=120, required=False)
    plan_filed_on = DateField(
        label="备案日期", earliest=EARLIEST, required=False, help_text="实施方案报上级备案的日期；没有备案先空着。"
    )
    field_order = ["head", "office_members", "survey_note", "plan_title", "plan_filed_on", "starts_on", "ends_on"]
    OWN = ("head", "office_members", "survey_note", "plan_title", "plan_filed_on", "starts_on", "ends_on")

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        self.batch: Batch = enrolment.batch
        initial = {name: getattr(enrolment, name) for name in self.OWN} | kwargs.pop("initial", {})
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        start, end, batch = data.get("starts_on"), data.get("ends_on"), self.batch
        span = f"{batch.name}的起止日期（{batch.starts_on}至{batch.ends_on}）"
        if start and start < batch.starts_on:
            self.add_error("starts_on", f"本单位的开始日期早于{span}。")
        if end and end > batch.ends_on:
            self.add_error("ends_on", f"本单位的结束日期晚于{span}。")
        if data.get("plan_filed_on") and data["plan_filed_on"] > timezone.localdate():
            self.add_error("plan_filed_on", "备案日期不能晚于今天；还没有备案的先空着。")
        if data.get("plan_filed_on") and not data.get("plan_title"):
            self.add_error("plan_title", "已填备案日期，请同时填写实施方案名称。")
        return data

    def own_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.OWN}

    @property
    def head_fields(self) -> list[forms.BoundField]:
        """Everything but the dates, for the template."""
        return [self[name] for name in self.OWN[:5]]


class WaiverForm(forms.Form):
    """Which requirement, for whom, why. Only requirements that can be waived are offered."""

    requirement = forms.ModelChoiceField(Requirement.objects.none(), label="规定动作")
    participations = ManyOf(
        Participation.objects.none(),
        label="免除的党员",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="对党员的规定动作须勾选党员；对支部的规定动作不必勾选。",
    )
    reason = forms.CharField(
        label="理由",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "请写明免除的理由，理由将随名单保留。"},
    )

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment = enrolment
        plain_words(self)
        offered = Requirement.objects.filter(campaign=enrolment.campaign_id, waivable=True).select_related(
            "step__phase", "campaign"
        )
        people = enrolment.participations.active().select_related("member").order_by("member_id")
        for name, queryset in (("requirement", offered), ("participations", people)):
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        requirement, people = data.get("requirement"), data.get("participations")
        if requirement is None or people is None:
            return data
        if requirement.subject == Subject.ORGANIZATION and people:
            self.add_error("participations", f"“{requirement}”是对支部的要求，不必勾选党员。")
        if requirement.subject == Subject.PERSON and not people:
            self.add_error("participations", f"“{requirement}”是对党员的要求，请勾选党员。")
        asked = set(subjects(requirement).filter(pk__in=[p.pk for p in people]).values_list("pk", flat=True))
        if requirement.subject == Subject.PERSON and (others := [str(p) for p in people if p.pk not in asked]):
            self.add_error("participations", f"“{requirement}”不适用于{'、'.join(others)}，请取消勾选。")
        return data
