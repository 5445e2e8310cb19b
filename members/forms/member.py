"""The roll's forms: finding members, one member, where they are, and leaving."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from members.dimensions import age_band, dimensions
from members.forms.fields import DateField, FilterForm, IdentityField, NameField, PartialDateField, PhoneField
from members.forms.organization_search import OrganizationField
from members.identity import identity_index
from members.models import Member, MemberTag, Mobility, Occupation, Organization
from members.models.member import MemberQuerySet
from portal.forms.wording import plain_words

PLAIN = [
    "number",
    "name",
    "sex",
    "ethnicity",
    "born",
    "education",
    "occupation",
    "joined",
    "confirmed",
    "status",
    "post",
    "group",
    "helper",
]


class MemberFilterForm(FilterForm):
    """What the list shows; whatever cannot be read is left aside."""

    name = forms.CharField(label="姓名或编号", required=False, max_length=60)
    tag = forms.ChoiceField(label="标签", required=False, choices=[("", "全部标签"), *MemberTag.Kind.choices])
    status = forms.ChoiceField(label="类别", required=False, choices=[("", "全部类别"), *Member.Status.choices])
    mobility = forms.ChoiceField(
        label="流动", required=False, choices=[("", "全部"), ("none", "未流动"), *Mobility.Kind.choices]
    )
    age = forms.ChoiceField(label="年龄", required=False, choices=[("", "全部年龄"), *dimensions["age"].categories])
    roll = forms.ChoiceField(label="在册", required=False, choices=[("", "在册"), ("ended", "已离开")])

    def narrow(self, members: MemberQuerySet) -> MemberQuerySet:
        """The members that fit."""
        wanted = {key: value for key, value in self.cleaned_data.items() if value}
        members = members.filter(ended_on__isnull="roll" not in wanted)
        if "name" in wanted:
            words = self.words("name")
            members = members.filter(Q(name__contains=words) | Q(number__istartswith=words))
        if "age" in wanted:
            members = members.alias(age=age_band(timezone.localdate())).filter(age=wanted["age"])
        if "status" in wanted:
            members = members.filter(status=wanted["status"])
        if "tag" in wanted:
            members = members.filter(tags__kind=wanted["tag"])
        if "mobility" in wanted:
            away = Mobility.objects.filter(until=None)
            if wanted["mobility"] == "none":
                return members.exclude(pk__in=away.values("member"))
            members = members.filter(pk__in=away.filter(kind=wanted["mobility"]).values("member"))
        return members


def latest_former(number: str, besides: Member | None = None) -> Member | None:
    """Who had this identity number and has left, the latest; nobody where ``besides`` has the number too."""
    index = identity_index(number)
    if not index or (besides is not None and besides.identity_index == index):
        return None
    ended = Member.objects.filter(identity_index=index).exclude(ended_on=None)
    return ended.select_related("branch").order_by("-ended_on", "-pk").first()


def way_back(gone: Member) -> str:
    """What to do about somebody whose record is closed, instead of making a second one."""
    if gone.ending == Member.Ending.MOVED:
        return "转回来的请办理“从外面转入”，原有记录会恢复"
    return "登记有误的，请原支部或上级活动办公室在其页面“恢复在册”"


class MemberForm(forms.ModelForm):
    """One member of ``branch``.

    Identity number and telephone go in, but never come back out: left empty they stay as they are.
    """

    name = NameField(label="姓名", error_messages={"required": "请填写姓名。"})
    born = PartialDateField(label="出生年月", required=False, grown=True)
    joined = PartialDateField(label="入党时间", required=False, help_text="知道年、年月或年月日都可以。")
    confirmed = PartialDateField(label="转正时间", required=False)
    identity = IdentityField(label="身份证号", required=False)
    phone = PhoneField(label="联系电话", required=False)
    no_phone = forms.BooleanField(label="删除已登记的联系电话", required=False)
    tags = forms.MultipleChoiceField(
        label="标签",
        required=False,
        choices=MemberTag.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="标签决定对本人的要求和参加方式，如“年老体弱”可以送学上门。",
    )
    same_name = forms.BooleanField(label="确实是同名的另一位党员", required=False)
    # Whether a number of somebody who has left stops the form; who takes people in from outside asks in its own way.
    asks_about_former = True

    class Meta:
        model = Member
        fields = PLAIN
        help_texts = {"helper": "给年老体弱、离退休等党员送学上门、联系帮扶的人。"}
        error_messages = {"number": {"unique": "这个党员编号已经登记在另一位党员名下，请核对。"}}

    field_order = [
        "name", "same_name", "sex", "ethnicity", "born", "identity", "education", "occupation", "joined",
        "confirmed", "status", "number", "post", "group", "phone", "no_phone", "helper", "tags",
    ]  # fmt: skip

    def __init__(self, *args: Any, branch: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branch = branch
        person: Member = self.instance
        for name, choices in (("sex", Member.Sex.choices), ("occupation", Occupation.choices)):
            self.fields[name].choices = [("", "未填"), *choices]  # type: ignore[attr-defined]
        for name in ("number", "ethnicity", "education", "post", "group", "helper"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if person.pk:
            self.initial["tags"] = [tag.kind for tag in person.tags.all()]
            for name, masked in (("identity", person.masked_identity), ("phone", person.masked_phone)):
                if masked:
                    self.fields[name].help_text = f"已登记 {masked}；不改请留空。"
        if person.status == Member.Status.PROBATIONARY:
            self.fields["status"].help_text = "预备期满请办“转正”，这里只更正登记错误。" if person.pk else ""
        if not person.phone:
            del self.fields["no_phone"]
        if not (self.data and self.same_names().exists()):
            del self.fields["same_name"]

    def same_names(self) -> QuerySet[Member]:
        """Others of the name that was typed, in this branch."""
        name = "".join(str(self.data.get("name", "")).split()).replace("\x00", "")
        others = Member.objects.on_roll().filter(branch=self.branch, name=name).exclude(pk=self.instance.pk)
        return others.exclude(name=self.initial.get("name", ""))

    def clean_number(self) -> str | None:
        return (self.cleaned_data["number"] or "").strip() or None

    def clean_identity(self) -> str:
        number: str = self.cleaned_data["identity"]
        same = Member.objects.on_roll().filter(identity_index=identity_index(number))
        if number and same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                "这个身份证号已经登记在另一位在册党员名下，请核对；如是转入，请联系原支部先办转出。"
            )
        gone = latest_former(number, besides=self.instance) if self.asks_about_former else None
        if gone is not None:
            left = (
                f"这个身份证号的党员{gone.ended_on:%Y-%m-%d}离开名册（{gone.get_ending_display()}），不能再登记一份。"
            )
            raise forms.ValidationError(f"{left}{way_back(gone)}。")
        return number

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        born, joined, confirmed = (values.get(name) or "" for name in ("born", "joined", "confirmed"))
        if born and joined and joined[:4] <= born[:4]:
            self.add_error("joined", "入党时间应晚于出生年月，请核对。")
        if joined and confirmed and confirmed < joined[: len(confirmed)]:
            self.add_error("confirmed", "转正时间不能早于入党时间，请核对。")
        if confirmed and values.get("status") == Member.Status.PROBATIONARY:
            self.add_error("confirmed", "预备党员还没有转正时间；已经转正的，请把类别改为正式党员。")
        if "same_name" in self.fields and not values.get("same_name"):
            self.add_error("same_name", f"本支部已有一位{values.get('name', '')}。不是同一人的，请勾选后再保存。")
        return values

    @property
    def facts(self) -> dict[str, Any]:
        """Plain fields by name, without identity, telephone and tags; valid forms only."""
        return {name: self.cleaned_data[name] for name in PLAIN}

    @property
    def contact(self) -> dict[str, str]:
        """Identity number and telephone as far as they are to be written; an empty telephone deletes."""
        given = {name: self.cleaned_data[name] for name in ("identity", "phone") if self.cleaned_data[name]}
        return {"phone": ""} | given if self.cleaned_data.get("no_phone") else given


# Nobody is away in the city and in another province at the same time.
OPPOSITE: dict[str, Mobility.Kind] = {
    Mobility.Kind.IN_CITY: Mobility.Kind.OUT_OF_PROVINCE,
    Mobility.Kind.OUT_OF_PROVINCE: Mobility.Kind.IN_CITY,
}


class MobilityForm(forms.ModelForm):
    """A stretch away from, or as a guest in, the branch that begins."""

    since = DateField(label="起始日期", past=True)
    host = OrganizationField(
        label="所在地支部",
        required=False,
        help_text="现在住处或单位所在的支部，如果也在本平台：写名称或编码查找。流出外省市的就在那里参加活动。",
    )

    class Meta:
        model = Mobility
        fields = ["kind", "since", "place", "host", "contact"]
        help_texts = {
            "kind": "流出外省市的在流入地参加，不重复计入本支部；市内流出的仍在本支部参加。",
            "place": "现在哪里、在什么单位；失联的写最后知道的去向。",
            "contact": "能联系到本人的人及其电话，或负责查找的人。",
        }

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        plain_words(self)

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if self.member.mobilities.filter(kind=kind, until=None).exists():
            raise forms.ValidationError(f"“{Mobility.Kind(kind).label}”已经登记，结束后才能再登记一次。")
        other = OPPOSITE.get(kind)
        if other and self.member.mobilities.filter(kind=other, until=None).exists():
            raise forms.ValidationError(f"“{Mobility.Kind(other).label}”还没有结束，请先登记结束。")
        return kind

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kind, since = values.get("kind"), values.get("since")
        if kind and since:
            before = self.member.mobilities.filter(
                Q(since=since) | Q(until__gt=since), kind=kind, since__lte=since
            ).first()
            if before is not None and before.until is not None:
                known = (
                    f"{before.since:%Y-%m-%d}至{before.until:%Y-%m-%d}的“{before.get_kind_display()}”已经登记过并已结束"
                )
                self.add_error("since", f"{known}，没有再登记一次。如果后来又有一次，请填写那一次的起始日期。")
        return values

    def clean_host(self) -> Organization | None:
        host: Organization | None = self.cleaned_data["host"]
        if host is not None and host.pk == self.member.branch_id:
            raise forms.ValidationError(f"{self.member}的组织关系就在{host}，这里写现在所在的另一个支部，没有就不填。")
        if host is not None and self.cleaned_data.get("kind") not in {None, *OPPOSITE}:
            raise forms.ValidationError("只有流出（市内、外省市）才填写所在地支部。")
        return host


class MobilityEndForm(forms.Form):
    """When it ended."""

    until = DateField(label="结束日期", past=True)

    def __init__(self, *args: Any, mobility: Mobility, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mobility = mobility

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until < self.mobility.since:
            raise forms.ValidationError(f"结束日期不能早于起始日期（{self.mobility.since_in_table}）。")
        return until


class LeavingForm(forms.Form):
    """Leaving the roll: when and why."""

    ending = forms.ChoiceField(
        label="离开原因",
        choices=[("", "请选择"), *Member.Ending.choices],
        error_messages={"required": "请选择离开原因。", "invalid_choice": "请选择离开原因。"},
    )
    ended_on = DateField(label="离开日期", past=True)
