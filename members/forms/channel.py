"""Setting up a channel, and who is known there by which name."""

from typing import Any

from django import forms

from members.models import Channel, Organization, User
from portal.forms.wording import plain_words
from portal.https import address_of

MOST = 2000
SHORTEST_SECRET = 16


class ChannelForm(forms.ModelForm):
    """Address and secret are keys: they are never shown again; left empty when changing, they stay as they are."""

    url = forms.CharField(
        label="Webhook 地址",
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
        help_text="在消息工具的群机器人设置里复制，以 https:// 开头。地址本身就是钥匙，保存后不再显示。",
    )
    secret = forms.CharField(
        label="密钥",
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="钉钉选“加签”、飞书选“签名校验”时填写；企业微信不用填；通用接口必须填写（不少于16个字符），用来给内容签名。",
    )

    class Meta:
        model = Channel
        fields = ["name", "kind", "url", "secret"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = {"url": self.instance.url, "secret": self.instance.secret} if self.instance.pk else {}
        plain_words(self)
        self.fields["name"].help_text = "如“活动办公室工作群”。"
        for name in self.kept:
            self.initial[name] = ""
            self.fields[name].help_text += "不改就留空。"

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip() or self.kept.get("url", "")
        if not url:
            raise forms.ValidationError("请填写 Webhook 地址。")
        try:
            address_of(url)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        return url

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["secret"] = data.get("secret") or self.kept.get("secret", "")
        if data.get("kind") == Channel.Kind.JSON and len(data["secret"]) < SHORTEST_SECRET:
            self.add_error("secret", f"通用接口的密钥不能少于{SHORTEST_SECRET}个字符，否则对方无法确认消息来自本平台。")
        return data


class AccountsForm(forms.Form):
    """One person a line: account here, name there."""

    accounts = forms.CharField(
        label="账号对应",
        required=False,
        strip=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        help_text="每行一人：先写平台账号，空一格，再写对方账号，如“zhangsan z.san”。没有写到的人照旧收邮件。",
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization

    def clean_accounts(self) -> dict[int, str]:
        """Name by user id; every line that can't be read is named."""
        lines = [(n, line.split()) for n, line in enumerate(self.cleaned_data["accounts"].splitlines(), 1)]
        pairs = [(n, words) for n, words in lines if words]
        if len(pairs) > MOST:
            raise forms.ValidationError(f"一个通道最多对应{MOST}人，请分成几个通道。")
        names = [words[0] for _, words in pairs]
        here = User.objects.under(self.organization).filter(username__in=names)
        known = dict(here.values_list("username", "pk"))
        own = set(User.objects.wholly_under(self.organization).filter(username__in=names).values_list("pk", flat=True))
        found: dict[int, str] = {}
        wrong: list[str] = []
        for n, words in pairs:
            pk = known.get(words[0])
            if len(words) != 2 or len(words[1]) > 100:
                wrong.append(f"第{n}行应是“平台账号 对方账号”，对方账号不超过100个字符。")
            elif pk is None:
                wrong.append(f"第{n}行的账号“{words[0][:60]}”不在{self.organization}，请核对。")
            elif pk not in own:
                wrong.append(
                    f"第{n}行的账号“{words[0]}”在{self.organization}以外还有任职，提醒会涉及其他单位，请照旧用邮件。"
                )
            elif pk in found:
                wrong.append(f"第{n}行的账号“{words[0]}”重复了，请删去一行。")
            else:
                found[pk] = words[1]
        if wrong:
            raise forms.ValidationError(wrong[:10])
        return found
