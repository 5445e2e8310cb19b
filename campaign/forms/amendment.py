"""Why and from when a campaign asks something else."""

from typing import Any

from django import forms
from django.utils import timezone

from campaign.models import Requirement
from members.forms.fields import DateField


class AmendmentForm(forms.Form):
    """Reason and day."""

    reason = forms.CharField(
        label="调整理由",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "请写明调整的理由，理由会显示在活动页面上。"},
        help_text="写明依据，如上级通知的名称和日期。各参加单位都看得到。",
    )
    takes_effect_on = DateField(label="生效日期", help_text="从这一天起按新的要求计算进度，最早是今天。")

    def clean_takes_effect_on(self) -> Any:
        day = self.cleaned_data["takes_effect_on"]
        if day < timezone.localdate():
            raise forms.ValidationError("生效日期不能早于今天；已经做过的记录按新要求照样计算。")
        return day


def values_of(requirement: Requirement) -> dict[str, Any]:
    """A requirement as the form takes it."""
    return {
        "label": requirement.label,
        "audience": requirement.audience_code,
        "params": requirement.params,
        "sectors": requirement.sectors,
        "waivable": requirement.waivable,
        "due_from": requirement.due_from,
        "due_offset": requirement.due_offset,
        "due_date": requirement.due_date,
        "hint": requirement.hint,
    }
