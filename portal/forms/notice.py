"""How one wants to be reminded."""

from typing import Any

from django import forms


class NoticeSettingsForm(forms.Form):
    """E-mail or not, and to which address."""

    by_mail = forms.BooleanField(label="用邮件提醒我", required=False)
    email = forms.EmailField(
        label="电子邮箱",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="邮件里会列出提醒事项和链接，请填写只有您本人能看到的邮箱。",
        error_messages={"invalid": "电子邮箱不是有效的地址，请按 name@example.cn 的样子填写。"},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("by_mail") and not data.get("email") and "email" not in self.errors:
            self.add_error("email", "要用邮件提醒，请填写电子邮箱。")
        return data
