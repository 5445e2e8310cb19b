"""Lists page by key, never by offset: as fast on the last page as on the first."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from portal.paging import Page


def beyond(row: dict[str, Any], order: Sequence[str], *, backwards: bool) -> Q:
    """Rows that come after ``row`` in ``order`` (before it, ``backwards``)."""
    condition, same = Q(pk__in=[]), Q()
    for key in order:
        name, descending = key.lstrip("-"), key.startswith("-")
        condition |= same & Q(**{f"{name}__{'lt' if descending != backwards else 'gt'}": row[name]})
        same &= Q(**{name: row[name]})
    return condition


def reverse(order: Sequence[str]) -> list[str]:
    return [key[1:] if key.startswith("-") else f"-{key}" for key in order]


def url(request: HttpRequest, **change: object) -> str:
    """This address with another place in the list."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in change.items():
        query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def paged(request: HttpRequest, rows: QuerySet[Any], order: Sequence[str], size: int = 30) -> Page[Any]:
    """The page after ``?after=pk`` or before ``?before=pk``; the first where that key is not in the list.

    The last field of ``order`` must be unique (``pk``).
    """
    backwards = "before" in request.GET
    given = request.GET.get("before" if backwards else "after", "")
    names = [key.lstrip("-") for key in order]
    cursor = (
        rows.order_by().filter(pk=int(given)).values(*names).first() if given.isdecimal() and len(given) < 19 else None
    )
    if cursor is None:
        backwards = False
    else:
        rows = rows.filter(beyond(cursor, order, backwards=backwards))
    found = list(rows.order_by(*(reverse(order) if backwards else order))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    onward = found and (backwards or more)
    back = found and (more if backwards else cursor is not None)
    return Page(
        found,
        next_url=url(request, after=found[-1].pk) if onward else "",
        previous_url=url(request, before=found[0].pk) if back else "",
    )
