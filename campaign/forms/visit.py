"""A visit on the plan, how it was, and what was found."""

from typing import Any

from django import forms
from django.utils import timezone

from campaign.forms.dates import EARLIEST
from campaign.forms.place import PlaceField, PlacesField
from campaign.models import Campaign, Enrolment, Finding, InspectionTeam, TeamMember, Visit
from members.forms.fields import DateField
from members.models import Organization
from members.permissions import Permission
from members.scope import within
from portal.forms.choices import ManyOf
from portal.forms.wording import plain_words
from portal.sending import MarkField

LONGEST = 5000


def team_places(team: InspectionTeam, user: Any) -> Any:
    """Where the team goes today and this user may log visits."""
    paths = team.assignments.current().values_list("organization__path", flat=True)
    return Organization.objects.filter(within(paths), within(user.scopes(Permission.LOG_VISIT)))


class TeamForms(forms.ModelForm):
    """``people``: members of the team of today, and those who went already."""

    people = ManyOf(
        TeamMember.objects.none(),
        label="参加人员",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def offer_people(self, team: InspectionTeam | None, user: Any) -> None:
        if team is None:
            del self.fields["people"]
            return
        offered = team.members.current()
        if self.instance.pk:
            offered = (offered | team.members.filter(visits=self.instance)).distinct()
        else:
            self.initial.setdefault("people", list(offered.filter(user=user.pk)))
        self.fields["people"].queryset = offered.select_related("user")  # type: ignore[attr-defined]


class PlanForm(TeamForms):
    """Who goes where when; several places for one day at once."""

    organizations = PlacesField(
        label="走访单位",
        help_text="一行一个，填写组织编码或全称，可以一次安排几个。",
        error_messages={"required": "请填写至少一个走访单位。"},
    )
    on = DateField(label="日期", earliest=EARLIEST)

    class Meta:
        model = Visit
        fields = ["on", "part", "way", "purpose", "people", "announced"]
        help_texts = {"announced": "不勾选的，受访单位在走访之前看不到这项安排。"}

    def __init__(self, *args: Any, team: InspectionTeam, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        self.offer_people(team, user)
        plain_words(self)
        if self.instance.pk:
            del self.fields["organizations"]
        else:
            self.fields["organizations"].among = team_places(team, user)  # type: ignore[attr-defined]
            self.order_fields(["organizations"])

    def clean_on(self) -> Any:
        day, campaign = self.cleaned_data["on"], self.team.campaign
        if day < timezone.localdate():
            raise forms.ValidationError("日期早于今天。已经走访过的，请用“记一次走访”登记。")
        if day > campaign.ends_on:
            raise forms.ValidationError(f"日期晚于活动结束日期（{campaign.ends_on:%Y-%m-%d}），请检查。")
        return day


class RecordForm(TeamForms):
    """How the visit was. A team's visit that was not planned also says where."""

    organization = PlaceField(label="走访单位", error_messages={"required": "请填写走访单位。"})
    on = DateField(label="走访日期", earliest=EARLIEST, past=True)
    submission = MarkField()

    class Meta:
        model = Visit
        fields = ["on", "part", "way", "people", "met", "looked_at", "impression"]
        widgets = {
            "looked_at": forms.Textarea({"rows": 5, "maxlength": LONGEST}),
            "impression": forms.Textarea({"rows": 3, "maxlength": LONGEST}),
        }
        help_texts = {
            "looked_at": "看了哪些地方和材料，听了谁的情况，帮助解决了什么。发现的问题保存后逐条登记。",
            "impression": "可以不写。",
        }
        error_messages = {"looked_at": {"required": "请写明看了什么、做了什么。"}}

    def __init__(
        self,
        *args: Any,
        campaign: Campaign,
        team: InspectionTeam | None,
        user: Any,
        places: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign
        self.offer_people(team, user)
        plain_words(self)
        self.fields["looked_at"].required = True
        for name in ("looked_at", "impression"):
            self.fields[name].max_length = LONGEST  # type: ignore[attr-defined]
        if places is None:
            del self.fields["organization"]
        else:
            self.fields["organization"].among = places  # type: ignore[attr-defined]
            self.order_fields(["organization"])
        if not self.instance.pk:
            self.initial.setdefault("on", timezone.localdate())
        elif self.instance.is_planned:
            self.initial["on"] = min(self.instance.on, timezone.localdate())

    def clean_on(self) -> Any:
        day, campaign = self.cleaned_data["on"], self.campaign
        if not campaign.starts_on <= day <= campaign.ends_on:
            span = f"{campaign.starts_on:%Y-%m-%d}至{campaign.ends_on:%Y-%m-%d}"
            raise forms.ValidationError(f"日期不在活动时间（{span}）之内，请检查年份和月份。")
        return day

    @property
    def told(self) -> dict[str, Any]:
        """What was seen and done, without who and where."""
        return {name: self.cleaned_data[name] for name in ("on", "part", "way", "met", "looked_at", "impression")}


class CancelForm(forms.Form):
    why = forms.CharField(label="取消原因", max_length=200, error_messages={"required": "请写明取消的原因。"})


class FindingForm(forms.ModelForm):
    """One problem with what is proposed and until when; a branch that was visited puts it right itself."""

    unit = PlaceField(label="由哪个支部整改", error_messages={"required": "请填写由哪个支部整改。"})
    due_on = DateField(label="整改期限", earliest=EARLIEST)
    submission = MarkField()

    class Meta:
        model = Finding
        fields = ["text", "category", "measure", "due_on"]
        widgets = {
            "text": forms.Textarea({"rows": 2, "maxlength": 300}),
            "measure": forms.Textarea({"rows": 3, "maxlength": 3000}),
        }
        help_texts = {"text": "一条一个问题，写具体，不超过300字。", "measure": "建议怎样改、怎样算改好。"}

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit = visit
        here = Enrolment.objects.counted().filter(campaign=visit.campaign_id)
        self.own = here.filter(organization=visit.organization_id).first() if visit.organization.is_branch else None
        self.below = here.filter(organization__path__startswith=visit.organization.path)
        plain_words(self)
        self.fields["measure"].max_length = 3000  # type: ignore[attr-defined]
        self.fields["due_on"].help_text = f"从走访当日到{visit.campaign.ends_on:%Y-%m-%d}活动结束之间的一天。"
        if self.own is not None:
            del self.fields["unit"]
        else:
            field = self.fields["unit"]
            branches = Organization.objects.branches().filter(enrolments__in=self.below)
            field.among = branches.distinct()  # type: ignore[attr-defined]
            field.help_text = "本级问题请落实到一个参加活动的支部，填写组织编码或全称。"
            self.order_fields(["text", "category", "unit"])

    def clean_due_on(self) -> Any:
        due, visit = self.cleaned_data["due_on"], self.visit
        if due < visit.on:
            raise forms.ValidationError(f"整改期限不能早于走访日期（{visit.on:%Y-%m-%d}）。")
        if due > visit.campaign.ends_on:
            ends = f"{visit.campaign.ends_on:%Y-%m-%d}"
            raise forms.ValidationError(
                f"整改期限不能晚于活动结束日期（{ends}）；需长期坚持的，请填写期间内的检查日期。"
            )
        return due

    @property
    def enrolment(self) -> Enrolment:
        """The unit that puts it right; valid forms only."""
        return self.own or self.below.get(organization=self.cleaned_data["unit"])

    @property
    def told(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("text", "category", "measure", "due_on")}
