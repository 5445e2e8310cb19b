"""Signing in, and choosing a password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.core.exceptions import ValidationError

from portal.forms.wording import plain_words

ADVICE = "至少 10 个字符，不能全是数字，不要用常见密码或与账号、姓名相近的内容。可以用几个词连成一句，好记也安全。"


class SignInForm(AuthenticationForm):
    """Account and password, with a refusal that does not tell which of the two was wrong."""

    error_messages = {
        "invalid_login": "账号或密码不正确。请检查大小写和输入法；忘记密码请联系本支部书记或活动办公室重置。",
        "inactive": "这个账号已停用，请联系活动办公室。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["password"].label = "密码"
        self.fields["username"].error_messages["required"] = "请输入账号。"
        self.fields["password"].error_messages["required"] = "请输入密码。"


class FirstPasswordForm(SetPasswordForm):
    """An own password in place of the printed one, which was typed a moment ago and is not asked for again."""

    error_messages = {
        "password_mismatch": "两次输入的新密码不一致，请重新输入。",
        "unchanged": "新密码与原密码相同，请换一个。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = "新密码"
        self.fields["new_password1"].help_text = ADVICE
        self.fields["new_password2"].label = "再输入一次新密码"
        self.fields["new_password2"].help_text = ""
        self.fields["new_password2"].error_messages["required"] = "请再输入一次新密码。"
        plain_words(self)

    def clean_new_password1(self) -> str:
        password = self.cleaned_data["new_password1"]
        if self.user.check_password(password):
            raise ValidationError(self.error_messages["unchanged"], code="unchanged")
        return password


class NewPasswordForm(FirstPasswordForm):
    """Changing one's password later: the present one is asked for."""

    old_password = forms.CharField(
        label="原密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "请输入原密码。"},
    )
    field_order = ["old_password", "new_password1", "new_password2"]

    def clean_old_password(self) -> str:
        password = self.cleaned_data["old_password"]
        if not self.user.check_password(password):
            raise ValidationError("原密码不正确，请重新输入。", code="incorrect")
        return password
