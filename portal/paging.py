"""Long lists page by key: the next page begins after the last row shown, however deep one goes."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """The rows of one page, and where the neighbouring pages are (empty: there is none)."""

    rows: list[M]
    next_url: str = ""
    previous_url: str = ""


def newest_first(request: HttpRequest, rows: QuerySet[M], size: int) -> Page[M]:
    """One page of ``rows`` by falling primary key; ``?before=`` carries the key to go on from.

    Anything unreadable in its place starts at the newest.
    """
    before = request.GET.get("before", "")
    is_later_page = before.isascii() and before.isdigit() and len(before) < 19
    if is_later_page:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: size + 1])
    more = len(found) > size
    return Page(
        rows=found[:size],
        next_url=f"{request.path}?{urlencode({'before': found[size - 1].pk})}" if more else "",
        previous_url=request.path if is_later_page else "",
    )
