"""Teams, who is in them, and where they go."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from campaign.forms.dates import EARLIEST
from campaign.forms.place import PlaceField
from campaign.models import InspectionTeam
from campaign.supervision.teams import ties
from members.forms.appointment import PersonForm
from members.forms.fields import DateField
from members.models import Member, Organization, User
from members.permissions import Permission
from members.scope import within
from portal.forms.wording import plain_words


def in_order(form: forms.Form, values: dict[str, Any]) -> None:
    since, until = values.get("since"), values.get("until")
    if since and until and until < since:
        form.add_error("until", "结束日期不能早于起始日期。")


class TeamForm(forms.ModelForm):
    since = DateField(label="起始日期", earliest=EARLIEST)
    until = DateField(label="结束日期", earliest=EARLIEST, help_text="到期后组员的督导任职自动收回，可以随时改。")

    class Meta:
        model = InspectionTeam
        fields = ["name", "phone", "charge", "since", "until"]
        widgets = {"charge": forms.Textarea({"rows": 3})}
        help_texts = {"name": "如：第一督导组。", "charge": "督导哪些方面、重点看什么。"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain_words(self)
        if not self.instance.pk:
            self.initial.setdefault("since", timezone.localdate())

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", "结束日期不能早于起始日期。")
        return values


class ConfirmTies(forms.Form):
    """Asks once more where somebody would look into what is their own."""

    confirmed = forms.BooleanField(label="已了解上述情况，仍然这样安排（本人不参加对自己单位的走访）", required=False)

    def ask(self, found: list[str], field: str) -> None:
        """Say what ties there are; without them, or confirmed, the box is not shown."""
        if found and not self.cleaned_data.get("confirmed"):
            self.add_error(field, f"{'；'.join(found)}，在督导范围之内。请另选人员或单位，确需如此的勾选下面一项。")
            self.asked = True

    def settle_box(self) -> None:
        if not getattr(self, "asked", False) and "confirmed" not in self.data:
            self.fields["confirmed"].widget = forms.HiddenInput()


class TeamMemberForm(PersonForm, ConfirmTies):
    """Somebody of the organisation that sends the team, or anybody with an account."""

    until = DateField(label="结束日期", required=False, help_text="没有明确任期的留空。")
    leads = forms.BooleanField(label="任组长", required=False, help_text="每组一名组长，原来的组长改为成员。")
    field_order = ["person", "which", "leads", "since", "until", "confirmed"]

    def __init__(self, *args: Any, team: InspectionTeam, **kwargs: Any) -> None:
        super().__init__(*args, organization=team.organization, **kwargs)
        self.team = team
        self.fields["since"].initial = max(team.since, timezone.localdate())
        self.full_clean()
        self.settle_box()

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.is_bound and not self.errors:
            account = as_user(self.chosen)
            places = [a.organization for a in self.team.assignments.live().select_related("organization")]
            found = [tie for place in places for tie in ties(account, place)]
            self.ask(list(dict.fromkeys(found)), "person")
        return values


def as_user(person: Member | User) -> User:
    """The account; of a member who has none yet, one that is not kept."""
    if isinstance(person, User):
        return person
    return User.objects.filter(member=person).first() or User(name=person.name, member=person)


class AssignmentForm(ConfirmTies):
    """Where the team goes: one organisation with everything below it."""

    organization = PlaceField(label="督导单位", error_messages={"required": "请填写督导单位。"})
    since = DateField(label="起始日期", earliest=EARLIEST)
    until = DateField(label="结束日期", earliest=EARLIEST, required=False, help_text="没有明确期限的留空。")
    field_order = ["organization", "since", "until", "confirmed"]

    def __init__(self, *args: Any, team: InspectionTeam, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        field, since = self.fields["organization"], self.fields["since"]
        mine = within(user.scopes(Permission.MANAGE_SUPERVISION))
        field.among = Organization.objects.under(team.campaign.organization).filter(mine)  # type: ignore[attr-defined]
        field.help_text = "填写组织编码或全称，包括其全部下级。组员可以看到这里的进度、名单、学习记录和整改台账。"
        since.initial = max(team.since, timezone.localdate())
        self.full_clean()
        self.settle_box()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        in_order(self, values)
        place = values.get("organization")
        if place is not None:
            people = [m.user for m in self.team.members.live().select_related("user__member__branch")]
            self.ask([tie for person in people for tie in ties(person, place)], "organization")
        return values

    @property
    def span(self) -> tuple[date, date | None]:
        return self.cleaned_data["since"], self.cleaned_data["until"]
