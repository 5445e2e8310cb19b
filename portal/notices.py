"""Reminder rules, and what whole groups are told, register here; the portal writes drafts once and carries them out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

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


@dataclass(frozen=True)
class GroupLine:
    """One line to a whole group: a number and where to look, never a name of a person."""

    text: str
    url: str = ""
    kind: str = ""


GroupSource = Callable[[Any, date], Iterable[GroupLine]]
# Asked with an organisation and a day: what those who look after it should know.
group_sources: Hooks[GroupSource] = Hooks("lines to a group")
