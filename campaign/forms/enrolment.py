"""Preparing a unit, its own time, and its batch."""

from typing import Any

from django import forms
from django.utils import timezone

from campaign.forms.dates import CalendarForm
from campaign.models import Batch, Enrolment, PhaseRun
from campaign.units.dates import concentrated_numbers, too_short
from members.forms.fields import DateField
from portal.forms.wording import plain_words


class PreparationForm(forms.Form):
    """Who leads, and the survey (S2 三1, 四). It may be saved half done."""

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

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(enrolment, name) for name in self.base_fields} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)


class UnitDatesForm(CalendarForm):
    """The unit's own dates inside its batch's (S0 四: 起止时间灵活掌握); less than the usual time for concentrated study
    needs a reason."""

    outer_name = "本单位"
    short_reason = forms.CharField(
        label="集中学习教育不足规定时间的理由",
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text="集中学习教育的时间够了就不必填。",
    )

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        self.enrolment, self.batch = enrolment, enrolment.batch
        self.least = int(enrolment.campaign.settings.get("concentrated_months", 0))
        own = {name: getattr(enrolment, name) for name in ("starts_on", "ends_on", "short_reason")}
        super().__init__(*args, initial=own | kwargs.pop("initial", {}), **kwargs)
        if enrolment.started_on:
            self.fields["starts_on"].disabled = True
        if not self.least:
            del self.fields["short_reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        start, end, batch = data.get("starts_on"), data.get("ends_on"), self.batch
        span = f"{batch.name}的起止日期（{batch.starts_on}至{batch.ends_on}）"
        if start and start < batch.starts_on and not self.enrolment.started_on:
            self.add_error("starts_on", f"本单位的开始日期早于{span}。")
        if end and end > batch.ends_on:
            self.add_error("ends_on", f"本单位的结束日期晚于{span}。")
        if self.least and not self.errors and self.is_short and not data.get("short_reason", "").strip():
            self.add_error(
                "short_reason",
                f"集中学习教育合计不足{self.least}个月。按实施意见一般不少于{self.least}个月，确有需要的请写明理由，供上级掌握。",
            )
        return data

    @property
    def is_short(self) -> bool:
        """Whether the concentrated phases together, done ones as they were, are shorter than the campaign's rule."""
        chosen, numbers = self.phase_dates(), concentrated_numbers(self.enrolment.campaign.settings)
        runs = [run for run in self.enrolment.runs.all() if run.phase.number in numbers]
        return too_short([chosen.get(run.pk, (run.starts_on, run.ends_on)) for run in runs], self.least)

    @property
    def reason(self) -> str:
        """The reason that is to be kept: none where the time is enough."""
        return self.cleaned_data["short_reason"].strip() if self.least and self.is_short else ""


def open_runs(enrolment: Enrolment) -> list[PhaseRun]:
    """Phases whose dates can still be set."""
    return [run for run in enrolment.runs.all() if run.state != PhaseRun.State.DONE]


class BatchChoiceForm(forms.Form):
    """Another batch of the campaign for a unit that has not begun."""

    batch = forms.ModelChoiceField(Batch.objects.none(), label="改到", empty_label="请选择")

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_words(self)
        others = enrolment.campaign.batches.exclude(pk=enrolment.batch_id)
        field: Any = self.fields["batch"]
        field.queryset = others
        field.label_from_instance = batch_in_words


def batch_in_words(batch: Batch) -> str:
    return f"{batch.name}（{batch.starts_on}至{batch.ends_on}）"


class PostponementForm(forms.Form):
    """Why, and until when."""

    reason = forms.CharField(
        label="暂缓理由",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="例如停产、改制、搬迁、重大任务；写清楚，上级看得到。",
        error_messages={"required": "请写明暂缓的理由。"},
    )
    until = DateField(label="预计恢复日期")

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until and until <= timezone.localdate():
            raise forms.ValidationError("预计恢复日期须在今天以后。")
        return until


class ResumptionForm(forms.Form):
    """With which batch it goes on, and a word on how."""

    batch = forms.ModelChoiceField(
        Batch.objects.none(),
        label="恢复后所在批次",
        empty_label=None,
        help_text="改到别的批次的，尚未完成的阶段沿用那一批次的时间，之后可再调整。",
    )
    note = forms.CharField(label="恢复说明", max_length=300, required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["batch"]
        field.queryset, field.initial = enrolment.campaign.batches.all(), enrolment.batch_id
        field.label_from_instance = batch_in_words
