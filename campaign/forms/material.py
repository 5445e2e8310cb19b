"""A material of a reading list."""

from typing import Any

from django import forms

from campaign.forms.dates import EARLIEST
from campaign.models import Campaign, Enrolment, Material
from campaign.models.material import EVERYBODY, groups
from members.forms.fields import DateField
from members.models import Organization
from portal.forms.wording import plain_words


class MaterialForm(forms.ModelForm):
    """What it is, for whom, by when. Files are added afterwards, on the material's page."""

    audience_code = forms.ChoiceField(label="学习对象", initial=EVERYBODY)
    sectors = forms.MultipleChoiceField(
        label="适用领域",
        required=False,
        choices=Organization.Sector.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="不勾选表示各领域都适用。",
    )
    due_on = DateField(label="学完日期", required=False, earliest=EARLIEST, help_text="可以不填。")
    link = forms.URLField(
        label="网址",
        required=False,
        max_length=400,
        assume_scheme="https",
        error_messages={"invalid": "网址不完整，请从浏览器地址栏复制，如 https://www.example.cn/…"},
    )
    position = forms.IntegerField(
        label="顺序", min_value=0, max_value=999, initial=0, help_text="从小到大排列，相同的按登记先后。"
    )

    class Meta:
        model = Material
        fields = ["title", "required", "audience_code", "sectors", "due_on", "position", "text", "link"]
        labels = {"required": "必学（不勾选为选学）"}
        widgets = {"text": forms.Textarea({"rows": 6})}
        help_texts = {"text": "材料的内容、摘要或出处。较长的文章请作为附件上传。"}

    def __init__(self, *args: Any, campaign: Campaign, enrolment: Enrolment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.campaign, self.instance.enrolment = campaign, enrolment
        self.fields["audience_code"].choices = [(g.code, g.label) for g in groups()]  # type: ignore[attr-defined]
        self.fields["sectors"].initial = self.instance.sectors
        if enrolment is not None:
            del self.fields["sectors"]
        plain_words(self)

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        same = Material.objects.filter(
            campaign=self.instance.campaign_id, enrolment=self.instance.enrolment_id, title=title
        )
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("目录里已有同名的材料。请修改那一份，或另取名称。")
        return title

    def material(self) -> Material:
        """The unsaved material."""
        found: Material = self.instance
        found.sectors = self.cleaned_data.get("sectors", [])
        return found
