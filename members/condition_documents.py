"""The registers of weak organisations and of units in difficulties, on paper and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from members.documents import find_organization
from members.forms.condition import ConditionFilterForm
from members.models import Organization, OrganizationCondition
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure

LIMIT = 20_000
HEADINGS = [
    "序号", "组织", "组织编码", "组织类型", "领域", "状态", "起始日期", "认定理由", "解除日期", "批准解除的负责人", "整顿或处理情况",
]  # fmt: skip


@dataclass(frozen=True)
class Register:
    """One node's register, with the filters that were set on the page."""

    node: Organization
    form: ConditionFilterForm

    @property
    def scope(self) -> Organization:
        return self.node


def find_register(params: Params, user: Any) -> Register:
    """Of the organisation ``organization`` out of the user's scope, otherwise ``Http404``."""
    return Register(find_organization(params, user), ConditionFilterForm(params))


def rows_of(register: Register, user: Any) -> list[list[str | int]]:
    """In tree order; raises ``JobFailure`` when there are too many for one file."""
    visible = OrganizationCondition.objects.visible_to(user).under(register.node).select_related("organization")
    found = list(register.form.narrow(visible).order_by("organization__path", "pk")[: LIMIT + 1])
    if len(found) > LIMIT:
        raise JobFailure(f"记录超过{LIMIT}条，请按下级组织分别打印或导出。")
    return [
        [
            number, record.organization.name, record.organization.code, record.organization.get_kind_display(),
            record.organization.get_sector_display(), record.get_condition_display(), str(record.since), record.reason,
            str(record.lifted_on or ""), record.lifted_name, record.lifted_note,
        ]
        for number, record in enumerate(found, 1)
    ]  # fmt: skip


def sheet(register: Register, params: Params, user: Any) -> dict[str, Any]:
    """The same without code and kind, for which a sheet has no room."""
    lines = [row[:2] + row[4:] for row in rows_of(register, user)]
    return {"node": register.node, "headings": HEADINGS[:2] + HEADINGS[4:], "lines": lines}


def tables(register: Register, params: Params, user: Any) -> Sequence[Table]:
    return [Table(register.form.title, HEADINGS, rows_of(register, user))]


documents.register(
    Document(
        code="condition-register",
        label="组织状态台账",
        find=find_register,
        title=lambda register: f"{register.node}{register.form.title}",
        permission=Permission.EXPORT,
        template="members/print/organization_register.html",
        data=sheet,
        tables=tables,
        landscape=True,
    )
)
