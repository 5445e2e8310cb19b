"""Setting up and changing an organisation."""

from typing import Any

from django import forms

from members.models import Member, Organization

Kind = Organization.Kind


class OrganizationForm(forms.ModelForm):
    """``parent`` is where the organisation is, or will be, in the tree (``None``: at its top)."""

    class Meta:
        model = Organization
        fields = ["name", "code", "kind", "sector"]
        help_texts = {
            "name": "写全称，同一上级之下不能重名。",
            "code": "在整个平台内唯一，导入名册时凭它辨认组织。",
        }
        error_messages = {
            "name": {"required": "请填写组织名称。"},
            "code": {"required": "请填写组织编码。", "unique": "这个组织编码已被使用，请核对或换一个。"},
            "kind": {"required": "请选择组织类型。"},
        }

    def __init__(self, *args: Any, parent: Organization | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parent = parent
        self.fields["kind"].choices = [("", "请选择"), *self.kinds()]  # type: ignore[attr-defined]
        self.fields["sector"].choices = [("", "未填"), *Organization.Sector.choices]  # type: ignore[attr-defined]
        for name in ("name", "code"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def kinds(self) -> list[tuple[str, str]]:
        """What may stand here: below a branch only groups, and groups only there."""
        below_branch = self.parent is not None and self.parent.is_branch
        return [(kind.value, str(kind.label)) for kind in Kind if (kind == Kind.GROUP) == below_branch]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        siblings = Organization.objects.filter(depth=self.parent.depth + 1 if self.parent else 1, name=name)
        if self.parent:
            siblings = siblings.under(self.parent)
        if siblings.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"{self.parent or '最上层'}之下已有“{name}”，请核对，或写明区别。")
        return name

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        return code.strip()

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if self.instance.pk and kind not in Organization.BRANCH_KINDS:
            if Member.objects.on_roll().filter(branch=self.instance).exists():
                raise forms.ValidationError("名册上还有党员，只能是党支部或联合党支部。请先把党员转到别的支部。")
        elif self.instance.pk and self.instance.children().exclude(kind=Kind.GROUP).exists():
            raise forms.ValidationError("下面还有党组织，不能改为党支部。")
        return kind
