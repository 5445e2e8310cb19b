"""Asking to move on, the inspection team's word, and deciding."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from campaign.models import GateDemand
from campaign.units.gatekeeping import Word
from campaign.units.unmet import Gap

FREE_LINES = 20


class GateRequestForm(forms.Form):
    """The unit's own assessment, and what it made up for of that which was demanded: a box and a word on each."""

    assessment = forms.CharField(
        label="自我评价",
        max_length=5000,
        widget=forms.Textarea({"rows": 8}),
        help_text="本阶段做了什么，效果如何，还有什么不足；没有完成的说明原因和打算。",
        error_messages={"required": "请填写自我评价，供上级审核时参考。"},
    )

    def __init__(self, *args: Any, demands: Iterable[GateDemand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.demands = list(demands)
        for demand in self.demands:
            self.fields[f"made-up-{demand.pk}"] = forms.BooleanField(label=demand.text, required=False)
            self.fields[f"note-{demand.pk}"] = forms.CharField(
                label="补课情况",
                required=False,
                max_length=300,
                widget=forms.TextInput({"placeholder": "何时、怎样补的；还没有补的说明打算"}),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for demand in self.demands:
            if data.get(f"made-up-{demand.pk}") and not data.get(f"note-{demand.pk}", "").strip():
                self.add_error(f"note-{demand.pk}", "已补齐的请写一句何时、怎样补的。")
        return data

    @property
    def demand_rows(self) -> list[tuple[GateDemand, forms.BoundField, forms.BoundField]]:
        """For the template: a line per demand."""
        return [(d, self[f"made-up-{d.pk}"], self[f"note-{d.pk}"]) for d in self.demands]

    def made_up(self) -> dict[int, str]:
        """By demand: what was done."""
        data = self.cleaned_data
        return {d.pk: data[f"note-{d.pk}"] for d in self.demands if data[f"made-up-{d.pk}"]}


class GateWordForm(forms.Form):
    """What the inspection team says."""

    verdict = forms.ChoiceField(
        label="督导组意见",
        choices=[("agree", "同意"), ("disagree", "不同意")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意或不同意。"},
    )
    text = forms.CharField(
        label="具体意见",
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text="提出后不能修改，随审批表一并保留。",
        error_messages={"required": "请写明具体意见。"},
    )


class GateDecisionForm(forms.Form):
    """Approve or send back with what is to be made up. Gaps, and a word that is awaited or differs, need a reason."""

    decision = forms.ChoiceField(
        label="审核结果",
        choices=[("approve", "同意转段"), ("return", "退回补课")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意转段或退回补课。"},
    )
    remarks = forms.CharField(label="审核意见", required=False, max_length=2000, widget=forms.Textarea({"rows": 4}))
    gaps = forms.MultipleChoiceField(
        label="需要补课的规定动作",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="退回时勾选。",
        error_messages={"invalid_choice": "勾选的事项中有的刚刚已经完成，请核对现在的清单后再提交。"},
    )
    lines = forms.CharField(
        label="其他需要补课的事项",
        required=False,
        max_length=3000,
        widget=forms.Textarea({"rows": 3}),
        help_text="退回时填写，一行一项。",
    )
    override_reason = forms.CharField(
        label="未完成而同意的理由",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="还有规定动作没有完成而同意的，必须写明理由；理由和您的姓名随记录保留。",
    )
    word_reason = forms.CharField(
        label="未按督导组意见决定的理由", required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    def __init__(
        self, *args: Any, missing: Sequence[Gap], demands: Sequence[GateDemand], word: Word, closes: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.missing, self.word, self.complete = list(missing), word, not missing and not demands
        choice: Any = self.fields["gaps"]
        choice.choices = [(str(gap.requirement_id), gap.in_words) for gap in self.missing]
        if closes:
            decision: Any = self.fields["decision"]
            decision.choices = [("approve", "同意结束"), ("return", "退回补课")]
        for name, wanted in (
            ("gaps", bool(self.missing)),
            ("override_reason", not self.complete),
            ("word_reason", word.team is not None),
        ):
            if not wanted:
                del self.fields[name]
        if word.team is not None:
            said = f"督导组意见是“{word.said.verdict}”" if word.said else f"{word.team}还没有提出意见"
            self.fields["word_reason"].help_text = f"{said}；先于或不按督导组意见作出决定的，必须写明理由。"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        decision = data.get("decision")
        if not decision:
            return data
        approve = decision == "approve"
        if not approve and not data.get("gaps") and not self.free_lines(data) and not data.get("remarks", "").strip():
            self.add_error("remarks", "退回补课须写明要补什么：勾选规定动作，或逐行填写事项，或写在审核意见里。")
        if not approve and len(self.free_lines(data)) > FREE_LINES:
            self.add_error("lines", f"最多填写{FREE_LINES}项，请合并。")
        if approve and not self.complete and not data.get("override_reason", "").strip():
            self.add_error("override_reason", "还有规定动作没有完成，同意转段须写明理由；或选择退回补课。")
        if self.word.needs_reason(approve) and not data.get("word_reason", "").strip():
            self.add_error("word_reason", f"{self.word.why(approve)}，请写明理由。")
        return data

    @staticmethod
    def free_lines(data: dict[str, Any]) -> list[str]:
        return [line.strip()[:300] for line in data.get("lines", "").splitlines() if line.strip()]

    def demanded(self) -> list[tuple[int | None, str]]:
        """What is to be made up: the requirements that were ticked, then the free lines."""
        data = self.cleaned_data
        named = {str(gap.requirement_id): (gap.requirement_id, gap.in_words) for gap in self.missing}
        ticked = [named[key] for key in data.get("gaps", []) if key in named]
        return ticked + [(None, line) for line in self.free_lines(data)]
