"""A training of one member."""

from typing import Any

from django import forms

from campaign.forms.dates import EARLIEST
from campaign.models import Training
from members.forms.fields import DateField
from members.models import Member
from portal.forms.wording import plain_words


class TrainingForm(forms.ModelForm):
    """Subject, organiser, dates, days and hours."""

    starts_on = DateField(label="开始日期", earliest=EARLIEST, past=True)
    ends_on = DateField(label="结束日期", earliest=EARLIEST, past=True)
    days = forms.DecimalField(
        label="天数", max_digits=4, decimal_places=1, min_value=0, max_value=400, help_text="可以填半天，如 2.5。"
    )
    hours = forms.DecimalField(label="学时", max_digits=5, decimal_places=1, min_value=0, max_value=3000)

    class Meta:
        model = Training
        fields = ["subject", "organiser", "starts_on", "ends_on", "days", "hours"]
        help_texts = {"organiser": "如：县委党校。"}

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.member = member
        plain_words(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last, days = data.get("starts_on"), data.get("ends_on"), data.get("days")
        if first and last and first > last:
            self.add_error("ends_on", "结束日期早于开始日期，请检查。")
        elif first and last and days is not None and days > (last - first).days + 1:
            self.add_error("days", f"天数多于起止日期之间的{(last - first).days + 1}天，请检查。")
        if days is not None and not days:
            self.add_error("days", "天数须大于0，半天请填 0.5。")
        subject = data.get("subject", "")
        same = Training.objects.filter(member=self.instance.member, subject=subject).exclude(pk=self.instance.pk)
        if first and same.filter(starts_on=first).exists():
            self.add_error("subject", "这名党员同一天开始的同名培训已经登记过，不需要重复登记。")
        return data


class TrainingFileForm(forms.Form):
    """A list of trainings as a spreadsheet."""

    file = forms.FileField(
        label="培训名单",
        help_text="表头须有：姓名、培训内容、举办单位、开始日期、结束日期、天数、学时；有重名的再加“所在支部”或“党员编号”。",
        error_messages={"required": "请先选择文件。", "empty": "文件是空的，请检查是否选错了文件。"},
    )
