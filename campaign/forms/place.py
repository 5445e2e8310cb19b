"""Organisations named by code or full name, out of those that may be meant."""

import re
from typing import Any

from django import forms

from members.models import Organization

NAMESAKES = 5
AT_ONCE = 30
OFFERED = 200


def named(written: str, among: Any) -> Organization:
    """The open organisation of this code or full name. Raises ``ValidationError``."""
    text = "".join(written.replace("\x00", "").split())
    offered = among.open()
    found = list(offered.filter(code__iexact=text)[:1]) or list(offered.filter(name=text)[:NAMESAKES])
    if not found:
        raise forms.ValidationError(f"可选范围内没有编码或全称是“{text}”的组织，请核对。")
    if len(found) > 1:
        codes = "、".join(each.code for each in found)
        raise forms.ValidationError(f"叫“{text}”的组织不止一个（编码 {codes}），请改填组织编码。")
    return found[0]


class PlaceField(forms.CharField):
    """One organisation; ``among`` is set by the form."""

    among: Any = Organization.objects.none()

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "填写组织编码或全称。")
        super().__init__(max_length=120, **options)
        self.widget.attrs |= {"autocomplete": "off", "list": "places"}

    @property
    def suggestions(self) -> list[str]:
        """Full names for the browser to offer while one types, where there are few enough."""
        names = list(self.among.open().values_list("name", flat=True)[: OFFERED + 1])
        return names if len(names) <= OFFERED else []

    def clean(self, value: Any) -> Any:
        written = super().clean(value)
        return named(written, self.among) if written else None


class PlacesField(forms.CharField):
    """Several organisations, one a line; ``among`` is set by the form."""

    among: Any = Organization.objects.none()

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea({"rows": 4}), max_length=4000, **options)

    def clean(self, value: Any) -> Any:
        lines = [line for line in re.split(r"[\n、，,；;]+", super().clean(value)) if line.strip()]
        if len(lines) > AT_ONCE:
            raise forms.ValidationError(f"一次最多安排{AT_ONCE}个单位，请分次安排。")
        return list({place.pk: place for place in (named(line, self.among) for line in lines)}.values())
