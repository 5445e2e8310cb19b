"""Fields of the roll's forms; what they accept, and the words in which they refuse, are those of the roster import."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from members.roster import values


def accepted(read: Callable[..., str], value: Any, **options: Any) -> str:
    """The value as the roll keeps it; raises ``ValidationError`` with the importer's reason."""
    try:
        return read(value, **options)
    except values.Refused as refusal:
        raise forms.ValidationError(str(refusal)) from None


class RollField(forms.CharField):
    """One line of text that no browser remembers."""

    def __init__(self, **options: Any) -> None:
        hint = options.pop("hint", "")
        super().__init__(**{"max_length": 60} | options)
        self.widget.attrs |= {"autocomplete": "off"} | ({"placeholder": hint} if hint else {})


class NameField(RollField):
    """A person's name without spaces, with one kind of dot."""

    def clean(self, value: Any) -> str:
        return accepted(values.name, super().clean(value))


class PartialDateField(RollField):
    """A date of which year, or year and month, may be all that is known: ``1998``, ``1998-07`` or ``1998-07-01``."""

    def __init__(self, *, grown: bool = False, **options: Any) -> None:
        super().__init__(hint="如 1998-07", **options)
        self.grown = grown

    def clean(self, value: Any) -> str:
        written = super().clean(value)
        return accepted(values.partial_date, written, today=timezone.localdate(), grown=self.grown) if written else ""


class IdentityField(RollField):
    """An identity number with a right check digit; regions are not checked, since their codes come and go."""

    def clean(self, value: Any) -> str:
        written = super().clean(value)
        return accepted(values.identity, written) if written else ""


class PhoneField(RollField):
    """7 to 15 digits; spaces, hyphens and brackets are dropped."""

    def clean(self, value: Any) -> str:
        written = super().clean(value)
        return accepted(values.phone, written) if written else ""


class DateField(forms.DateField):
    """A day of our time, picked in the browser's own calendar, with messages that name the field.

    ``past``: not one that is to come; ``earliest``: the first year.
    """

    def __init__(self, *, label: str, past: bool = False, earliest: int = 1900, **options: Any) -> None:
        messages = {
            "required": f"请填写{label}。",
            "invalid": f"{label}不是有效的日期，请按“年-月-日”填写，如 2005-09-16。",
        }
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, widget=widget, error_messages=messages, **options)
        self.past, self.earliest = past, earliest

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value and not self.earliest <= value.year <= 2100:
            raise forms.ValidationError(f"日期的年份应在{self.earliest}至2100之间，请核对。")
        if self.past and value and value > timezone.localdate():
            raise forms.ValidationError("日期不能晚于今天，请核对。")


class FilterForm(forms.Form):
    """Narrows a list by what can be read of the query string; the rest is left aside."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
        self.is_valid()

    @property
    def is_narrowed(self) -> bool:
        return any(self.cleaned_data.values())

    @property
    def in_words(self) -> str:
        """What the list was narrowed to, as the page shows it; empty where it was not."""
        said = []
        for name, value in self.cleaned_data.items():
            if value:
                choices = dict(getattr(self.fields[name], "choices", ()))
                said.append(f"{self.fields[name].label}：{choices.get(value, value)}")
        return "；".join(said)

    def words(self, name: str) -> str:
        """What was typed, without spaces and what no database takes."""
        return "".join(self.cleaned_data.get(name, "").replace("\x00", "").split())
