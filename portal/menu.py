"""What each room adds to the menu and to a person's own page; filled when the room loads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.registry import Hooks, Registry


@dataclass(frozen=True)
class MenuEntry:
    """One link of the main menu, shown when ``shown(user)``. ``url(user)`` is a path; ``icon`` a name under static/icons;
    ``areas`` are the beginnings of further paths that belong to it (``*``: any one part). ``own``: about the person alone; folded away
    for those who also have an office to fill."""

    code: str
    label: str
    url: Callable[[Any], str]
    shown: Callable[[Any], bool]
    icon: str = "file"
    order: int = 50
    areas: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True)
class Duty:
    """One thing that is asked of a person, on their own page: what, until when, where, and whether it is late."""

    text: str
    url: str
    due: date | None = None
    group: str = ""
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """A part of the home page: ``context(user)`` fills ``template``, or is ``None`` when it does not concern the user. Those of
    ``order`` 0 stand above the duties."""

    code: str
    template: str
    context: Callable[[Any], dict[str, Any] | None]
    order: int = 50


menu: Registry[MenuEntry] = Registry("menu entry")
duties: Hooks[Callable[[Any], Iterable[Duty]]] = Hooks("duties of a person")
panels: Registry[Panel] = Registry("home panel")
