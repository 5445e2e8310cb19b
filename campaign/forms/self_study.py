"""What members write about their own study."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from campaign.forms.dates import EARLIEST
from campaign.models import Material, Participation, StudyNote
from members.forms.fields import DateField
from portal.forms.wording import plain_words


class StudyNoteForm(forms.Form):
    """A member's note; no length is asked for. ``edition`` tells whether it was changed in another window."""

    title = forms.CharField(label="题目", max_length=120)
    written_on = DateField(label="日期", earliest=EARLIEST, past=True)
    text = forms.CharField(label="内容", widget=forms.Textarea({"rows": 12}))
    circle = forms.ChoiceField(
        label="谁能看到",
        choices=StudyNote.Circle,
        widget=forms.RadioSelect,
        required=False,
        help_text="默认只有您自己。选了“支部书记”或“本支部党员”，他们看过后您能看到是谁；随时可以改回。",
    )
    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "written_on": timezone.localdate(),
            "circle": StudyNote.Circle.PRIVATE,
            "submission": uuid.uuid4(),
        } | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        plain_words(self)

    def clean_written_on(self) -> Any:
        return self.cleaned_data["written_on"]

    def note(self) -> dict[str, Any]:
        """What the actions take."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "body": data["text"],
            "written_on": data["written_on"],
            "circle": data["circle"] or StudyNote.Circle.PRIVATE,
        }


class SelfStudyForm(forms.Form):
    """What, when, how long; of the person's own materials, if it was one of them."""

    on = DateField(label="日期", earliest=EARLIEST, past=True)
    material = forms.ModelChoiceField(
        Material.objects.none(), label="学习材料", required=False, empty_label="不在材料目录中"
    )
    what = forms.CharField(
        label="学了什么", max_length=160, required=False, help_text="选了上面的材料可以不填；否则请写明书名或篇目。"
    )
    minutes = forms.IntegerField(
        label="时长（分钟）",
        min_value=1,
        max_value=1440,
        help_text="按实际时间自己填写，平台不计时。",
        error_messages={
            "min_value": "时长须在 1 至 1440 分钟之间。",
            "max_value": "时长须在 1 至 1440 分钟之间。",
            "invalid": "时长请填写整数分钟，如 60。",
        },
    )

    def __init__(self, *args: Any, participation: Participation, **kwargs: Any) -> None:
        kwargs["initial"] = {"on": timezone.localdate(), "minutes": 60} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.participation = participation
        self.fields["material"].queryset = Material.objects.asked_of(participation)  # type: ignore[attr-defined]
        plain_words(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("what") and not data.get("material") and "what" not in self.errors:
            self.add_error("what", "请选择学习材料，或写明学了什么。")
        elif data.get("material") and not data.get("what"):
            data["what"] = data["material"].title
        return data

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if day < self.participation.joined_on and day < self.participation.campaign.starts_on:
            raise ValidationError(f"日期在本次活动开始（{self.participation.campaign.starts_on}）之前，请检查。")
        return day
