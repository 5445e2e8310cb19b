"""Dates of a batch or a unit with their phases, checked together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from campaign.dates import Stretch, problems

FIRST, LAST = date(1990, 1, 1), date(2100, 12, 31)


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


def date_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    """A date with messages that name the field."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=DateInput(),
        validators=[
            MinValueValidator(FIRST, f"请填写 {FIRST.year} 年以后的日期。"),
            MaxValueValidator(LAST, f"请填写 {LAST.year} 年以前的日期。"),
        ],
        error_messages={
            "required": f"请填写{label}。",
            "invalid": f"{label}不是有效的日期，请按“年-月-日”填写，如 2005-07-01。",
        },
    )


@dataclass(frozen=True)
class PhaseDates:
    """One phase whose dates can be set: ``pk`` is the phase's (batch) or the phase run's (unit)."""

    pk: int
    name: str
    starts_on: date
    ends_on: date


class CalendarForm(forms.Form):
    """``starts_on``, ``ends_on``, and both for every phase; what is wrong is said at the field."""

    outer_name = "本批次"
    starts_on = date_field("开始日期")
    ends_on = date_field("结束日期")

    def __init__(self, *args: Any, phases: Sequence[PhaseDates], sequential: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phases, self.sequential = phases, sequential
        for phase in phases:
            for end, label in (("starts", "开始"), ("ends", "结束")):
                field = date_field(f"{phase.name}{label}日期")
                field.initial = getattr(phase, f"{end}_on")
                self.fields[f"{end}-{phase.pk}"] = field

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", "结束日期早于开始日期，请检查。")
        elif start and end:
            self.check_phases(Stretch(self.outer_name, start, end))
        return data

    def check_phases(self, outer: Stretch) -> None:
        whole = [
            p for p in self.phases if self.cleaned_data.get(f"starts-{p.pk}") and self.cleaned_data.get(f"ends-{p.pk}")
        ]
        inner = [Stretch(p.name, *self.dates_of(p)) for p in whole]
        for position, message in problems(outer, inner, sequential=self.sequential):
            name = "ends" if "早于" in message else "starts"
            self.add_error(f"{name}-{whole[position].pk}", message)

    def dates_of(self, phase: PhaseDates) -> tuple[date, date]:
        return self.cleaned_data[f"starts-{phase.pk}"], self.cleaned_data[f"ends-{phase.pk}"]

    def phase_dates(self) -> dict[int, tuple[date, date]]:
        """Checked dates by the phases' ``pk``."""
        return {p.pk: self.dates_of(p) for p in self.phases}

    @property
    def phase_rows(self) -> list[tuple[PhaseDates, forms.BoundField, forms.BoundField]]:
        """For the template: a line per phase."""
        return [(p, self[f"starts-{p.pk}"], self[f"ends-{p.pk}"]) for p in self.phases]
