"""Asking to move on, and deciding."""

from typing import Any

from django import forms


class GateRequestForm(forms.Form):
    assessment = forms.CharField(
        label="自我评价",
        max_length=5000,
        widget=forms.Textarea({"rows": 8}),
        help_text="本阶段做了什么，效果如何，还有什么不足；没有完成的说明原因和打算。",
        error_messages={"required": "请填写自我评价，供上级审核时参考。"},
    )


class GateDecisionForm(forms.Form):
    """Approve or send back. Sending back needs remarks, approving with gaps a reason."""

    decision = forms.ChoiceField(
        label="审核结果",
        choices=[("approve", "同意转段"), ("return", "退回补课")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意转段或退回补课。"},
    )
    remarks = forms.CharField(
        label="审核意见",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text="退回时须写明要补什么。",
    )
    override_reason = forms.CharField(
        label="未完成而同意转段的理由",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="还有规定动作没有完成而同意转段的，必须写明理由；理由和您的姓名随记录保留。",
    )

    def __init__(self, *args: Any, complete: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.complete = complete
        if complete:
            del self.fields["override_reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("decision") == "return" and not data.get("remarks", "").strip():
            self.add_error("remarks", "退回补课须写明要补什么。")
        if data.get("decision") == "approve" and not self.complete and not data.get("override_reason", "").strip():
            self.add_error("override_reason", "还有规定动作没有完成，同意转段须写明理由；或选择退回补课。")
        return data
