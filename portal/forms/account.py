"""Signing in, and choosing a password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.actions import second_factor
from portal.forms.wording import plain_words
from portal.passwords import rules


def advice() -> SafeString:
    """The installation's rules, to be read before one types."""
    lines = format_html_join("", "<li>{}</li>", ((rule,) for rule in rules()))
    return format_html('<ul class="password-rules">{}</ul>可以用几个词连成一句，好记也安全。', lines)


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
        self.fields["new_password1"].help_text = advice()
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


class CodeForm(forms.Form):
    """A code of the authenticator app; ``recovery``: one of the printed codes."""

    code = forms.CharField(label="验证码", max_length=40, error_messages={"required": "请输入验证码。"})

    def __init__(self, *args: Any, recovery: bool = False, autofocus: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        if recovery:
            field.label, field.help_text = "恢复码", "启用时打印或抄下的十个恢复码之一，每个只能用一次。"
            field.widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
            field.error_messages["required"] = "请输入恢复码。"
        else:
            field.help_text = "手机验证器应用上现在显示的 6 位数字。"
            field.widget.attrs |= {"autocomplete": "one-time-code", "inputmode": "numeric"}
        field.widget.attrs |= {"class": "code-input"} | ({"autofocus": True} if autofocus else {})

    def refuse(self, error: Exception) -> None:
        """Say why the code did not open the door."""
        if isinstance(error, second_factor.Paused):
            self.add_error("code", f"连续输错次数太多，请在 {error.minutes} 分钟后再试。")
        elif isinstance(error, second_factor.UsedCode):
            self.add_error("code", "这个验证码已经用过。请等手机上换成下一个（最多 30 秒）再输入。")
        else:
            self.add_error("code", "验证码不正确。请看清手机上现在的数字；总不正确时，请核对手机的日期和时间。")


class EnrolForm(CodeForm):
    """The first code, and the password: whoever finds an open session does not hang their own telephone on it."""

    password = forms.CharField(
        label="当前登录密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "请输入当前登录密码。"},
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, autofocus=False, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError("密码不正确，请重新输入。", code="incorrect")
        return password
