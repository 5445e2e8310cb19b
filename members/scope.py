"""Subtrees: the language in which scope is spoken."""

from collections.abc import Iterable

from django.db.models import Q


def within(paths: Iterable[str], field: str = "path") -> Q:
    """Rows whose organisation (``field`` leads to its materialised path) lies in one of the subtrees; no paths match nothing."""
    condition = Q(pk__in=[])
    for path in sorted(set(paths)):
        condition |= Q(**{f"{field}__startswith": path})
    return condition
