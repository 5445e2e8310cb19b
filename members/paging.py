"""Lists of organisations and members page by key, in the order of the tree."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from portal.paging import Page

M = TypeVar("M", bound=Model)


def key_of(text: str) -> int:
    """A primary key out of a query string; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def beyond(row: dict[str, Any], order: Sequence[str], comparison: str) -> Q:
    """Rows that come after (``gt``) or before (``lt``) ``row`` in ascending ``order``, whose last field is unique."""
    condition, same = Q(pk__in=[]), Q()
    for name in order:
        condition |= same & Q(**{f"{name}__{comparison}": row[name]})
        same &= Q(**{name: row[name]})
    return condition


def address(request: HttpRequest, **place: int) -> str:
    """This address with its filters, at another place of the list."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in place.items():
        query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def in_order(request: HttpRequest, rows: QuerySet[M], order: Sequence[str], size: int = 50) -> Page[M]:
    """The page after ``?after=pk`` or before ``?before=pk``; a key that is not in the list gives the first page."""
    backwards = "before" in request.GET
    cursor = rows.order_by().filter(pk=key_of(request.GET.get("before" if backwards else "after", ""))).values(*order)
    start = cursor.first()
    if start is None:
        backwards = False
    else:
        rows = rows.filter(beyond(start, order, "lt" if backwards else "gt"))
    found = list(rows.order_by(*(f"-{name}" if backwards else name for name in order))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    return Page(
        rows=found,
        next_url=address(request, after=found[-1].pk) if found and (backwards or more) else "",
        previous_url=address(request, before=found[0].pk) if found and (more if backwards else start) else "",
    )
