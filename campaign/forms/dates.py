"""Dates of a batch or a unit with their phases, checked together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms

from campaign.units.dates import Stretch, problems
from members.forms.fields import DateField

# Campaigns of this kind and their records are younger.
EARLIEST = 1990


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
    starts_on = DateField(label="开始日期", earliest=EARLIEST)
    ends_on = DateField(label="结束日期", earliest=EARLIEST)

    def __init__(self, *args: Any, phases: Sequence[PhaseDates], sequential: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phases, self.sequential = phases, sequential
        for phase in phases:
            for end, label in (("starts", "开始"), ("ends", "结束")):
                field = DateField(label=f"{phase.name}{label}日期", earliest=EARLIEST)
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
