"""The reminder rules of one campaign."""

import re
from collections.abc import Iterator
from typing import Any

from django import forms

from campaign.reminders.rules import LONGEST, ReminderRule, reminder_rules

SPLIT = re.compile(r"[\s,，、;；]+")
MOST = 5


class DaysField(forms.CharField):
    """Numbers of days: one, or several with any comma between them; full-width digits are fine."""

    def __init__(self, *, rule: ReminderRule, **options: Any) -> None:
        super().__init__(max_length=40, required=False, label=f"{rule.label}：{rule.what}", **options)
        self.rule = rule
        self.widget.attrs |= {"class": "form-control", "inputmode": "text" if rule.several else "numeric"}

    def clean(self, value: Any) -> list[int]:
        words = [word for word in SPLIT.split(super().clean(value)) if word]
        numbers = sorted({int(word) for word in words if word.isdecimal() and len(word) < 4})
        fits = len(words) > 0 and all(word.isdecimal() and len(word) < 4 for word in words)
        if not fits or not all(0 < n <= LONGEST for n in numbers) or len(numbers) > (MOST if self.rule.several else 1):
            how = (
                f"1至{LONGEST}的整数，多个用顿号隔开，不超过{MOST}个"
                if self.rule.several
                else f"一个1至{LONGEST}的整数"
            )
            raise forms.ValidationError(f"“{self.rule.label}”的{self.rule.what}应是{how}。")
        return numbers


class RemindersForm(forms.Form):
    """For every rule whether it is on, and its days."""

    def __init__(self, *args: Any, settings: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for rule in self.rules:
            days = "、".join(str(n) for n in sorted(rule.days_in(settings), reverse=True))
            on = forms.BooleanField(label=rule.label, required=False, initial=rule.on_in(settings))
            on.widget.attrs["class"] = "form-check-input"
            self.fields[f"{rule.code}-on"] = on
            self.fields[f"{rule.code}-days"] = DaysField(rule=rule, initial=days)

    @property
    def rules(self) -> list[ReminderRule]:
        return sorted(reminder_rules, key=lambda rule: rule.order)

    def rows(self) -> Iterator[tuple[ReminderRule, forms.BoundField, forms.BoundField]]:
        for rule in self.rules:
            yield rule, self[f"{rule.code}-on"], self[f"{rule.code}-days"]

    def chosen(self) -> dict[str, dict[str, Any]]:
        data = self.cleaned_data
        return {rule.code: {"on": data[f"{rule.code}-on"], "days": data[f"{rule.code}-days"]} for rule in self.rules}
