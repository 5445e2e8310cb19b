"""Filing a plan, and answering."""

from typing import Any

from django import forms


class FilingForm(forms.Form):
    """The plan that is put before the superior."""

    title = forms.CharField(label="方案名称", max_length=120, error_messages={"required": "请填写实施方案的名称。"})
    text = forms.CharField(
        label="方案内容",
        max_length=20000,
        widget=forms.Textarea({"rows": 14}),
        help_text="目标要求、时间安排、方法步骤、组织领导；可以从已定稿的方案中粘贴，或写明要点，报送后再把全文作为附件上传。",
        error_messages={"required": "请填写方案内容，上级据此备案。"},
    )


class FilingAnswerForm(forms.Form):
    """Acknowledge, or send back with remarks."""

    decision = forms.ChoiceField(
        label="处理",
        choices=[("acknowledge", "同意备案"), ("return", "退回修改")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意备案或退回修改。"},
    )
    remarks = forms.CharField(
        label="意见",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text="退回修改须写明要改什么。",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("decision") == "return" and not data.get("remarks", "").strip():
            self.add_error("remarks", "退回修改须写明要改什么。")
        return data
