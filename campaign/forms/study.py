"""A study session with everyone's attendance, make-ups and notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from campaign.forms.dates import date_field
from campaign.models import Attendance, Enrolment, Participation, StudyNote, StudySession
from members.models import MemberTag, Mobility
from portal.forms.choices import ManyOf
from portal.forms.wording import plain_words

NOT_EXPECTED = ""
NUMERALS = str.maketrans("一二三四五六七八九十", "123456789:")
CHOICES = [*Attendance.State.choices, (NOT_EXPECTED, "未要求参加")]


class StudySessionForm(forms.ModelForm):
    """What was studied, when, where. Defaults come from the branch's last session."""

    held_on = date_field("日期")
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
    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)
    confirmed = forms.BooleanField(label="当时确已参加，原来的补课记录一并删除", required=False)

    class Meta:
        model = StudySession
        fields = ["form", "topic", "minutes_long", "place", "chair", "recorder", "lecturer", "materials", "record"]
        field_classes = {"materials": ManyOf}
        widgets = {"materials": forms.CheckboxSelectMultiple, "record": forms.Textarea({"rows": 6})}
        error_messages = {"topic": {"required": "请填写学习主题。"}}

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment, self.instance.enrolment = enrolment, enrolment
        people = enrolment.participations.active().select_related("member").order_by("member_id")
        for name, queryset in (("materials", enrolment.campaign.materials.all()), ("lecturer", people)):
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
        self.fields["lecturer"].empty_label = "没有，或不是本支部党员"  # type: ignore[attr-defined]
        groups = sorted({p.member.group for p in people if p.member.group}, key=in_words)
        self.fields["group"].choices = [("", "全支部"), *((g, g) for g in groups)]  # type: ignore[attr-defined]
        if self.instance.pk or not groups:
            del self.fields["group"]
        if self.instance.pk:
            held = timezone.localtime(self.instance.held_at)
            self.initial = {"held_on": held.date(), "held_from": held.time(), **self.initial}
        else:
            self.initial.setdefault("submission", uuid4())

    def clean_held_on(self) -> Any:
        day, unit = self.cleaned_data["held_on"], self.enrolment
        if day > timezone.localdate():
            raise ValidationError("日期晚于今天。学习结束后再记录。")
        if not unit.starts_on <= day <= unit.ends_on:
            raise ValidationError(
                f"日期不在本单位的活动时间（{unit.starts_on}至{unit.ends_on}）之内，请检查年份和月份。"
            )
        return day

    def session(self) -> StudySession:
        """The unsaved session."""
        start: time = self.cleaned_data["held_from"]
        self.instance.held_at = timezone.make_aware(datetime.combine(self.cleaned_data["held_on"], start))
        return self.instance

    def ask_about_make_ups(self, attendances: list[Attendance]) -> None:
        """Say whose make-ups would go, and offer the box that confirms it."""
        people = "、".join(f"{a.participation}（{a.make_up.on}已补课）" for a in attendances)
        self.add_error(
            "confirmed",
            f"{people}已登记补课，改为参加或不要求参加后补课记录将删除。确认请勾选本项再保存；否则请改回原来的出勤。",
        )

    @property
    def token(self) -> UUID | None:
        return self.cleaned_data.get("submission")


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


@dataclass
class Row:
    """One person on the attendance list."""

    participation: Participation
    state: str
    lost: bool
    leader: bool
    made_up: bool = False

    @property
    def key(self) -> str:
        return f"state-{self.participation.pk}"

    @property
    def alternative(self) -> bool:
        return self.participation.route == Participation.Route.ALTERNATIVE


def in_words(group: str) -> str:
    """A key that puts 第二 after 第一 and before 第三; those without a group come last."""
    return group.translate(NUMERALS) if group else "\uffff"


def default_state(form: str, *, alternative: bool, leader: bool, lost: bool) -> str:
    """What is assumed of somebody until it is changed; on an alternative route (S0 四) nobody is called absent."""
    if form == StudySession.Form.HOME_DELIVERY:
        return Attendance.State.PRESENT if alternative else NOT_EXPECTED
    if form == StudySession.Form.CORE_GROUP:
        return Attendance.State.PRESENT if leader else NOT_EXPECTED
    if lost:
        return Attendance.State.ABSENT
    return Attendance.State.EXEMPT if alternative else Attendance.State.PRESENT


class AttendanceSheet:
    """Everyone who may be expected, each with one state; only exceptions are changed by hand."""

    choices = CHOICES

    def __init__(
        self,
        enrolment: Enrolment,
        *,
        form: str,
        session: StudySession | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.session = session
        known = {a.participation_id: a for a in session.attendances.select_related("make_up")} if session else {}
        tags = MemberTag.objects.filter(member=OuterRef("member"), kind=MemberTag.Kind.LEADER)
        lost = Mobility.objects.filter(member=OuterRef("member"), kind=Mobility.Kind.LOST, until=None)
        expected = Q(enrolment=enrolment, left_on=None) | Q(pk__in=known)
        people = (
            Participation.objects.filter(expected)
            .select_related("member")
            .annotate(leads=Exists(tags), lost=Exists(lost))
        )
        self.rows = [
            self.row(p, known.get(p.pk), form, data or {}) for p in people.order_by("member__group", "member_id")
        ]

    def row(self, person: Any, kept: Attendance | None, form: str, data: Mapping[str, Any]) -> Row:
        alternative = person.route == Participation.Route.ALTERNATIVE
        state = default_state(form, alternative=alternative, leader=person.leads, lost=person.lost)
        if self.session:
            state = kept.state if kept else NOT_EXPECTED
        posted = data.get(f"state-{person.pk}")
        state = posted if posted in dict(CHOICES) else state
        made_up = kept is not None and getattr(kept, "make_up", None) is not None
        return Row(person, state, person.lost, person.leads, made_up)

    def states(self, form: StudySessionForm, posted: Mapping[str, Any]) -> tuple[dict[int, str], list[Participation]]:
        """What to save, and who was left out because they joined later (joined later ≠ absent)."""
        day, group = form.cleaned_data["held_on"], form.cleaned_data.get("group", "")
        states: dict[int, str] = {}
        later = []
        for row in self.rows:
            if row.key not in posted or (group and row.participation.member.group != group):
                continue
            if row.participation.joined_on > day:
                later += [row.participation] if row.state else []
                states[row.participation.pk] = NOT_EXPECTED
            else:
                states[row.participation.pk] = row.state
        return states, later

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """Rows by 党小组, for headings."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.participation.member.group, []).append(row)
        return sorted(found.items(), key=lambda item: in_words(item[0]))


class MissedField(ManyOf):
    """People by name, with why they missed it."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.participation}（{obj.get_state_display()}）"


class MakeUpForm(forms.Form):
    """When, how, checked by whom; for several people who missed the same session at once."""

    attendances = MissedField(
        Attendance.objects.none(),
        label="补课人员",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少勾选一名补课人员。"},
    )
    on = date_field("补课日期")
    way = forms.CharField(
        label="补课方式",
        max_length=80,
        help_text="如：个人自学原文并交流、送学上门、参加下一次集中学习。",
        error_messages={"required": "请写明怎样补的课。"},
    )
    checked_by = forms.CharField(label="验收人", max_length=60, error_messages={"required": "请填写验收人。"})

    def __init__(self, *args: Any, attendance: Attendance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held_on = timezone.localtime(attendance.session.held_at).date()
        together = Attendance.objects.filter(
            session=attendance.session_id, state__in=Attendance.MISSED_STATES, make_up=None, participation__left_on=None
        ).select_related("participation__member")
        self.fields["attendances"].queryset = together  # type: ignore[attr-defined]

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError("补课日期晚于今天。补完课再登记。")
        if day < self.held_on:
            raise ValidationError(f"补课日期早于缺课的那次学习（{self.held_on}），请检查。")
        return day


class StudyNoteForm(forms.ModelForm):
    """A member's note; no length is asked for."""

    written_on = date_field("日期")

    class Meta:
        model = StudyNote
        fields = ["title", "written_on", "text"]
        widgets = {"text": forms.Textarea({"rows": 12})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_words(self)

    def clean_written_on(self) -> Any:
        if self.cleaned_data["written_on"] > timezone.localdate():
            raise ValidationError("日期晚于今天，请检查。")
        return self.cleaned_data["written_on"]
