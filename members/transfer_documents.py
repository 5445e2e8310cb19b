"""The letter of introduction (党员组织关系介绍信) and the lists of transfers as a table."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils import timezone

from members.actions.member import open_contact
from members.listing import find_organization
from members.models import Organization, Transfer
from members.permissions import Permission
from members.scope import within
from members.transfer_lists import LISTS, listed
from portal.documents import Document, Params, Table, documents
from portal.jobs import JobFailure
from portal.paging import key_of

IN_TABLE = 50_000
HEADINGS = [
    "序号", "姓名", "类型", "从", "到", "状态", "介绍信编号", "介绍信日期", "有效期至", "提出人", "提出时间", "办结人", "办结时间", "理由",
]  # fmt: skip


def find_letter(params: Params, user: Any) -> Transfer:
    """The transfer ``transfer`` (primary key) that leaves a branch whose roll the user keeps.

    Raises ``Http404`` when the user does not see that branch's names, ``PermissionDenied`` when they do not keep its roll.
    """
    sending = Transfer.objects.filter(within(user.scopes(Permission.VIEW_NAMES), "origin__path"))
    transfer = get_object_or_404(sending.with_ends(), pk=key_of(params["transfer"]))
    if not user.can(Permission.EDIT_ROLL, at=transfer.origin):
        raise PermissionDenied
    return transfer


def letter(transfer: Transfer, params: Params, user: Any) -> dict[str, Any]:
    """Identity number and telephone in full only where the user may see them, and then noted for the member to see."""
    member = transfer.member
    in_full = user.can(Permission.VIEW_CONTACT, at=transfer.origin)
    if in_full and member.pk != user.member_id and (member.identity or member.phone):
        open_contact(member=member, by=user)
    return {
        "transfer": transfer,
        "member": member,
        "identity": member.identity if in_full else member.masked_identity,
        "phone": member.phone if in_full else member.masked_phone,
        "dated": transfer.letter_date or timezone.localdate(transfer.requested_at),
    }


def transfer_tables(node: Organization, params: Params, user: Any) -> Sequence[Table]:
    """One of the three lists of an organisation, the latest first."""
    shown = params.get("list", "in")
    shown = shown if shown in LISTS else "in"
    rows = listed(Transfer.objects.visible_to(user), node, shown).with_ends().order_by("-pk")
    found = list(rows[: IN_TABLE + 1])
    if len(found) > IN_TABLE:
        raise JobFailure(f"{node}及下级的转接超过{IN_TABLE}份，请按下级组织分别导出。")
    lines = [
        [
            number, t.member.name, t.get_kind_display(), t.origin_name, t.target_name, t.standing, t.letter_number,
            t.letter_date, t.expires_on, str(t.requested_by or ""), moment(t.requested_at), str(t.decided_by or ""),
            moment(t.decided_at), t.reason,
        ]
        for number, t in enumerate(found, 1)
    ]  # fmt: skip
    return [Table(LISTS[shown], HEADINGS, lines)]


def moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


documents.register(
    Document(
        code="transfer-letter",
        label="组织关系介绍信",
        find=find_letter,
        title=lambda transfer: f"{transfer.member}的组织关系介绍信",
        template="members/print/transfer_letter.html",
        data=letter,
        look="official",
    )
)
documents.register(
    Document(
        code="transfers",
        label="组织关系转接表",
        find=find_organization,
        title=lambda node: f"{node}组织关系转接",
        permission=Permission.VIEW_NAMES,
        tables=transfer_tables,
    )
)
