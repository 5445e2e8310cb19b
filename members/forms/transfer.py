"""Forms of transfers: within the portal, out of it, into it, and finding them."""

from typing import Any

from django import forms

from members.actions.transfer import Letter
from members.forms.fields import DateField, FilterForm
from members.forms.member import MemberForm, latest_former
from members.forms.organization_search import OrganizationField
from members.models import Member, Organization, Transfer
from members.models.transfer import TransferQuerySet
from members.permissions import Permission


class LetterForm(forms.Form):
    """What stands on the letter of introduction (介绍信), as far as one knows it."""

    letter_number = forms.CharField(label="介绍信编号", required=False, max_length=40)
    letter_date = DateField(label="介绍信日期", required=False, past=True)
    valid_days = forms.IntegerField(
        label="有效期（天）",
        required=False,
        min_value=1,
        max_value=366,
        error_messages={"invalid": "请填写天数，如 30。", "min_value": "至少1天。", "max_value": "最多366天。"},
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("valid_days") and not values.get("letter_date") and "letter_date" not in self.errors:
            self.add_error("letter_date", "填写了有效期的，请同时填写介绍信日期。")
        return values

    @property
    def letter(self) -> Letter:
        return Letter(*(self.cleaned_data[name] for name in ("letter_number", "letter_date", "valid_days")))


class TransferForm(LetterForm):
    """To which branch of the portal. Who keeps both rolls may settle it in one step."""

    target = OrganizationField(label="转入支部", error_messages={"required": "请填写转入支部的名称或组织编码。"})
    at_once = forms.BooleanField(
        label="一步办结，不必等待接收",
        required=False,
        help_text="只有同时负责两个支部名册的才能一步办结，转接记录中会注明。",
    )
    field_order = ["target", "letter_number", "letter_date", "valid_days", "at_once"]

    def __init__(self, *args: Any, member: Member, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member, self.user = member, user
        if set(user.scopes(Permission.EDIT_ROLL)) == {member.branch.path}:
            del self.fields["at_once"]

    def clean_target(self) -> Organization:
        target: Organization = self.cleaned_data["target"]
        if target.pk == self.member.branch_id:
            raise forms.ValidationError(f"{self.member}本来就在{target}，请另选支部。")
        return target

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        target = values.get("target")
        if values.get("at_once") and target and not self.user.can(Permission.EDIT_ROLL, at=target):
            self.add_error("at_once", f"您不负责{target}的名册，不能一步办结。请去掉这一项，由对方接收。")
        return values


class OutForm(LetterForm):
    """To a Party organisation outside the portal."""

    place = forms.CharField(
        label="转往的党组织",
        max_length=120,
        help_text="写介绍信的抬头和支部，如“海南省海口市龙华区委组织部，金贸街道第一党支部”。",
        error_messages={"required": "请填写转往的党组织。"},
    )
    field_order = ["place", "letter_number", "letter_date", "valid_days"]


class ReasonForm(forms.Form):
    """Why it is returned or withdrawn."""

    reason = forms.CharField(label="理由", max_length=300, error_messages={"required": "请写明理由，对方能看到。"})


class TransferInForm(LetterForm, MemberForm):
    """Somebody from outside; who had moved out of the portal before gets the old record back, after being asked."""

    place = forms.CharField(
        label="原所在党组织", max_length=120, error_messages={"required": "请填写原所在的党组织，见介绍信。"}
    )
    same_person = forms.BooleanField(label="确实是同一人，恢复原有记录", required=False)
    asks_about_former = False

    field_order = ["place", "letter_number", "letter_date", "valid_days", "same_person", *MemberForm.field_order]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = self.former(str(self.data.get("identity", "")))
        if self.known is None or self.known.ending != Member.Ending.MOVED:
            del self.fields["same_person"]

    def former(self, typed: str) -> Member | None:
        """Who had this number and has left, the latest."""
        try:
            return latest_former(self.fields["identity"].clean(typed))
        except forms.ValidationError:
            return None

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.known is not None:
            self.ask_about(self.known, values)
        return values

    def ask_about(self, known: Member, values: dict[str, Any]) -> None:
        """Nothing is reopened unasked, and only what was a transfer out."""
        if known.ending != Member.Ending.MOVED:
            self.known = None
            if known.ending == Member.Ending.DIED:
                self.add_error("identity", "这个身份证号的党员登记为去世，请核对；登记有误的，请上级活动办公室更正。")
        elif known.name != values.get("name"):
            self.add_error(
                "identity", "这个身份证号以前登记在另一个姓名名下，请核对姓名；改过名的，请上级活动办公室办理。"
            )
        elif not values.get("same_person"):
            text = f"{known}曾在本平台（{known.branch}），{known.ended_on:%Y-%m-%d}转出。是同一人的请勾选，原有记录会恢复。"
            self.add_error("same_person", text)


class TransferFilterForm(FilterForm):
    """What the list shows."""

    name = forms.CharField(label="姓名", required=False, max_length=60)
    kind = forms.ChoiceField(label="类型", required=False, choices=[("", "全部类型"), *Transfer.Kind.choices])
    state = forms.ChoiceField(label="结果", required=False, choices=[("", "全部结果"), *Transfer.State.choices[1:]])
    since = DateField(label="提出日期自", required=False)

    def narrow(self, transfers: TransferQuerySet) -> TransferQuerySet:
        """The transfers that fit."""
        wanted = {key: value for key, value in self.cleaned_data.items() if value}
        if self.words("name"):
            transfers = transfers.filter(member__name__contains=self.words("name"))
        if "kind" in wanted:
            transfers = transfers.filter(kind=wanted["kind"])
        if "state" in wanted:
            transfers = transfers.filter(state=wanted["state"])
        if "since" in wanted:
            transfers = transfers.filter(requested_at__date__gte=wanted["since"])
        return transfers
