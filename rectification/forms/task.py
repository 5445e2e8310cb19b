"""Forms of the ledger."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from campaign.models import Enrolment, Participation
from members.models import MemberTag
from portal.forms.wording import plain_words
from portal.sending import MarkField
from rectification.actions.task import MOVES
from rectification.models import Task


def chinese(day: Any) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


class TaskForm(forms.ModelForm):
    """An entry of the branch: responsible is somebody who takes part there now."""

    submission = MarkField()

    class Meta:
        model = Task
        fields = ["problem", "category", "source", "measure", "responsible", "kind", "due_on"]
        widgets = {
            "problem": forms.Textarea(attrs={"rows": 2, "maxlength": 300}),
            "measure": forms.Textarea(attrs={"rows": 4, "maxlength": 3000}),
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "problem": "一条一个问题，写具体，不超过300字。",
            "measure": "写清做什么、怎样算做到。",
        }

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = enrolment.campaign
        if self.instance.pk:
            del self.fields["submission"]
        self.fields["measure"].max_length = 3000  # type: ignore[attr-defined]
        self.fields["due_on"].help_text = f"从今天到{chinese(self.campaign.ends_on)}活动结束之间的一天。"
        plain_words(self)
        if "responsible" in self.fields:
            self.offer_people(enrolment)

    def offer_people(self, enrolment: Enrolment) -> None:
        """A branch's own people; of a committee, which has none, the leading cadres under it."""
        at = enrolment.organization
        own = Q(enrolment=enrolment)
        if not at.is_branch:
            leads = Exists(MemberTag.objects.filter(member=OuterRef("member"), kind=MemberTag.Kind.LEADER))
            own = Q(leads, campaign=enrolment.campaign_id, enrolment__organization__path__startswith=at.path)
        people = Participation.objects.filter(Q(left_on=None) | Q(pk=self.instance.responsible_id), own)
        field = self.fields["responsible"]
        field.queryset = people.select_related("member").order_by("member__name", "pk")  # type: ignore[attr-defined]
        field.empty_label = "请选择责任人"  # type: ignore[attr-defined]
        whom = "从本支部参加活动的党员中选择" if at.is_branch else "从所属支部的党员领导干部中选择"
        field.help_text = f"{whom}；责任人不能核实自己的整改。"
        field.error_messages["invalid_choice"] = f"责任人应{whom}。"

    def clean_measure(self) -> str:
        measure: str = self.cleaned_data["measure"]
        if len(measure) > 3000:
            raise forms.ValidationError(f"整改措施不超过3000字，现有{len(measure)}字，请精简。")
        return measure

    def clean_due_on(self) -> Any:
        """Not in the past (unless it was and stays so), within the campaign."""
        due, today = self.cleaned_data["due_on"], timezone.localdate()
        if self.instance.pk and due == Task.objects.values_list("due_on", flat=True).get(pk=self.instance.pk):
            return due
        if self.campaign.ends_on < today:
            ended = f"活动已于{chinese(self.campaign.ends_on)}到期，无法再定完成时限。"
            raise forms.ValidationError(ended + "如需继续，请先由活动办公室延长活动时间。")
        if due < today:
            raise forms.ValidationError(f"完成时限不能早于今天（{chinese(today)}），请重新选择。")
        if not self.campaign.starts_on <= due <= self.campaign.ends_on:
            span = f"{chinese(self.campaign.starts_on)}至{chinese(self.campaign.ends_on)}"
            raise forms.ValidationError(f"完成时限应在活动期间（{span}）以内；需长期坚持的，请填写期间内的检查日期。")
        return due


class OwnTaskForm(TaskForm):
    """A person's own measure: they are responsible themselves, the source is their self-analysis."""

    class Meta(TaskForm.Meta):
        fields = ["problem", "category", "measure", "kind", "due_on"]


class MoveForm(forms.Form):
    """One move with the words that go with it."""

    move = forms.ChoiceField(choices=[(code, step.label) for code, step in MOVES.items()], widget=forms.HiddenInput)
    text = forms.CharField(
        label="说明",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "说明不超过2000字，现有%(show_value)s字，请精简。"},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        step = MOVES.get(cleaned.get("move", ""))
        if step and step.asks and "text" in cleaned and not cleaned["text"].strip():
            self.add_error("text", f"选择“{step.label}”时，请在说明中写明{step.asks}。")
        return cleaned
