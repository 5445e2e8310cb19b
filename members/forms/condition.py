"""Putting organisations into a condition, lifting it, and narrowing the register of those that are in one."""

from typing import Any

from django import forms
from django.db.models import Q

from members.forms.fields import DateField, FilterForm
from members.models import Organization, OrganizationCondition
from members.models.condition import IN_DIFFICULTY, TO_MEND, OrganizationConditionQuerySet

Condition = Organization.Condition
GROUPS = {
    "mend": ("整顿台账", TO_MEND),
    "difficulty": ("困难单位", IN_DIFFICULTY),
}
LEAST = 4


def words(label: str, missing: str, **options: Any) -> forms.CharField:
    """Some lines of text that must say something."""
    return forms.CharField(
        label=label,
        max_length=2000,
        min_length=LEAST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": missing, "min_length": missing},
        **options,
    )


class ConditionForm(forms.Form):
    """Which condition, since when, and why."""

    condition = forms.ChoiceField(
        label="状态",
        choices=[("", "请选择"), *(choice for choice in Condition.choices if choice[0] != Condition.NORMAL)],
        help_text="软弱涣散、班子不健全、隶属不明确的，须先整顿，活动才能启动；停产、关闭破产、改制的可以另定时间和要求。",
        error_messages={"required": "请选择状态。"},
    )
    since = DateField(label="起始日期", past=True)
    reason = words("认定理由", "请写明认定的理由，如存在哪些问题、依据哪次检查。")

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization

    def clean_condition(self) -> str:
        condition: str = self.cleaned_data["condition"]
        if self.organization.conditions.holding().filter(condition=condition).exists():
            raise forms.ValidationError(
                f"{self.organization}已登记为“{Condition(condition).label}”，尚未解除，不必重复登记。"
            )
        return condition


class LiftForm(forms.Form):
    """What was done, who answers for the end of it, and when."""

    note = words("整顿或处理情况", "请写明做了哪些工作、现在的情况怎样。")
    name = forms.CharField(
        label="批准解除的负责人",
        max_length=60,
        help_text="填写姓名，如区委组织部部长王芳。",
        error_messages={"required": "请填写批准解除的负责人姓名。"},
    )
    on = DateField(label="解除日期", past=True)

    def __init__(self, *args: Any, record: OrganizationCondition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on < self.record.since:
            raise forms.ValidationError(f"解除日期不能早于起始日期（{self.record.since_in_table}）。")
        return on


class ConditionFilterForm(FilterForm):
    """What the register shows; ``group`` is the register itself: 整顿台账 or 困难单位."""

    q = forms.CharField(label="组织名称", required=False, max_length=40)
    condition = forms.ChoiceField(label="状态", required=False)
    sector = forms.ChoiceField(label="领域", required=False, choices=[("", "全部领域"), *Organization.Sector.choices])
    state = forms.ChoiceField(
        label="是否解除", required=False, choices=[("", "尚未解除"), ("lifted", "已解除"), ("all", "全部")]
    )

    def __init__(self, data: Any) -> None:
        self.group = data.get("group") if data.get("group") in GROUPS else "mend"
        super().__init__(data)

    @property
    def title(self) -> str:
        return GROUPS[self.group][0]

    def full_clean(self) -> None:
        conditions = [(each.value, each.label) for each in GROUPS[self.group][1]]
        self.fields["condition"].choices = [("", "全部状态"), *conditions]  # type: ignore[attr-defined]
        super().full_clean()

    def narrow(self, records: OrganizationConditionQuerySet) -> OrganizationConditionQuerySet:
        """The records that fit."""
        records = records.filter(condition__in=GROUPS[self.group][1])
        wanted = {key: value for key, value in self.cleaned_data.items() if value}
        if wanted.get("state") != "all":
            records = records.filter(lifted_on__isnull="state" not in wanted)
        if "condition" in wanted:
            records = records.filter(condition=wanted["condition"])
        if "sector" in wanted:
            records = records.filter(organization__sector=wanted["sector"])
        if named := self.words("q"):
            records = records.filter(Q(organization__name__contains=named) | Q(organization__code__istartswith=named))
        return records
