"""Finding accounts, and choosing for whom to make one."""

from django import forms
from django.db.models import Q, QuerySet

from members.forms.fields import FilterForm
from members.models import Member, User
from portal.forms.choices import ManyOf


class AccountFilterForm(FilterForm):
    """What the list shows; whatever cannot be read is left aside."""

    name = forms.CharField(label="姓名或账号", required=False, max_length=60)
    state = forms.ChoiceField(
        label="账号",
        required=False,
        choices=[("", "全部党员"), ("none", "还没有账号"), ("unused", "从未登录"), ("used", "已启用")],
    )

    def narrow(self, members: QuerySet[Member]) -> QuerySet[Member]:
        words = self.words("name")
        if words:
            members = members.filter(Q(name__contains=words) | Q(user__username__istartswith=words))
        state = self.cleaned_data.get("state", "")
        if state == "none":
            return members.filter(user=None)
        if state:
            never = User.objects.never_used()
            members = members.filter(user__isnull=False)
            return members.filter(user__in=never) if state == "unused" else members.exclude(user__in=never)
        return members


class AccountCreateForm(forms.Form):
    """Members of ``among`` who are to get an account: those ticked, or, with ``everyone``, all who have none."""

    everyone = forms.BooleanField(required=False)

    def __init__(self, *args: object, among: QuerySet[Member], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["members"] = ManyOf(
            among,
            required=False,
            error_messages={
                "invalid_choice": "所选的人中有的已不在名册上，请刷新页面后重新勾选。",
                "invalid_pk_value": "请重新勾选。",
            },
        )

    def clean(self) -> dict[str, object]:
        values = super().clean() or {}
        if not self.errors and not values.get("everyone") and not values.get("members"):
            raise forms.ValidationError("请先勾选要建立账号的党员，或选择为全部没有账号的党员建立。")
        return values
