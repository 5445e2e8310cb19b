"""Forms for reshaping the tree: what is chosen is shown with its effects first, and done when it is sent a second time unchanged."""

from typing import Any

from django import forms
from django.db.models import Q

from members.forms.organization import OrganizationForm
from members.forms.organization_search import OrganizationField
from members.models import Member, Organization
from members.models.organization import OrganizationQuerySet
from members.permissions import Permission
from members.scope import within


def shaped_by(user: Any) -> OrganizationQuerySet:
    """Open organisations whose shape the user may change."""
    found: OrganizationQuerySet = Organization.objects.open().filter(within(user.scopes(Permission.RESHAPE_TREE)))
    return found


class ReshapeForm(forms.Form):
    """``second`` is the other organisation concerned, if there is one."""

    def __init__(self, *args: Any, node: Organization, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.node, self.user = node, user

    @property
    def second(self) -> Organization | None:
        return self.cleaned_data.get("other")

    @property
    def fingerprint(self) -> str:
        """What was shown: the confirmation holds for this only."""
        return str(self.second.pk if self.second else self.node.pk)


class MergeForm(ReshapeForm):
    """Into which branch."""

    other = OrganizationField(label="并入的支部", error_messages={"required": "请填写并入哪个支部。"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].choices_from = shaped_by(self.user).branches().exclude(pk=self.node.pk)  # type: ignore[attr-defined]


class MoveForm(ReshapeForm):
    """Below which organisation."""

    other = OrganizationField(label="新的上级组织", error_messages={"required": "请填写新的上级组织。"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fitting = Q(kind__in=Organization.BRANCH_KINDS)
        fitting = fitting if self.node.kind == Organization.Kind.GROUP else ~fitting
        above = shaped_by(self.user).filter(fitting).exclude(kind=Organization.Kind.GROUP)
        self.fields["other"].choices_from = above.exclude(path__startswith=self.node.path)  # type: ignore[attr-defined]


class PeopleField(forms.ModelMultipleChoiceField):
    """Members by name, with their post and 党小组 where known."""

    def label_from_instance(self, obj: Any) -> str:
        facts = "，".join(fact for fact in (obj.post, obj.group) if fact)
        return f"{obj.name}（{facts}）" if facts else str(obj.name)


class SplitForm(OrganizationForm):
    """The new branch beside ``node``, and who goes there."""

    members = PeopleField(
        Member.objects.none(),
        label="转到新支部的党员",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请选择转到新支部的党员。"},
    )
    second = None

    class Meta(OrganizationForm.Meta):
        fields = ["name", "code", "kind", "sector"]

    def __init__(self, *args: Any, node: Organization, user: Any, **kwargs: Any) -> None:
        initial = {"sector": node.sector}
        super().__init__(*args, parent=Organization.objects.get_parent(node), initial=initial, **kwargs)
        self.node, self.user = node, user
        self.fields["members"].queryset = Member.objects.on_roll().filter(branch=node).order_by("group", "pk")  # type: ignore[attr-defined]
        branch_kinds = [(kind.value, str(kind.label)) for kind in Organization.BRANCH_KINDS]
        self.fields["kind"].choices = branch_kinds  # type: ignore[attr-defined]

    def clean_members(self) -> Any:
        chosen = self.cleaned_data["members"]
        if len(chosen) == Member.objects.on_roll().filter(branch=self.node).count():
            raise forms.ValidationError("原支部至少留一名党员。")
        return chosen

    @property
    def fingerprint(self) -> str:
        return "|".join([*map(str, self.values.values()), *(str(member.pk) for member in self.cleaned_data["members"])])

    @property
    def values(self) -> dict[str, Any]:
        """What the new branch starts with."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}
