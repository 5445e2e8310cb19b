"""Words that Django's forms leave to themselves."""

from typing import Any

from django import forms
from django.db.models.fields import BLANK_CHOICE_DASH

UNSAID = forms.Field.default_error_messages["required"]


def plain_words(form: forms.BaseForm) -> None:
    """An empty required field is asked for by its own name, unless it has words of its own; an empty choice reads 请选择."""
    for field in form.fields.values():
        chosen = isinstance(field, forms.ChoiceField)
        if field.label and field.error_messages["required"] is UNSAID:
            field.error_messages["required"] = f"请{'选择' if chosen else '填写'}{field.label}。"
        if isinstance(field, forms.ModelChoiceField):
            if field.empty_label == BLANK_CHOICE_DASH[0][1]:
                field.empty_label = "请选择"
        elif isinstance(field, forms.ChoiceField):
            options: Any = field.choices
            field.choices = [("", "请选择") if each == BLANK_CHOICE_DASH[0] else each for each in options]
