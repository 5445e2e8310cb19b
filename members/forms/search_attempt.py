"""One try to reach somebody."""

from typing import Any

from django import forms
from django.utils import timezone

from members.forms.fields import DateField
from members.models import Mobility, SearchAttempt
from members.models.since import SinceKnown
from portal.sending import MarkField


class SearchAttemptForm(forms.ModelForm):
    """How, what came of it, what comes next."""

    made_on = DateField(label="日期", past=True, initial=timezone.localdate)
    outcome = forms.CharField(
        label="了解到的情况", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    submission = MarkField()

    class Meta:
        model = SearchAttempt
        fields = ["made_on", "how", "reached", "outcome", "next_step"]
        help_texts = {"next_step": "还要找谁、去哪里、什么时候再联系。"}
        error_messages = {"how": {"required": "请选择用什么方式联系。"}}

    def __init__(self, *args: Any, mobility: Mobility, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mobility = mobility
        self.fields["how"].choices = [("", "请选择"), *SearchAttempt.How.choices]  # type: ignore[attr-defined]
        if mobility.kind == Mobility.Kind.LOST:
            self.fields["reached"].help_text = "勾选后，“失联”随即结束，查找记录都保留。"

    def clean_made_on(self) -> Any:
        day = self.cleaned_data["made_on"]
        # Who was tried before the absence was registered was missing already; who was reached then was not.
        begun = self.mobility.since_known != SinceKnown.UNKNOWN or self.data.get("reached")
        if begun and day < self.mobility.since:
            raise forms.ValidationError(
                f"不能早于{self.mobility.get_kind_display()}的起始日期（{self.mobility.since_in_table}）。"
            )
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("reached") and not values.get("outcome") and not values.get("next_step"):
            self.add_error("outcome", "没有联系上的，请写明了解到什么，或者下一步怎么找。")
        return values
