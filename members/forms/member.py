"""The roll's forms: finding members, one member, where they are, and leaving."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from members.forms.fields import DateField, FilterForm, IdentityField, NameField, PartialDateField, PhoneField
from members.identity import identity_index
from members.models import Member, MemberTag, Mobility, Organization
from members.models.member import MemberQuerySet
from members.permissions import Permission
from portal.forms.wording import plain_words

PLAIN = ["number", "name", "sex", "ethnicity", "born", "education", "joined", "confirmed", "status", "post", "group"]


class MemberFilterForm(FilterForm):
    """What the list shows; whatever cannot be read is left aside."""

    name = forms.CharField(label="姓名", required=False, max_length=60)
    tag = forms.ChoiceField(label="标签", required=False, choices=[("", "全部标签"), *MemberTag.Kind.choices])
    status = forms.ChoiceField(label="类别", required=False, choices=[("", "全部类别"), *Member.Status.choices])
    mobility = forms.ChoiceField(
        label="流动", required=False, choices=[("", "全部"), ("none", "未流动"), *Mobility.Kind.choices]
    )
    roll = forms.ChoiceField(label="在册", required=False, choices=[("", "在册"), ("ended", "已离开")])

    def narrow(self, members: MemberQuerySet) -> MemberQuerySet:
        """The members that fit."""
        wanted = {key: value for key, value in self.cleaned_data.items() if value}
        members = members.filter(ended_on__isnull="roll" not in wanted)
        if "name" in wanted:
            members = members.filter(name__contains=self.words("name"))
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

    class Meta:
        model = Member
        fields = PLAIN
        error_messages = {"number": {"unique": "这个党员编号已经登记在另一位党员名下，请核对。"}}

    field_order = [
        "name", "same_name", "sex", "ethnicity", "born", "identity", "education", "joined", "confirmed", "status",
        "number", "post", "group", "phone", "no_phone", "tags",
    ]  # fmt: skip

    def __init__(self, *args: Any, branch: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branch = branch
        person: Member = self.instance
        self.fields["sex"].choices = [("", "未填"), *Member.Sex.choices]  # type: ignore[attr-defined]
        for name in ("number", "ethnicity", "education", "post", "group"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if person.pk:
            self.initial["tags"] = [tag.kind for tag in person.tags.all()]
            for name, masked in (("identity", person.masked_identity), ("phone", person.masked_phone)):
                if masked:
                    self.fields[name].help_text = f"已登记 {masked}；不改请留空。"
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


class MobilityForm(forms.ModelForm):
    """A stretch away from, or as a guest in, the branch that begins."""

    since = DateField(label="起始日期", past=True)

    class Meta:
        model = Mobility
        fields = ["kind", "since", "place", "contact"]
        help_texts = {
            "kind": "流出外省市的在流入地参加，不计入本支部；市内流出的仍在本支部参加。",
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
        return kind


class MobilityEndForm(forms.Form):
    """When it ended."""

    until = DateField(label="结束日期", past=True)

    def __init__(self, *args: Any, mobility: Mobility, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mobility = mobility

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until < self.mobility.since:
            raise forms.ValidationError(f"结束日期不能早于起始日期（{self.mobility.since:%Y-%m-%d}）。")
        return until


class LeavingForm(forms.Form):
    """Leaving the roll: when and why."""

    ending = forms.ChoiceField(
        label="离开原因",
        choices=[("", "请选择"), *Member.Ending.choices],
        error_messages={"required": "请选择离开原因。", "invalid_choice": "请选择离开原因。"},
    )
    ended_on = DateField(label="离开日期", past=True)


class TransferForm(forms.Form):
    """To which branch; it must lie where the user keeps the roll."""

    code = forms.CharField(
        label="转入支部的组织编码",
        max_length=40,
        help_text="在“组织”页可以查到编码。只能转到您负责名册的支部；转出本平台的，请办“离开名册”。",
        error_messages={"required": "请填写转入支部的组织编码。"},
    )

    def __init__(self, *args: Any, member: Member, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member, self.user = member, user

    def clean_code(self) -> Organization:
        code = self.cleaned_data["code"].strip()
        branches: QuerySet[Organization] = Organization.objects.visible_to(self.user).branches().open()
        to = branches.filter(code__iexact=code).first()
        if to is None or not self.user.can(Permission.EDIT_ROLL, at=to):
            raise forms.ValidationError("在您负责名册的范围内没有这个编码的党支部，请核对。")
        if to.pk == self.member.branch_id:
            raise forms.ValidationError(f"{self.member}本来就在{to}。")
        return to
