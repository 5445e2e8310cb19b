"""Reminder rules register here; the portal writes their drafts once and carries them out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from portal.registry import Hooks


@dataclass(frozen=True)
class Draft:
    """A notice to be written unless its ``key`` has been before. ``url`` is a path of the portal."""

    recipient_id: int
    key: str
    kind: str
    text: str
    url: str = ""


NoticeSource = Callable[[date], Iterable[Draft]]
notice_sources: Hooks[NoticeSource] = Hooks("notice source")
