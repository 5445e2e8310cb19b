"""Deciding on a candidate."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from members.actions.probation import DECISIONS, EXTEND, FULL
from members.dates import add_months, in_words
from members.forms.fields import DateField, PartialDateField
from members.models import Member


class ProbationForm(forms.Form):
    """What the branch meeting decided and the superior approved; extended once only, by half a year to a year (党章第七条)."""

    decision = forms.ChoiceField(
        label="决定",
        choices=[("", "请选择"), *DECISIONS.items()],
        error_messages={"required": "请选择作出了什么决定。", "invalid_choice": "请选择作出了什么决定。"},
    )
    decided_on = DateField(label="支部大会决定日期", past=True)
    confirmed = PartialDateField(label="转正时间", required=False)
    until = DateField(
        label="预备期延长至", required=False, help_text="延长预备期时填写，不少于半年，不超过一年，只能延长一次。"
    )
    note = forms.CharField(
        label="决议和审批情况",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="支部大会的决议要点、表决情况，上级党委审批的日期和文号。",
        error_messages={"required": "请写明支部大会的决议和上级党委的审批情况。"},
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.ends = member.probation_ends
        self.fields["confirmed"].initial = self.ends
        self.fields["confirmed"].help_text = "转为正式党员时填写。按期转正的，从预备期满之日算起。"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        decision, decided_on, until = (values.get(name) for name in ("decision", "decided_on", "until"))
        if decided_on and self.member.joined > str(decided_on):
            self.add_error("decided_on", f"不能早于入党时间（{in_words(self.member.joined)}），请核对。")
        if decision == FULL and "confirmed" in values:
            self.check_confirmed(values["confirmed"])
        if decision == EXTEND and "until" in values:
            self.check_until(until)
        return values

    def check_confirmed(self, confirmed: str) -> None:
        if not confirmed:
            self.add_error("confirmed", "转为正式党员的，请填写转正时间。")
        elif confirmed > str(timezone.localdate()):
            self.add_error("confirmed", "转正时间不能晚于今天，请核对。")
        elif self.ends and confirmed < self.ends[: len(confirmed)]:
            self.add_error("confirmed", f"预备期到{in_words(self.ends)}才满，转正时间不能更早，请核对。")

    def check_until(self, until: date | None) -> None:
        """Half a year to a year beyond the end of probation, as far as that day is known."""
        if self.member.probation_until:
            self.add_error("decision", f"预备期已经延长到{in_words(self.ends)}，不能再次延长。请决定转正或取消资格。")
        elif until is None:
            self.add_error("until", "延长预备期的，请填写延长到哪一天。")
        elif self.ends:
            soonest, latest = str(add_months(until, -6)), str(add_months(until, -12))
            if soonest[: len(self.ends)] < self.ends or latest[: len(self.ends)] > self.ends:
                self.add_error("until", f"预备期{in_words(self.ends)}满，应延长半年至一年，请核对。")
