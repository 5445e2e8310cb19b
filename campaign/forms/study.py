"""A study session with everyone's attendance, make-ups and notes."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from campaign.actions.study import may_be_expected, missed
from campaign.forms.attendance import in_words
from campaign.forms.dates import EARLIEST
from campaign.forms.lecturer import LecturerField
from campaign.models import Attendance, Enrolment, Material, StudySession
from members.forms.fields import DateField
from portal.forms.choices import ManyOf

TWICE = (
    "这次学习（同一时间、同一主题）已经记录过，没有重复保存。要补充内容，请到学习记录中打开那一次修改；"
    "确实另有一次的，请写明不同的主题或开始时间。"
)
CHANGED = (
    "您打开本页之后，这次学习的记录又在另一窗口或由他人修改过，所以没有保存。您填写的内容都在下面："
    "请在新窗口打开这次学习，核对对方的修改，再按“保存”。"
)


class StudySessionForm(forms.ModelForm):
    """What was studied, when, where. Defaults come from the branch's last session."""

    held_on = DateField(label="日期", earliest=EARLIEST)
    held_from = forms.TimeField(
        label="开始时间",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={"required": "请填写开始时间。", "invalid": "开始时间请按“时:分”填写，如 14:00。"},
    )
    minutes_long = forms.IntegerField(
        label="时长（分钟）",
        min_value=1,
        max_value=1440,
        error_messages={
            "required": "请填写时长。",
            "invalid": "时长请填写整数分钟，如 120。",
            "min_value": "时长须在 1 至 1440 分钟之间。",
            "max_value": "时长须在 1 至 1440 分钟之间。",
        },
    )
    group = forms.ChoiceField(label="参加范围", required=False)
    confirmed = forms.BooleanField(label="当时确已参加，原来的补课记录一并删除", required=False)

    class Meta:
        model = StudySession
        fields = ["form", "topic", "minutes_long", "place", "chair", "recorder", "lecturer", "materials", "record"]
        field_classes = {"materials": ManyOf, "lecturer": LecturerField}
        labels = {"lecturer": "主讲人"}
        widgets = {"materials": forms.CheckboxSelectMultiple, "record": forms.Textarea({"rows": 6})}
        error_messages = {"topic": {"required": "请填写学习主题。"}}

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment, self.instance.enrolment = enrolment, enrolment
        here = may_be_expected(enrolment, timezone.localdate()).active()  # type: ignore[attr-defined]
        people = here.select_related("member").order_by("member_id")
        offered = Material.objects.offered_to(enrolment)
        if self.instance.pk:
            known = Q(pk__in=offered.values("pk")) | Q(sessions=self.instance.pk)
            offered = Material.objects.filter(known).distinct()
        self.fields["materials"].queryset = offered  # type: ignore[attr-defined]
        self.fields["lecturer"].offer(enrolment, self.instance.lecturer_id)  # type: ignore[attr-defined]
        groups = (
            [] if enrolment.is_committee else sorted({p.member.group for p in people if p.member.group}, key=in_words)
        )
        self.fields["group"].choices = [("", "全支部"), *((g, g) for g in groups)]  # type: ignore[attr-defined]
        if self.instance.pk or not groups:
            del self.fields["group"]
        if self.instance.pk:
            held = timezone.localtime(self.instance.held_at)
            self.initial = {"held_on": held.date(), "held_from": held.time(), **self.initial}

    def clean_held_on(self) -> Any:
        day, unit = self.cleaned_data["held_on"], self.enrolment
        if day > timezone.localdate():
            raise ValidationError("日期晚于今天。学习结束后再记录。")
        if not unit.starts_on <= day <= unit.ends_on:
            raise ValidationError(
                f"日期不在本单位的活动时间（{unit.starts_on}至{unit.ends_on}）之内，请检查年份和月份。"
            )
        return day

    def clean(self) -> dict[str, Any]:
        """No record over somebody else's changes."""
        data = super().clean() or self.cleaned_data
        if self.instance.pk and self.data.get("seen", self.seen) != self.seen:
            raise ValidationError(CHANGED)
        return data

    @property
    def seen(self) -> str:
        """The state of the record that this form shows; it comes back with what is sent."""
        return self.instance.updated_at.isoformat()

    @property
    def held_at(self) -> datetime:
        start: time = self.cleaned_data["held_from"]
        return timezone.make_aware(datetime.combine(self.cleaned_data["held_on"], start))

    def session(self) -> StudySession:
        """The unsaved session."""
        self.instance.held_at = self.held_at
        return self.instance

    def say_recorded(self) -> None:
        """Say that this session is on record, with other facts than these."""
        self.add_error("topic", TWICE)

    def ask_about_make_ups(self, attendances: list[Attendance]) -> None:
        """Say whose make-ups would go, and offer the box that confirms it."""
        people = "、".join(f"{a.participation}（{a.make_up.on}已补课）" for a in attendances)
        self.add_error(
            "confirmed",
            f"{people}已登记补课，改为参加或不要求参加后补课记录将删除。确认请勾选本项再保存；否则请改回原来的出勤。",
        )


class WithdrawalForm(forms.Form):
    why = forms.CharField(
        label="作废原因",
        max_length=200,
        help_text="如：与另一次学习重复登记；登记到了别的支部；这次学习实际没有进行。",
        error_messages={"required": "请写明作废的原因。", "max_length": "作废原因不超过200字。"},
    )


def from_last_session(enrolment: Enrolment) -> dict[str, Any]:
    """What is usually the same as last time: place, time of day, length, chair, recorder."""
    last = enrolment.sessions.order_by("-pk").first()
    values: dict[str, Any] = {
        "held_on": min(timezone.localdate(), enrolment.ends_on),
        "held_from": "14:00",
        "minutes_long": 120,
    }
    if last:
        values |= {name: getattr(last, name) for name in ("place", "chair", "recorder", "minutes_long")}
        values["held_from"] = f"{timezone.localtime(last.held_at):%H:%M}"
    return values


class MissedField(ManyOf):
    """People by name, with why they missed it."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.participation}（{obj.get_state_display()}）"


class MissedByField(ManyOf):
    """The same where several sessions are offered."""

    def label_from_instance(self, obj: Any) -> str:
        day = timezone.localtime(obj.session.held_at)
        return f"{obj.participation}：{day:%Y-%m-%d} {obj.session}（{obj.get_state_display()}）"


class MakeUpFacts(forms.Form):
    """When, how, checked by whom; ``attendances`` is what was missed."""

    on = DateField(label="补课日期", earliest=EARLIEST)
    way = forms.CharField(
        label="补课方式",
        max_length=80,
        help_text="如：个人自学原文并交流、送学上门、参加下一次集中学习。",
        error_messages={"required": "请写明怎样补的课。"},
    )
    checked_by = forms.CharField(label="验收人", max_length=60, error_messages={"required": "请填写验收人。"})

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError("补课日期晚于今天。补完课再登记。")
        return day

    def clean(self) -> dict[str, Any]:
        """Nothing is made up for before it was missed."""
        data = super().clean() or self.cleaned_data
        day, chosen = data.get("on"), data.get("attendances")
        if day and chosen and (last := max(timezone.localtime(a.session.held_at).date() for a in chosen)) > day:
            self.add_error("on", f"补课日期早于缺课的那次学习（{last}），请检查。")
        return data


class MakeUpForm(MakeUpFacts):
    """For several people who missed the same session at once."""

    attendances = MissedField(
        Attendance.objects.none(),
        label="补课人员",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少勾选一名补课人员。"},
    )
    field_order = ["attendances"]

    def __init__(self, *args: Any, attendance: Attendance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        together = (
            Attendance.objects.filter(session=attendance.session_id, participation__left_on=None)
            .owed()
            .select_related("participation__member", "session")
        )
        self.fields["attendances"].queryset = together  # type: ignore[attr-defined]


class MakeUpManyForm(MakeUpFacts):
    """One make-up for several people and several sessions they missed."""

    attendances = MissedByField(
        Attendance.objects.none(),
        label="补哪些人的哪几次课",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少勾选一项。"},
    )
    field_order = ["on", "way", "checked_by", "attendances"]

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owed = missed(enrolment)
        self.fields["attendances"].queryset = owed  # type: ignore[attr-defined]
        if not self.initial.get("attendances") and len(only := owed[:2]) == 1:
            self.initial["attendances"] = [only[0].pk]
