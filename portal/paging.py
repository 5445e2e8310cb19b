"""Lists page by key, never by offset: as fast on the last page as on the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
SEARCHED = 60


@dataclass(frozen=True)
class Page(Generic[M]):
    """The rows of one page, and where the neighbouring pages are (empty: there is none)."""

    rows: list[M]
    next_url: str = ""
    previous_url: str = ""


def is_number(text: str) -> bool:
    """Whether ``text``, which came from outside, can be a primary key."""
    return text.isascii() and text.isdigit() and len(text) < 19


def key_of(text: str) -> int:
    """A primary key out of a query string; 0, which no row has, for anything else."""
    return int(text) if is_number(text) else 0


def words(request: HttpRequest) -> str:
    """What is searched for (``?q=``), without what no database takes."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:SEARCHED]


def paged(request: HttpRequest, rows: QuerySet[M], order: Sequence[str], size: int = 50) -> Page[M]:
    """The page after ``?after=pk`` or before ``?before=pk``; the first where that row is not in the list.

    ``order`` may mix directions (``-held_at``, ``pk``); its fields hold no nulls and the last one is unique.
    """
    backwards = "before" in request.GET
    cursor = row_at(rows, key_of(request.GET.get("before" if backwards else "after", "")), order)
    backwards = backwards and cursor is not None
    if cursor is not None:
        rows = rows.filter(beyond(cursor, order, backwards=backwards))
    found = list(rows.order_by(*(reverse(order) if backwards else order))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page([], previous_url=address(request) if cursor is not None else "")
    onward = backwards or more
    back = more if backwards else cursor is not None
    return Page(
        found,
        next_url=address(request, after=found[-1].pk) if onward else "",
        previous_url=address(request, before=found[0].pk) if back else "",
    )


def row_at(rows: QuerySet[M], pk: int, order: Sequence[str]) -> dict[str, Any] | None:
    """What ``order`` reads of the row with this key, if it is in the list."""
    if not pk:
        return None
    return rows.order_by().filter(pk=pk).values(*(key.removeprefix("-") for key in order)).first()


def beyond(row: dict[str, Any], order: Sequence[str], *, backwards: bool) -> Q:
    """Rows that come after ``row`` in ``order`` (before it, ``backwards``)."""
    condition, same = Q(pk__in=[]), Q()
    for key in order:
        name, descending = key.removeprefix("-"), key.startswith("-")
        condition |= same & Q(**{f"{name}__{'lt' if descending != backwards else 'gt'}": row[name]})
        same &= Q(**{name: row[name]})
    return condition


def reverse(order: Sequence[str]) -> list[str]:
    return [key[1:] if key.startswith("-") else f"-{key}" for key in order]


def address(request: HttpRequest, **place: int) -> str:
    """This address with its filters, at another place of the list."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in place.items():
        query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path
