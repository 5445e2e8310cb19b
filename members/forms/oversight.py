"""Naming the local organisation that looks on."""

from typing import Any

from django import forms

from members.models import Organization

NAMESAKES = 5


class OverseerForm(forms.Form):
    """By code or full name, since it lies outside one's own subtree as a rule; empty: nobody."""

    overseer = forms.CharField(
        label="属地联系单位",
        required=False,
        max_length=120,
        help_text="填写对方的组织编码或全称；不再需要时留空。对方的“属地联系部门”人员可以看到本组织及下级的进度数字，看不到姓名和材料。",
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["overseer"].widget.attrs["autocomplete"] = "off"

    def clean_overseer(self) -> Organization | None:
        written = "".join(self.cleaned_data["overseer"].replace("\x00", "").split())
        if not written:
            return None
        standing = Organization.objects.open()
        found = list(standing.filter(code__iexact=written)[:1]) or list(standing.filter(name=written)[:NAMESAKES])
        if not found:
            raise forms.ValidationError(f"没有编码或全称是“{written}”的组织，请核对。")
        if len(found) > 1:
            raise forms.ValidationError(f"叫“{written}”的组织不止一个，请改填组织编码。")
        self.check_line(found[0])
        return found[0]

    def check_line(self, overseer: Organization) -> None:
        """Whoever is in the same line already sees more, or is looked at itself."""
        if overseer.contains(self.organization):
            raise forms.ValidationError(f"“{overseer}”是本组织或其上级，本来就能看到进度，不必另设。")
        if self.organization.contains(overseer):
            raise forms.ValidationError(f"“{overseer}”是本组织的下级，不能联系上级。")
