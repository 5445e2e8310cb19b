"""Who is told of a transfer: the receiving secretaries when it is asked, the sender when it is decided."""

from django.urls import reverse

from members.models import Appointment, Transfer
from members.permissions import Role
from portal.actions.notice import notify
from portal.notices import Draft

NEWS = "组织关系转接"


def tell_receivers(transfer: Transfer) -> None:
    """A notice to the secretaries of the receiving branch."""
    hats = Appointment.objects.current().filter(organization=transfer.target, role=Role.SECRETARY)
    text = f"{transfer.origin_name}的{transfer.member}请求把组织关系转到{transfer.target_name}，请接收或退回。"
    url = reverse("transfer-detail", args=[transfer.pk])
    receivers = sorted(set(hats.values_list("user_id", flat=True))) if transfer.target else []
    notify([Draft(person, f"transfer-{transfer.pk}-asked-{person}", NEWS, text, url) for person in receivers])


def tell_sender(transfer: Transfer) -> None:
    """A notice to who asked, unless they decided it themselves."""
    row = Transfer.objects.with_ends().get(pk=transfer.pk)
    if row.requested_by_id in {None, row.decided_by_id}:
        return
    text = f"{row.member}的组织关系转接（{row.origin_name}→{row.target_name}）：{row.standing}。{row.reason}"
    url = reverse("transfer-detail", args=[row.pk])
    notify([Draft(row.requested_by_id, f"transfer-{row.pk}-decided", NEWS, text, url)])
