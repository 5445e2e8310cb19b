"""Who is put into a 中心组."""

from typing import Any

from django import forms
from django.utils import timezone

from campaign.forms.dates import EARLIEST
from campaign.models import CoreGroupSeat
from members.forms.fields import DateField
from members.models import Member, MemberTag, Organization
from portal.forms.wording import plain_words


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj}（{obj.branch}{f'，{obj.post}' if obj.post else ''}）"


class SeatForm(forms.Form):
    """A leading cadre under the committee, and since when."""

    member = PersonField(
        Member.objects.none(),
        label="中心组成员",
        help_text="列出本组织范围内标注为“领导干部”的党员；找不到的，请先在名册中标注。",
    )
    since = DateField(label="起始日期", earliest=EARLIEST, past=True, initial=timezone.localdate)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leaders = Member.objects.on_roll().under(organization).tagged(MemberTag.Kind.LEADER)
        seated = CoreGroupSeat.objects.filter(organization=organization, until=None)
        rows = leaders.exclude(pk__in=seated.values("member")).select_related("branch").order_by("branch__path", "pk")
        self.fields["member"].queryset = rows  # type: ignore[attr-defined]
        plain_words(self)
