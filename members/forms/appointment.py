"""Who gets which hat, from when until when."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from members.forms.fields import DateField, FilterForm
from members.models import Appointment, Member, Organization, User
from members.models.appointment import LENT_DAYS, AppointmentQuerySet
from members.permissions import Role

CANDIDATES = 20


class PersonForm(forms.Form):
    """The person is named by username, member number or name; where several fit, the form asks which one."""

    person = forms.CharField(
        label="姓名、党员编号或账号",
        max_length=150,
        help_text="可以是本组织及下级的在册党员（没有账号的会自动建立），也可以是已有账号的其他人员，后者请填账号。",
        error_messages={"required": "请填写由谁担任。"},
    )
    which = forms.ChoiceField(label="是哪一位", widget=forms.RadioSelect, required=False)
    since = DateField(label="起始日期", initial=timezone.localdate)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["person"].widget.attrs["autocomplete"] = "off"
        found = self.candidates() if self.data else []
        self.people = {self.key(person): person for person in found}
        if len(found) > 1:
            self.fields["which"].choices = [(key, self.described(p)) for key, p in self.people.items()]  # type: ignore[attr-defined]
        else:
            del self.fields["which"]

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


class AppointmentForm(PersonForm):
    """A role at an organisation, for anybody found there or by username."""

    role = forms.ChoiceField(label="职责", error_messages={"required": "请选择职责。"})
    until = DateField(label="结束日期", required=False, help_text="没有明确任期的留空。")
    field_order = ["role", "person", "which", "since", "until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", "请选择"), *self.roles()]  # type: ignore[attr-defined]

    def roles(self) -> list[tuple[str, str]]:
        """Secretary and committee belong to a branch: higher up they would read the texts of every branch below."""
        own = {Role.SECRETARY, Role.COMMITTEE}
        return [(role.value, str(role.label)) for role in Role if self.organization.is_branch or role not in own]


class DelegationForm(PersonForm):
    """To whom one's role is lent, and until when: somebody of the same organisation, never oneself."""

    until = DateField(label="结束日期")
    field_order = ["person", "which", "since", "until"]

    def __init__(self, *args: Any, hat: Appointment, **kwargs: Any) -> None:
        self.hat = hat
        super().__init__(*args, organization=hat.organization, **kwargs)
        self.fields["person"].label = "由谁代理（姓名、党员编号或账号）"
        self.fields["person"].help_text = f"{hat.organization}及下级的在册党员，或在这里任职的人员。"
        limit = f"，也不能晚于您的任期（{hat.until:%Y-%m-%d}）" if hat.until else ""
        self.fields["until"].help_text = f"必填，最长 {LENT_DAYS} 天{limit}。到期自动收回，可以提前收回。"

    def candidates(self) -> list[Member | User]:
        """Only those who belong here; an account from elsewhere is not found."""
        here = User.objects.under(self.organization).filter(is_active=True)
        return [
            person
            for person in super().candidates()
            if isinstance(person, Member) or here.filter(pk=person.pk).exists()
        ]

    def clean_person(self) -> str:
        words = super().clean_person()
        if [getattr(person, "user", person) for person in self.people.values()] == [self.hat.user]:
            raise forms.ValidationError("不能委托给自己，请填写另一位同志。")
        return words

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        if since < timezone.localdate():
            raise forms.ValidationError("起始日期不能早于今天。")
        return since

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        since, until = values.get("since"), values.get("until")
        if since and until and until > since + timedelta(LENT_DAYS):
            last = since + timedelta(LENT_DAYS)
            self.add_error(
                "until", f"代理最长 {LENT_DAYS} 天，结束日期最晚为 {last:%Y-%m-%d}。更长的请由上级办公室任命。"
            )
        elif until and self.hat.until and until > self.hat.until:
            self.add_error("until", f"您自己的任期到 {self.hat.until:%Y-%m-%d} 为止，代理不能更晚。")
        if "which" in values and getattr(self.people.get(values["which"]), "user", None) == self.hat.user:
            self.add_error("which", "不能委托给自己，请选择另一位同志。")
        return values


class AppointmentFilterForm(FilterForm):
    """What the list of appointments shows; whatever cannot be read is left aside."""

    STATES = [
        ("current", "在任"),
        ("expiring", "一个月内到期"),
        ("to-come", "未到任"),
        ("ended", "已结束"),
        ("all", "全部"),
    ]

    role = forms.ChoiceField(label="职责", required=False, choices=[("", "全部职责"), *Role.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)
    name = forms.CharField(label="姓名", required=False, max_length=60)

    @property
    def is_narrowed(self) -> bool:
        values = self.cleaned_data
        return bool(values.get("role") or values.get("name") or values.get("state") not in {"", None, "current"})

    def narrow(self, hats: AppointmentQuerySet) -> AppointmentQuerySet:
        """Those in force unless another state is asked for."""
        state = self.cleaned_data.get("state")
        if state != "all":
            kinds = {"expiring": hats.expiring, "to-come": hats.to_come, "ended": hats.ended}
            hats = kinds.get(state or "", hats.current)()
        if role := self.cleaned_data.get("role"):
            hats = hats.filter(role=role)
        if words := self.words("name"):
            hats = hats.filter(Q(user__name__contains=words) | Q(user__username__istartswith=words))
        return hats
