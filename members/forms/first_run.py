"""The first organisation and the first account."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from members.models import Organization, User
from portal.forms.account import advice
from portal.forms.wording import plain_words


class FirstRunForm(forms.Form):
    """What the portal needs before anything else: the topmost organisation, and who sets it up."""

    organization_name = forms.CharField(
        label="组织名称", max_length=120, help_text="最上一级党组织的全称，如“中共某某市委员会”。"
    )
    organization_code = forms.CharField(
        label="组织编码", max_length=40, help_text="单位内唯一的编号，导入花名册时用来辨认组织；没有现成编号可填“001”。"
    )
    organization_kind = forms.ChoiceField(
        label="组织类型",
        choices=[
            c for c in Organization.Kind.choices if c[0] not in {*Organization.BRANCH_KINDS, Organization.Kind.GROUP}
        ],
    )
    name = forms.CharField(label="您的姓名", max_length=60)
    username = forms.CharField(
        label="登录账号",
        max_length=150,
        validators=[RegexValidator(User.username_validator.regex, "账号里有空格或不能用的符号，请改正。")],
        help_text="可用汉字、字母、数字和 @ . + - _ ，不含空格。",
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    email = forms.EmailField(label="电子邮箱", required=False, help_text="可不填；填写后每日提醒会发到这里。")
    password1 = forms.CharField(
        label="密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="再输入一次密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "请再输入一次密码。"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = advice()
        plain_words(self)

    def clean_organization_code(self) -> str:
        code = self.cleaned_data["organization_code"]
        if Organization.objects.filter(code=code).exists():
            raise ValidationError("这个编码已被使用，请换一个。")
        return code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password1") and data.get("password2") and data["password1"] != data["password2"]:
            self.add_error("password2", "两次输入的密码不一致，请重新输入。")
        elif data.get("password1"):
            try:
                validate_password(data["password1"], User(username=data.get("username", ""), name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password1", error)
        return data
