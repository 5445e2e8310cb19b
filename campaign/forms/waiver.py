"""Waiving, one by one or in many units, and taking it back."""

from typing import Any

from django import forms

from campaign.models import Campaign, Enrolment, Participation, Requirement
from campaign.progress.writing import subjects
from members.models import MemberTag
from portal.forms.choices import ManyOf
from portal.forms.wording import plain_words
from portal.indicators import Subject

REASON = {"required": "请写明免除的理由，理由将随名单保留。"}


def waivable(campaign: int) -> Any:
    """What may be waived in a campaign, in order."""
    asked = Requirement.objects.in_force().filter(campaign=campaign, waivable=True)
    return asked.select_related("step__phase", "campaign")


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
        error_messages=REASON,
    )

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment = enrolment
        plain_words(self)
        offered = waivable(enrolment.campaign_id)
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


class ManyWaiversForm(forms.Form):
    """One requirement, many units, one reason; for persons perhaps only those with a tag of the roll."""

    requirement = forms.ModelChoiceField(Requirement.objects.none(), label="规定动作")
    tag = forms.ChoiceField(
        label="免除的党员",
        required=False,
        choices=[("", "所选单位中还没有完成的全部党员"), *MemberTag.Kind.choices],
        help_text="对党员的规定动作可以只免除有某种标注的党员；对单位本身的规定动作不用选。",
    )
    enrolments = ManyOf(
        Enrolment.objects.none(),
        label="单位",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请勾选要免除的单位。"},
    )
    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea({"rows": 3}), error_messages=REASON)

    def __init__(self, *args: Any, campaign: Campaign, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_words(self)
        self.fields["requirement"].queryset = waivable(campaign.pk)  # type: ignore[attr-defined]
        chosen: Any = self.fields["enrolments"]
        chosen.queryset = units
        chosen.label_from_instance = lambda unit: unit.organization.name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        requirement = data.get("requirement")
        if requirement is not None and requirement.subject == Subject.ORGANIZATION and data.get("tag"):
            self.add_error("tag", f"“{requirement}”是对单位的要求，不必选党员。")
        return data


class WithdrawalForm(forms.Form):
    """Why it is asked again."""

    reason = forms.CharField(
        label="撤销理由",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="撤销后这项规定动作重新要求完成；原免除记录和撤销理由一并保留。",
        error_messages={"required": "请写明撤销的理由。"},
    )
