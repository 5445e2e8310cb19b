"""Finding organisations by part of the name, by its pinyin initials or by code, inside what the user sees.

Two ways, each good where the other is not: what is common turns up soon when one walks down the tree, and what is rare
has a short list in the index (``members.search_index``). So a search looks at the next organisations in tree order, and
only when they do not fill a page does it ask the index. Neither ever looks at more than it is allowed to. Without the
index (the embedded database) it walks to the end.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from members.models import Organization
from members.models.organization import OrganizationQuerySet
from members.search_index import TOKENS, is_ready, letter_tokens, name_tokens
from members.tree import tops, with_rolls

LONGEST = 40
SIZE = 50
WALK = 8_000  # organisations looked at in tree order
LISTED = 1_000  # hits of the index that are put in order; more are too many to read anyway
COMMON = 150_000  # expected hits from which on the index is slower than walking
MANY_TOPS = 20
PLAIN = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True)
class Word:
    """One of the words that must all fit. ``is_plain``: letters and digits only, so initials or the beginning of a code."""

    text: str

    @property
    def is_plain(self) -> bool:
        return PLAIN.fullmatch(self.text) is not None

    @property
    def as_code(self) -> Q:
        return Q(code__startswith=self.text) | Q(code__startswith=self.text.upper())

    def fits(self) -> Q:
        if self.is_plain:
            return Q(initials__contains=self.text.lower()) | self.as_code
        if any(character.isascii() for character in self.text):
            return Q(name__icontains=self.text) | self.as_code
        return Q(name__contains=self.text)

    def tokens(self) -> list[str]:
        return letter_tokens(self.text.lower()) if self.is_plain else name_tokens(self.text)


@dataclass
class Found:
    """Rows in tree order. ``next_after``: the path to go on from, or empty. ``is_partial``: there are so many hits that
    some before ``next_after`` may be left out; a longer search word would help."""

    rows: list[Organization] = field(default_factory=list)
    next_after: str = ""
    is_partial: bool = False


def search(user: Any, text: str, after: str = "", size: int = SIZE) -> Found:
    """The next ``size`` organisations after the path ``after`` that the user sees and that fit all words of ``text``.

    On the first page the one with exactly this code comes first.
    """
    words = [Word(part) for part in text.replace("\x00", "")[:LONGEST].split()]
    if not words:
        return Found()
    visible = Organization.objects.visible_to(user)
    if not is_ready(visible.db) and len(own := tops(user)) == 1:
        # The embedded database has no index for LIKE, but one for what lies between two paths.
        visible = visible.filter(path__range=(own[0].path, f"{own[0].path}ZZZZZ"))
    rest = visible.filter(path__gt=after) if after else visible
    answer = walk(user, rest, words, size)
    if not after and len(words) == 1:
        exact = visible.filter(code__in={words[0].text, words[0].text.upper()}).first()
        answer.rows = ([exact] if exact else []) + [row for row in answer.rows if row != exact]
    return answer


def among(organizations: OrganizationQuerySet, text: str, size: int) -> list[Organization]:
    """The first ``size`` of ``organizations`` that ``text`` fits: a part of the name, of its initials, or the beginning of the code."""
    word = Word(text)
    fits = organizations.filter(word.fits())
    if not is_ready(organizations.db) or not word.tokens():
        return list(fits[:size])
    found: dict[str, Organization] = {}
    for way in (fits.filter(indexed("@>", word.tokens())), organizations.filter(word.as_code)):
        # What is found everywhere is found soon in tree order; for the rest the index is asked.
        with by_index_only(organizations.db) if expected(way) < COMMON else nullcontext():
            found |= {row.path: row for row in way[:size]}
    return [found[path] for path in sorted(found)][:size]


def fitting(organizations: OrganizationQuerySet, words: Sequence[Word]) -> OrganizationQuerySet:
    for word in words:
        organizations = organizations.filter(word.fits())
    return organizations


def walk(user: Any, rest: OrganizationQuerySet, words: Sequence[Word], size: int) -> Found:
    """Look at the next organisations; ask the index when they do not fill the page and more follow."""
    end = rest.values_list("path", flat=True)[WALK - 1 : WALK].first() if is_ready(rest.db) else None
    near = list(fitting(rest.filter(path__lte=end) if end else rest, words)[: size + 1])
    if len(near) > size or end is None:
        return cut(near, size)
    paths, are_all = listed(user, rest, words)
    if are_all:
        return cut(list(Organization.objects.filter(path__in=paths[: size + 1])), size)
    if near or not paths:
        return Found(near, end, is_partial=not near)
    return Found(list(Organization.objects.filter(path__in=paths[:size])), paths[:size][-1], is_partial=True)


def cut(rows: list[Organization], size: int) -> Found:
    return Found(rows[:size], rows[size - 1].path if len(rows) > size else "")


def listed(user: Any, rest: OrganizationQuerySet, words: Sequence[Word]) -> tuple[list[str], bool]:
    """Paths of what the index finds, in order, and whether these are all."""
    tokens = [token for word in words for token in word.tokens()]
    narrowed = fitting(rest, words)
    ways = [narrowed.filter(indexed("@>", tokens), in_scope(user))] if tokens else []
    if len(words) == 1 and words[0].text.isascii():
        ways.append(rest.filter(words[0].as_code))
    paths: set[str] = set()
    are_all = bool(tokens)
    with by_index_only(rest.db):
        for way in ways:
            few = expected(way) < COMMON
            found = list(way.order_by().values_list("path", flat=True)[: LISTED + 1]) if few else []
            paths |= {*found}
            are_all = are_all and few and len(found) <= LISTED
    return sorted(paths), are_all


def indexed(operator: str, tokens: Sequence[str]) -> RawSQL:
    return RawSQL(f"{TOKENS} {operator} %s::text[]", [list(tokens)], output_field=BooleanField())  # noqa: S611


def in_scope(user: Any) -> Any:
    """One of the user's tops is above; that they see it at all is ``visible_to``'s to say."""
    above = [f"/{top.path}" for top in tops(user)]
    return indexed("&&", above) if len(above) <= MANY_TOPS else Q()


@contextmanager
def by_index_only(alias: str) -> Iterator[None]:
    """The planner takes hits to lie all over the tree; where they lie at its end, reading the table up to them is slow."""
    switches = ("enable_seqscan", "enable_indexscan")
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("".join(f"set local {name} = off;" for name in switches))
        yield
        cursor.execute("".join(f"set local {name} = on;" for name in switches))


def expected(organizations: OrganizationQuerySet) -> int:
    """How many rows the planner expects, from what it knows of how common each token is."""
    plan = json.loads(organizations.order_by().values("pk").explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


def with_trails(user: Any, rows: Sequence[Organization]) -> list[Organization]:
    """The same rows with ``on_roll`` and ``trail_names``, the way down to each as far as the user may follow it; two
    queries."""
    shown = tops(user)
    found = {row.pk: row for row in with_rolls(Organization.objects.filter(pk__in=[row.pk for row in rows]))}
    steps = {row.path[:n] for row in rows for n in range(row.steplen, len(row.path), row.steplen)}
    seen = [step for step in steps if any(step.startswith(top.path) for top in shown)]
    names = dict(Organization.objects.filter(path__in=seen).order_by().values_list("path", "name"))
    for row in found.values():
        above = (row.path[:n] for n in range(row.steplen, len(row.path), row.steplen))
        row.trail_names = [names[step] for step in above if step in names]
    return [found[row.pk] for row in rows if row.pk in found]
