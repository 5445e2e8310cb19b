"""What a form says of a field that was left empty."""

from django import forms
from django.contrib.auth.models import Group

from portal.forms.wording import plain_words


class Sample(forms.Form):
    name = forms.CharField(label="名称")
    place = forms.CharField(label="地点", error_messages={"required": "请写明在哪里。"})
    group = forms.ModelChoiceField(Group.objects.none(), label="单位")

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        plain_words(self)


def test_an_empty_field_is_asked_for_by_name() -> None:
    assert Sample({}).errors == {"name": ["请填写名称。"], "place": ["请写明在哪里。"], "group": ["请选择单位。"]}


def test_an_empty_choice_is_an_invitation() -> None:
    text = str(Sample()["group"])
    assert "请选择" in text
    assert "---" not in text
