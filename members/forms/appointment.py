"""Who gets which hat, from when until when."""

from typing import Any

from django import forms
from django.utils import timezone

from members.forms.fields import DateField
from members.models import Member, Organization, User
from members.permissions import Role

CANDIDATES = 20


class AppointmentForm(forms.Form):
    """The person is named by username, member number or name; where several fit, the form asks which one."""

    role = forms.ChoiceField(label="职责", error_messages={"required": "请选择职责。"})
    person = forms.CharField(
        label="姓名、党员编号或账号",
        max_length=150,
        help_text="可以是本组织及下级的在册党员（没有账号的会自动建立），也可以是已有账号的其他人员，后者请填账号。",
        error_messages={"required": "请填写由谁担任。"},
    )
    which = forms.ChoiceField(label="是哪一位", widget=forms.RadioSelect, required=False)
    since = DateField(label="起始日期", initial=timezone.localdate)
    until = DateField(label="结束日期", required=False, help_text="没有明确任期的留空。")

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["role"].choices = [("", "请选择"), *self.roles()]  # type: ignore[attr-defined]
        self.fields["person"].widget.attrs["autocomplete"] = "off"
        found = self.candidates() if self.data else []
        self.people = {self.key(person): person for person in found}
        if len(found) > 1:
            self.fields["which"].choices = [(key, self.described(p)) for key, p in self.people.items()]  # type: ignore[attr-defined]
        else:
            del self.fields["which"]

    def roles(self) -> list[tuple[str, str]]:
        """Secretary and committee belong to a branch: higher up they would read the texts of every branch below."""
        own = {Role.SECRETARY, Role.COMMITTEE}
        return [(role.value, str(role.label)) for role in Role if self.organization.is_branch or role not in own]

    def candidates(self) -> list[Member | User]:
        words = "".join(str(self.data.get("person", "")).split()).replace("\x00", "")[:150]
        if not words:
            return []
        here = Member.objects.on_roll().under(self.organization).select_related("branch")
        by_number = list(here.filter(number__iexact=words)[:1])
        account = User.objects.filter(username__iexact=words, is_active=True).first()
        found: list[Member | User] = [*by_number]
        if account and account.member_id not in {member.pk for member in by_number}:
            found.append(account)
        return found or [*here.filter(name=words)[:CANDIDATES]]

    def key(self, person: Member | User) -> str:
        return f"{person._meta.model_name}-{person.pk}"

    def described(self, person: Member | User) -> str:
        if isinstance(person, User):
            return f"{person}（账号 {person.username}）"
        number = f"，编号 {person.number}" if person.number else ""
        return f"{person}（{person.branch}{number}）"

    def clean_person(self) -> str:
        if not self.people:
            raise forms.ValidationError(
                f"{self.organization}及下级的名册上没有这位党员，也没有这个账号。请核对；外单位人员请填其账号。"
            )
        return str(self.cleaned_data["person"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", "结束日期不能早于起始日期。")
        if "which" in self.fields and not values.get("which") and "which" not in self.errors:
            self.add_error("which", "同名的不止一位，请选择是哪一位。")
        return values

    @property
    def chosen(self) -> Member | User:
        """The person; valid forms only."""
        key = self.cleaned_data.get("which")
        return self.people[key] if key else next(iter(self.people.values()))
