"""Who is in a leading group and its office, one person a line."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from campaign.forms.dates import EARLIEST
from campaign.models import LeadingGroup, LeadingGroupPost
from members.forms.fields import DateField
from portal.forms.wording import plain_words

Duty = LeadingGroupPost.Duty
PEOPLE = 40


class PeopleField(forms.CharField):
    """One person a line: the name, then the title, with a space between them. Cleans to ``[(name, title)]``."""

    def __init__(self, *, most: int = PEOPLE, rows: int = 4, **options: Any) -> None:
        widget = forms.Textarea({"rows": rows}) if most > 1 else forms.TextInput()
        options.setdefault("required", False)
        super().__init__(widget=widget, max_length=6000, **options)
        self.most = most

    def clean(self, value: Any) -> Any:
        found: dict[tuple[str, str], None] = {}
        for line in super().clean(value).replace("　", " ").replace("\t", " ").splitlines():
            name, _, title = line.strip().partition(" ")
            if not name:
                continue
            if len(name) > 60 or len(title.strip()) > 60:
                raise forms.ValidationError(f"“{line.strip()[:20]}”这一行太长：姓名和职务各不超过60字。")
            found[name, title.strip()] = None
        if len(found) > self.most:
            raise forms.ValidationError(f"最多填写{self.most}人，现有{len(found)}人。")
        return list(found)


class LeadingGroupForm(forms.Form):
    """The group as it is from a day on; what is left out has ended by that day."""

    head = PeopleField(
        label=Duty.HEAD.label,
        required=True,
        most=1,
        help_text="由党组织主要负责人担任。先写姓名，空一格写职务，如：王志强 党委书记。",
        error_messages={"required": "请填写组长，由党组织主要负责人担任。"},
    )
    deputies = PeopleField(label=Duty.DEPUTY.label, rows=2, help_text="一行一人：姓名 职务。以下各项相同，没有的留空。")
    members = PeopleField(label=Duty.MEMBER.label)
    office_head = PeopleField(label=Duty.OFFICE_HEAD.label, most=1)
    office_staff = PeopleField(label=Duty.OFFICE_STAFF.label)
    phone = forms.CharField(label="办公室电话", max_length=40, required=False)
    document = forms.CharField(label="成立文件", max_length=120, required=False, help_text="如：青发〔2005〕12号。")
    since = DateField(label="成立日期", earliest=EARLIEST, past=True)
    on = DateField(
        label="人员自何日起",
        earliest=EARLIEST,
        past=True,
        help_text="新列入的人员从这一天任职，不再列出的人员到这一天离任；没有变动的不受影响。",
    )
    DUTIES = {
        "head": Duty.HEAD,
        "deputies": Duty.DEPUTY,
        "members": Duty.MEMBER,
        "office_head": Duty.OFFICE_HEAD,
        "office_staff": Duty.OFFICE_STAFF,
    }

    def __init__(self, data: Any, *, group: LeadingGroup | None, initial: dict[str, Any]) -> None:
        today = timezone.localdate()
        values: dict[str, Any] = {"since": today, "on": today}
        if group is not None:
            values |= {name: getattr(group, name) for name in ("phone", "document", "since")}
            values |= {name: self.written(group, duty) for name, duty in self.DUTIES.items()}
        super().__init__(data, initial=values | initial)
        plain_words(self)

    @staticmethod
    def written(group: LeadingGroup, duty: str) -> str:
        return "\n".join(f"{post.name} {post.title}".strip() for post in group.present if post.duty == duty)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, on = data.get("since"), data.get("on")
        if since and on and on < since:
            self.add_error("on", "这一天早于领导小组的成立日期，请检查。")
        return data

    @property
    def people(self) -> dict[str, list[tuple[str, str]]]:
        return {duty: self.cleaned_data[name] for name, duty in self.DUTIES.items()}

    @property
    def own_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("phone", "document", "since")}

    @property
    def day(self) -> date:
        on: date = self.cleaned_data["on"]
        return on
