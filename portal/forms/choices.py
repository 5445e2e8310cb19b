"""Choosing several rows of a table."""

from typing import Any

from django import forms

from portal.paging import is_number


class ManyOf(forms.ModelMultipleChoiceField):
    """Rows by key. A number that can be no key is refused like any other key that is not offered: databases break on it."""

    def clean(self, value: Any) -> Any:
        for key in value if isinstance(value, list | tuple) else ():
            if not is_number(str(key)):
                raise forms.ValidationError(
                    self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": str(key)[:20]}
                )
        return super().clean(value)
