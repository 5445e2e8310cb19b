"""Carrying out what waits in an outbox: claim, hand over, note what came of it.

Two schedulers at once, a bell that rings twice or never, and a worker that is killed change nothing (docs/decisions/0009-outbox.md).
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from time import monotonic
from typing import Any

from portal.jobs import heartbeat
from portal.models.outgoing import Outgoing, OutgoingQuerySet
from portal.roads import Refused, Unclear

logger = logging.getLogger(__name__)
CHUNK = 500
# A round ends before the clock begins the next one.
ROUND_SECONDS = 540


class Round:
    """The time that one run of the clock may take."""

    def __init__(self) -> None:
        self.ends = monotonic() + ROUND_SECONDS

    @property
    def is_over(self) -> bool:
        return monotonic() > self.ends


def waiting(rows: OutgoingQuerySet, moment: datetime) -> Iterator[Any]:
    """What is due, in the order in which it was written; read in portions, so that no cursor stays open."""
    seen = 0
    while portion := list(rows.due(moment).filter(pk__gt=seen).order_by("pk")[:CHUNK]):
        yield from portion
        seen = portion[-1].pk


def deliver(row: Outgoing, moment: datetime, carry: Callable[[Any], None]) -> bool:
    """Hand one over, if it can be claimed; whether it went."""
    if not row.claim(moment):
        return False
    try:
        with heartbeat(row):
            carry(row)
    except Refused as refusal:
        logger.warning("%s %s refused: %s", row._meta.model_name, row.pk, refusal)
        row.put_off(str(refusal), moment)
        return False
    except Unclear as doubt:
        logger.warning("%s %s: outcome unknown: %s", row._meta.model_name, row.pk, doubt)
        row.mark_unclear(str(doubt))
        return False
    except Exception:
        # A fault of our own must keep no other from being sent; whether this one arrived nobody knows.
        logger.exception("%s %s broke off", row._meta.model_name, row.pk)
        row.mark_unclear("发送时出错，可能已经送达。")
        return False
    row.mark_sent()
    return True
