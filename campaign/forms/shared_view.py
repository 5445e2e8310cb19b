"""Making a link to figures."""

from typing import Any

from django import forms

from campaign.models import Campaign, Phase

DAYS = [(1, "1天"), (3, "3天"), (7, "7天"), (14, "14天")]


class SharedViewForm(forms.Form):
    purpose = forms.CharField(
        label="给谁看、作什么用",
        max_length=100,
        error_messages={"required": "请写明给谁看、作什么用，便于以后核对。"},
    )
    phase = forms.ModelChoiceField(
        label="阶段", queryset=Phase.objects.none(), required=False, empty_label="当前主要阶段"
    )
    days = forms.TypedChoiceField(label="有效期", choices=DAYS, coerce=int, initial=3)

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phase"].queryset = campaign.phases.all()  # type: ignore[attr-defined]
