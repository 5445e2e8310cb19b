"""Which table of the member statistics is wanted."""

from typing import Any

from django import forms
from django.utils import timezone

from members.dimensions import dimensions
from members.forms.fields import DateField, FilterForm
from members.models import Organization
from members.statistics import CrossTable, cross, units

UNIT = "unit"
# Too many to stand side by side.
ROWS_ONLY = {"ethnicity"}
DIMENSIONS = [(each.code, each.label) for each in dimensions]


class StatisticsForm(FilterForm):
    """Rows, columns and the day on which ages are counted; whatever cannot be read is left aside."""

    rows = forms.ChoiceField(label="行", required=False, choices=[(UNIT, "下级组织"), *DIMENSIONS])
    columns = forms.ChoiceField(label="列", required=False, choices=[d for d in DIMENSIONS if d[0] not in ROWS_ONLY])
    day = DateField(label="年龄计算日期", required=False)

    def __init__(self, *args: Any, node: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.node = node
        self.unit = units(node)
        rows = dimensions.get(self.cleaned_data.get("rows", "")) or self.unit
        self.chosen_columns = dimensions.get(self.cleaned_data.get("columns", "")) or dimensions["sex"]
        self.chosen_rows = self.unit if rows.code == self.chosen_columns.code else rows
        self.counted_on = self.cleaned_data.get("day") or timezone.localdate()
        self.fields["rows"].choices = [(UNIT, self.unit.label), *DIMENSIONS]  # type: ignore[attr-defined]

    @property
    def scope(self) -> Organization:
        return self.node

    @property
    def chosen(self) -> dict[str, str]:
        """The choice as parameters, for the sheet."""
        return {"rows": self.chosen_rows.code, "columns": self.chosen_columns.code, "day": str(self.counted_on)}

    def table(self) -> CrossTable:
        return cross(self.node, self.chosen_rows, self.chosen_columns, self.counted_on)
