"""Which organisation a leading cadre looks after."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from campaign.forms.dates import EARLIEST
from campaign.forms.place import PlaceField
from campaign.models import ContactPoint, Participation
from members.forms.fields import DateField
from members.models import Organization


class ContactPointForm(forms.Form):
    """The place, since when, and what to look at there."""

    organization = PlaceField(label="联系点", error_messages={"required": "请填写联系点。"})
    since = DateField(label="起始日期", earliest=EARLIEST, past=True, initial=timezone.localdate)
    purpose = forms.CharField(
        label="联系重点", max_length=200, required=False, help_text="结合分管工作，写明着重联系什么，可以不写。"
    )

    def __init__(self, *args: Any, participation: Participation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.participation = participation
        field = self.fields["organization"]
        field.among = Organization.objects.under(participation.campaign.organization)  # type: ignore[attr-defined]
        field.help_text = "填写组织编码或全称，一般是本人所在支部以外的基层组织。"

    def clean_organization(self) -> Organization:
        place: Organization = self.cleaned_data["organization"]
        if self.participation.contact_points.held().filter(organization=place).exists():
            raise forms.ValidationError(f"{place}已经是{self.participation.member}同志的联系点。")
        return place


class ContactPointEndForm(forms.Form):
    on = DateField(label="结束日期", earliest=EARLIEST, past=True)

    def __init__(self, *args: Any, point: ContactPoint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.point = point

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.point.since:
            raise forms.ValidationError(f"结束日期不能早于起始日期（{self.point.since:%Y-%m-%d}）。")
        return on
