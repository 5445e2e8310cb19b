"""Changing a draft's data in one place: a phase, a step, a requirement, by position."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

Data = dict[str, Any]
Path = tuple[int, ...]
CHILDREN = ("phases", "steps", "requirements")


class Gone(LookupError):
    """There is nothing at that position (any more)."""


def rows_at(data: Data, path: Path) -> list[Any]:
    """The list in which the thing at ``path`` stands: () = phases, (phase,) = steps, (phase, step) = requirements."""
    here: Any = data
    for depth, position in enumerate(path):
        above = here.get(CHILDREN[depth], [])
        if not 0 <= position < len(above):
            raise Gone
        here = above[position]
    rows: list[Any] = here.setdefault(CHILDREN[len(path)], [])
    return rows


def item(data: Data, path: Path) -> Data:
    """The phase, step or requirement at ``path``; raises ``Gone``."""
    rows = rows_at(data, path[:-1])
    if not 0 <= path[-1] < len(rows):
        raise Gone
    found: Data = rows[path[-1]]
    return found


def with_item(path: Path, values: Data) -> Callable[[Data], Data]:
    """New values for what stands at ``path``; its own parts stay."""

    def change(data: Data) -> Data:
        item(data, path).update(values)
        return data

    return change


def with_new(path: Path, values: Data) -> Callable[[Data], Data]:
    """One more at the end of the list at ``path``."""

    def change(data: Data) -> Data:
        rows_at(data, path).append(values)
        return data

    return change


def moved(path: Path, by: int) -> Callable[[Data], Data]:
    """One place up (-1) or down (1) among its neighbours; at the edge it stays."""

    def change(data: Data) -> Data:
        item(data, path)
        rows, position = rows_at(data, path[:-1]), path[-1]
        other = position + by
        if 0 <= other < len(rows):
            rows[position], rows[other] = rows[other], rows[position]
        return data

    return change


def without(path: Path) -> Callable[[Data], Data]:
    """It is gone, with everything in it."""

    def change(data: Data) -> Data:
        item(data, path)
        del rows_at(data, path[:-1])[path[-1]]
        return data

    return change


def changed(data: Data, change: Callable[[Data], Data]) -> Data:
    """A changed copy; raises ``Gone``."""
    return change(deepcopy(data))
