"""The three lists in which an organisation finds its transfers."""

from members.models import Organization, Transfer
from members.models.transfer import TransferQuerySet

LISTS = {"in": "待接收", "out": "转出中", "done": "历史"}


def listed(transfers: TransferQuerySet, node: Organization, shown: str) -> TransferQuerySet:
    """Those of one list that begin or end at ``node`` or below it."""
    if shown == "done":
        return (transfers.into(node) | transfers.out_of(node)).exclude(state=Transfer.State.WAITING)
    waiting = transfers.waiting()
    return waiting.into(node) if shown == "in" else waiting.out_of(node)
