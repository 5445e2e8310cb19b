"""Setting an alternative route, and ending it."""

from typing import Any

from django import forms

from campaign.models import AlternativeRoute, Participation
from portal.forms.wording import plain_words


class RouteForm(forms.Form):
    """How this person takes part, why, and who approved it (S0 四)."""

    kind = forms.ChoiceField(label="灵活方式", choices=[("", "请选择"), *AlternativeRoute.Kind.choices])
    reason = forms.CharField(
        label="理由",
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text="例如年老体弱、长期卧床、行动不便、外出务工。",
        error_messages={"required": "请写明采取灵活方式的理由。"},
    )
    helper = forms.CharField(
        label="帮学人", max_length=60, required=False, help_text="上门送学、谈心、代笔的同志；还没有定的先空着。"
    )
    approver = forms.CharField(
        label="批准人",
        max_length=60,
        help_text="例如支部委员会、支部书记姓名。",
        error_messages={"required": "请填写由谁批准。"},
    )

    def __init__(self, *args: Any, participation: Participation, **kwargs: Any) -> None:
        held = participation.alternative_routes.holding().first()
        names = ("kind", "reason", "helper", "approver")
        known = {name: getattr(held, name) for name in names} if held else {}
        kwargs["initial"] = known | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        plain_words(self)


class RouteEndForm(forms.Form):
    """Why the person takes part like everybody else again."""

    reason = forms.CharField(
        label="恢复正常参加的理由",
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "请写明恢复正常参加的理由。"},
    )
