"""Planned study: one occasion, its repetition, leave, and signing in."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from campaign.actions.study import may_be_expected
from campaign.forms.attendance import in_words
from campaign.forms.dates import EARLIEST
from campaign.forms.lecturer import LecturerField
from campaign.models import Enrolment, Material, PlannedSession, StudyLeave
from campaign.study.plans import AT_MOST, EVERY, repetitions
from members.forms.fields import DateField
from portal.forms.choices import ManyOf
from portal.forms.wording import plain_words
from portal.indicators import Subject, audiences
from portal.working_days import add_working_days, entered, is_working_day, notice_of

SATURDAY = 5
BY_FORM = "按学习形式（中心组学习为党员领导干部，其他为全体党员）"
MINUTES = {
    "invalid": "请填写整数分钟，如 120。",
    "min_value": "须在 %(limit_value)s 分钟以上。",
    "max_value": "不能超过 %(limit_value)s 分钟。",
}


class PlanForm(forms.ModelForm):
    """What is to be studied, when, where, by whom."""

    on = DateField(label="日期", earliest=EARLIEST)
    from_time = forms.TimeField(
        label="开始时间",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={"required": "请填写开始时间。", "invalid": "开始时间请按“时:分”填写，如 14:00。"},
    )
    minutes_long = forms.IntegerField(
        label="时长（分钟）", min_value=1, max_value=1440, initial=120, error_messages=MINUTES
    )
    late_after = forms.IntegerField(
        label="开始几分钟后签到算迟到", min_value=0, max_value=240, initial=10, error_messages=MINUTES
    )
    audience = forms.ChoiceField(label="参加人员", required=False)
    group = forms.ChoiceField(label="党小组", required=False)
    tell = forms.BooleanField(label="保存后通知参加人员", required=False)
    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = PlannedSession
        fields = ["topic", "form", "minutes_long", "late_after", "place", "chair", "lecturer", "audience", "group"]
        fields += ["materials"]
        field_classes = {"materials": ManyOf, "lecturer": LecturerField}
        labels = {"lecturer": "主讲人"}
        widgets = {"materials": forms.CheckboxSelectMultiple}
        error_messages = {"topic": {"required": "请填写学习主题。"}}

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment = enrolment
        here: Any = may_be_expected(enrolment, timezone.localdate())
        people = here.active().select_related("member").order_by("member_id")
        groups = sorted({p.member.group for p in people if p.member.group}, key=in_words)
        materials = Material.objects.offered_to(enrolment)
        if self.instance.pk:
            known = Q(pk__in=materials.values("pk")) | Q(plans=self.instance.pk)
            materials = Material.objects.filter(known).distinct()
        self.fields["materials"].queryset = materials  # type: ignore[attr-defined]
        self.fields["lecturer"].offer(enrolment, self.instance.lecturer_id)  # type: ignore[attr-defined]
        whom = [(a.code, a.label) for a in audiences if a.subject == Subject.PERSON]
        self.fields["audience"].choices = [("", BY_FORM), *whom]  # type: ignore[attr-defined]
        self.fields["group"].choices = [("", "全支部"), *((g, g) for g in groups)]  # type: ignore[attr-defined]
        for name in ("audience", "group") if enrolment.is_committee else () if groups else ("group",):
            del self.fields[name]
        plain_words(self)
        if self.instance.pk:
            start = timezone.localtime(self.instance.starts_at)
            self.initial = {"on": start.date(), "from_time": start.time(), **self.initial}
            for name in ("tell", "submission"):
                del self.fields[name]
        self.initial.setdefault("submission", uuid4())

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        unit, same = self.enrolment, self.instance.pk and day == self.instance.day
        if day < timezone.localdate() and not same:
            raise ValidationError("日期早于今天。已经进行的学习，请用“记一次学习”直接登记。")
        if not unit.starts_on <= day <= unit.ends_on:
            raise ValidationError(
                f"日期不在本单位的活动时间（{unit.starts_on}至{unit.ends_on}）之内，请检查年份和月份。"
            )
        return day

    @property
    def values(self) -> dict[str, Any]:
        """The plan's own fields; valid forms only."""
        data = self.cleaned_data
        starts_at = timezone.make_aware(datetime.combine(data["on"], data["from_time"]))
        own = {name: data[name] for name in self.Meta.fields if name in data}
        return {"group": "", "audience": "", **own, "starts_at": starts_at}


@dataclass(frozen=True)
class Occasion:
    """One day of a repetition; ``day`` is ``None`` where nothing takes place, and ``note`` says why or from when it was moved."""

    wanted: date
    day: date | None
    note: str = ""


class RepeatForm(forms.Form):
    """How often, how many times, and what becomes of holidays."""

    every = forms.ChoiceField(label="多久一次", choices=list(EVERY.items()), initial="week")
    times = forms.IntegerField(
        label="再安排几次",
        min_value=1,
        max_value=AT_MOST,
        initial=4,
        error_messages={
            "required": "请填写再安排几次。",
            "invalid": "再安排几次请填写整数，如 4。",
            "min_value": "再安排几次至少为 1。",
            "max_value": f"一次最多安排 {AT_MOST} 次。",
        },
    )
    holidays = forms.ChoiceField(
        label="遇到放假",
        choices=[("shift", "顺延到下一个工作日"), ("skip", "这一次不安排"), ("keep", "照常安排")],
        initial="shift",
    )

    def occasions(self, plan: PlannedSession) -> list[Occasion]:
        """What comes of it, with everything that falls out; valid forms only. One query, and one for each day that moves."""
        by_hand, data, last = entered(), self.cleaned_data, plan.enrolment.ends_on
        weekend = plan.day.weekday() >= SATURDAY
        found: list[Occasion] = []
        for wanted in repetitions(plan.day, data["every"], data["times"]):
            why = "" if data["holidays"] == "keep" else free(wanted, weekend, by_hand)
            day = wanted if not why else add_working_days(wanted, 1) if data["holidays"] == "shift" else None
            note = f"{why}，{'原为' + words(wanted) if day else '不安排'}" if why else ""
            if day and day > last:
                day, note = None, f"超出本单位的活动时间（{last}），不安排"
            elif day and day in {each.day for each in found}:
                day, note = None, f"{why}，与另一次在同一天，不安排"
            found.append(Occasion(wanted, day, note))
        return found


def free(day: date, weekend: bool, by_hand: dict[date, bool]) -> str:
    """Why nobody is at work that day, empty if they are; who always studies at a weekend is kept off by holidays only."""
    if is_working_day(day, by_hand):
        return ""
    if day in by_hand:
        return "放假"
    named = notice_of(day.year).get(day, "")
    if not named and weekend:
        return ""
    return str(named).split("（")[0].split("(")[0] or "周末"


def words(day: date) -> str:
    return f"{day.month}月{day.day}日"


class LeaveForm(forms.ModelForm):
    reason = forms.CharField(
        label="原因",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text="只有支部书记和您本人能看到。",
        error_messages={"required": "请写明请假的原因。"},
    )

    class Meta:
        model = StudyLeave
        fields = ["kind"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_words(self)


class AnswerForm(forms.Form):
    """The secretary's word on a request for leave."""

    grant = forms.TypedChoiceField(choices=[("1", "准假"), ("", "不准假")], coerce=bool, required=False)
    answer = forms.CharField(label="答复", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("grant") and not data.get("answer"):
            self.add_error("answer", "不准假的，请写一句答复，说明理由。")
        return data


class CodeForm(forms.Form):
    code = forms.CharField(
        label="签到码",
        max_length=40,
        help_text="纸质签到单上的六位字母和数字，不分大小写。",
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "请填写签到码，或用手机扫描会场的二维码。"},
    )


class ProxyForm(forms.Form):
    """A colleague who is there without a telephone, by full name."""

    name = forms.CharField(
        label="代哪位同志签到",
        max_length=60,
        help_text="填写全名。代签会注明由您代签，书记能看到。",
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "请填写要代签的同志的姓名。"},
    )
