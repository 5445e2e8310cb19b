"""Forms for opinion rounds, talks and meetings."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone

from campaign.models import Enrolment, Participation
from evaluation.models import Meeting, OpinionRound
from members.forms.fields import DateField
from members.forms.roster_import import RosterForm
from portal.forms.choices import ManyOf
from portal.forms.wording import plain_words
from portal.paper_totals import PAPER_FIELDS, PaperTotals
from portal.sending import MarkField

CHECK = {"class": "form-check-input"}
MOST = 1_000_000


class RecordForm(forms.ModelForm):
    """What these forms share: the branch they are about, a mark that makes a second press harmless, and a bound for what
    is counted, so that reports can add it up."""

    submission = MarkField()

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment = enrolment
        plain_words(self)
        for field in self.fields.values():
            if isinstance(field, forms.IntegerField):
                field.validators.append(MaxValueValidator(MOST, f"请核对：这个数不会超过{MOST}。"))
                field.widget.attrs["max"] = MOST


class OpinionRoundForm(RecordForm):
    held_on = DateField(label="征求日期", past=True, initial=timezone.localdate)
    passed_on = DateField(
        label="反馈日期", past=True, required=False, help_text="已如实反馈本人的填写；尚未反馈的留空，反馈后再登记。"
    )

    class Meta:
        model = OpinionRound
        fields = ["channel", "held_on", "asked", "received", "passed_on", *PAPER_FIELDS]
        help_texts = {
            "asked": "谈了多少人、发了多少张表、请了多少人座谈",
            "received": "归并后的条数，没有意见填 0",
            "sheets_issued": "发了纸质测评表、意见表的填写以下各项；没有发的都留空。发出 = 收回 + 未收回。",
            "sheets_valid": "看过是否有效的填写；收回 = 有效 + 作废。",
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        held_on, passed_on = values.get("held_on"), values.get("passed_on")
        if held_on and passed_on and passed_on < held_on:
            self.add_error("passed_on", "反馈日期不能早于征求日期。")
        if not self.errors.keys() & set(PAPER_FIELDS):
            for name, reason in PaperTotals.of(values).refusals.items():
                self.add_error(name, reason)
        return values


class OpinionSheetForm(RosterForm):
    """A summary sheet of several rounds."""

    submission = MarkField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        file = self.fields["file"]
        file.label = "汇总表文件"
        file.help_text = (
            "可上传 .xlsx、.xls、.ods、.csv，每种方式（或每个支部）一行。有一行不对就一行也不登记，并指出是哪一行。"
        )


class PassOnForm(forms.Form):
    """When the opinions of one round were told to those concerned."""

    on = DateField(label="反馈日期", past=True)

    def __init__(self, *args: Any, held_on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held_on = held_on

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.held_on:
            raise forms.ValidationError("反馈日期不能早于征求日期。")
        return on


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, person: Participation) -> str:
        return person.member.name


class PeopleChoice(ManyOf):
    def label_from_instance(self, person: Participation) -> str:
        return person.member.name


class TalkForm(forms.Form):
    """One person and everybody they talked with on a day: 书记与全体党员谈心 is one form."""

    submission = MarkField()
    held_on = DateField(label="谈心日期", past=True, initial=timezone.localdate)
    one = PersonChoice(
        queryset=Participation.objects.none(),
        label="谈心人",
        empty_label="请选择",
        error_messages={
            "required": "请选择谈心人。",
            "invalid_choice": "所选的谈心人已不在本支部参加活动，请重新选择。",
        },
    )
    everyone = forms.BooleanField(label="全体党员", required=False, widget=forms.CheckboxInput(attrs=CHECK))
    others = PeopleChoice(
        queryset=Participation.objects.none(),
        label="谈心对象",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs=CHECK),
        error_messages={"invalid_choice": "所选的谈心对象中有人已不在本支部参加活动，请重新勾选。"},
    )

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Participation.objects.filter(enrolment=enrolment).active().select_related("member")
        self.people = people.order_by("member_id")
        self.fields["one"].queryset = self.people  # type: ignore[attr-defined]
        self.fields["others"].queryset = self.people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        one, chosen = values.get("one"), values.get("others")
        if values.pop("everyone", False):
            chosen = self.people
        if one and chosen is not None:
            values["others"] = [person for person in chosen if person.pk != one.pk]
            if not values["others"]:
                self.add_error("others", f"谈心在两人之间进行，请至少勾选一位{one}以外的人。")
        return values


class MeetingForm(RecordForm):
    held_on = DateField(label="会议日期", past=True, initial=timezone.localdate)

    class Meta:
        model = Meeting
        fields = ["kind", "held_on", "place", "chair", "expected", "present", "outcome"]
        widgets = {"outcome": forms.Textarea(attrs={"rows": 4})}
        help_texts = {"outcome": "开展批评与自我批评的总体情况，不写具体某人的发言。"}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        expected, present = values.get("expected"), values.get("present")
        if expected is not None and present is not None and present > expected:
            self.add_error("present", f"实到（{present}）不能多于应到（{expected}），请核对。")
        return values
