"""What of a register is shown."""

from typing import Any

from django import forms

from members.forms.fields import FilterForm
from members.registers import Register


class RegisterForm(FilterForm):
    """One of the register's views, and a name or number; whatever cannot be read is left aside."""

    q = forms.CharField(label="姓名或编号", required=False, max_length=60)
    show = forms.CharField(label="显示", required=False, widget=forms.Select)

    def __init__(self, *args: Any, register: Register, **kwargs: Any) -> None:
        self.register = register
        super().__init__(*args, **kwargs)
        self.fields["show"].widget = forms.Select(choices=register.shows, attrs={"class": "form-select"})

    def clean_show(self) -> str:
        show: str = self.cleaned_data["show"]
        return show if show in dict(self.register.shows[1:]) else ""

    @property
    def chosen(self) -> dict[str, str]:
        """The view and the words, also as parameters for the sheet."""
        return {"show": self.cleaned_data.get("show") or self.register.shows[0][0], "q": self.words("q")}
