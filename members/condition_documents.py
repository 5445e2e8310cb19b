"""The registers of weak organisations and of units in difficulties, on paper and as a table."""

from collections.abc import Sequence
from typing import Any

from members.forms.condition import ConditionFilterForm
from members.listing import Listing, listing_with
from members.models import OrganizationCondition
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure

LIMIT = 20_000
HEADINGS = [
    "序号", "组织", "组织编码", "组织类型", "领域", "状态", "起始日期", "认定理由", "解除日期", "批准解除的负责人", "整顿或处理情况",
]  # fmt: skip


def rows_of(register: Listing[ConditionFilterForm], user: Any) -> list[list[str | int]]:
    """In tree order; raises ``JobFailure`` when there are too many for one file."""
    visible = OrganizationCondition.objects.visible_to(user).under(register.node).select_related("organization")
    found = list(register.form.narrow(visible).order_by("organization__path", "pk")[: LIMIT + 1])
    if len(found) > LIMIT:
        raise JobFailure(f"记录超过{LIMIT}条，请按下级组织分别打印或导出。")
    return [
        [
            number, record.organization.name, record.organization.code, record.organization.get_kind_display(),
            record.organization.get_sector_display(), record.get_condition_display(), record.since_in_table, record.reason,
            str(record.lifted_on or ""), record.lifted_name, record.lifted_note,
        ]
        for number, record in enumerate(found, 1)
    ]  # fmt: skip


def sheet(register: Listing[ConditionFilterForm], params: Params, user: Any) -> dict[str, Any]:
    """The same without code and kind, for which a sheet has no room."""
    lines = [row[:2] + row[4:] for row in rows_of(register, user)]
    return {"node": register.node, "headings": HEADINGS[:2] + HEADINGS[4:], "lines": lines}


def tables(register: Listing[ConditionFilterForm], params: Params, user: Any) -> Sequence[Table]:
    return [Table(register.form.title, HEADINGS, rows_of(register, user))]


documents.register(
    Document(
        code="condition-register",
        label="组织状态台账",
        find=listing_with(ConditionFilterForm),
        title=lambda register: f"{register.node}{register.form.title}",
        permission=Permission.EXPORT,
        template="members/print/organization_register.html",
        data=sheet,
        tables=tables,
        landscape=True,
    )
)
