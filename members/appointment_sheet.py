"""Who is what, where, since and until, as a table."""

from collections.abc import Sequence
from typing import Any

from members.forms.appointment import AppointmentFilterForm
from members.listing import find_organization
from members.models import Appointment, Organization
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure

ROWS = 50_000
HEADINGS = ["序号", "组织", "职责", "姓名", "账号", "起始日期", "结束日期", "状态", "受谁委托"]


def appointment_tables(node: Organization, params: Params, user: Any) -> Sequence[Table]:
    """The rows of the list with the same filters, in tree order; raises ``JobFailure`` when there are too many."""
    hats = AppointmentFilterForm(params).narrow(Appointment.objects.visible_to(user).under(node)).with_people()
    found = list(hats.order_by("organization__path", "role", "pk")[: ROWS + 1])
    if len(found) > ROWS:
        raise JobFailure(f"任职记录超过{ROWS}条，请按下级组织分别导出，或先筛选。")
    rows = [
        [
            number, hat.organization.name, hat.title, str(hat.user), hat.user.username, str(hat.since),
            str(hat.ended_on or ""), hat.condition, str(hat.delegated_from.user) if hat.delegated_from else "",
        ]
        for number, hat in enumerate(found, 1)
    ]  # fmt: skip
    return [Table("任职一览表", HEADINGS, rows)]


documents.register(
    Document(
        code="appointments",
        label="任职一览表",
        find=find_organization,
        title=lambda node: f"{node}任职一览表",
        permission=Permission.VIEW_APPOINTMENTS,
        tables=appointment_tables,
    )
)
