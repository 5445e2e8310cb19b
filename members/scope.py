"""Subtrees: the language in which scope is spoken."""

from collections.abc import Iterable
from itertools import groupby

from django.db.models import F, Q
from django.db.models.functions import Substr
from django.db.models.lookups import In

# Beyond so many subtrees (who oversees hundreds of units) the embedded database refuses one condition for each.
MANY = 300


def within(paths: Iterable[str], field: str = "path") -> Q:
    """Rows whose organisation (``field`` leads to its materialised path) lies in one of the subtrees; no paths match nothing."""
    condition, tops = Q(pk__in=[]), sorted(set(paths))
    if len(tops) > MANY:
        for length, same in groupby(sorted(tops, key=len), key=len):
            condition |= Q(In(Substr(F(field), 1, length), list(same)))
        return condition
    for path in tops:
        condition |= Q(**{f"{field}__startswith": path})
    return condition
