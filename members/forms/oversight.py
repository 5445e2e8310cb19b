"""Naming the local organisation that looks on."""

from typing import Any

from django import forms

from members.forms.organization_search import OrganizationField
from members.models import Organization


class OverseerForm(forms.Form):
    """Looked up among all organisations, since it lies outside one's own subtree as a rule; empty: nobody."""

    overseer = OrganizationField(
        label="属地联系单位",
        required=False,
        help_text="写名称、拼音首字母或编码查找；不再需要时留空。对方的“属地联系部门”人员可以看到本组织及下级的进度数字，看不到姓名和材料。",
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["overseer"].choices_from = Organization.objects.open()  # type: ignore[attr-defined]

    def clean_overseer(self) -> Organization | None:
        overseer: Organization | None = self.cleaned_data["overseer"]
        if overseer is not None:
            self.check_line(overseer)
        return overseer

    def check_line(self, overseer: Organization) -> None:
        """Whoever is in the same line already sees more, or is looked at itself."""
        if overseer.contains(self.organization):
            raise forms.ValidationError(f"“{overseer}”是本组织或其上级，本来就能看到进度，不必另设。")
        if self.organization.contains(overseer):
            raise forms.ValidationError(f"“{overseer}”是本组织的下级，不能联系上级。")
