"""Keeping what became of members' records; every write to a member ends here."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils import timezone

from members.models import Member, MemberChange
from portal import bulk
from portal.ciphers import seal

CHUNK = 5_000
FIELDS = ("member", "at", "by", "capacity", "verb", "source", "changes")
SEAL = "member.change"
# One for all entries: ``json.dumps`` makes a new one for each.
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Change:
    """What one act did to one member: ``changes`` = ``{label: [old, new]}``, as people read the values."""

    member_id: int
    verb: str
    changes: dict[str, list[str]]


def keep_changes(entries: Iterable[Change], *, by: Any, source: str = "") -> int:
    """Keep them all, in the caller's transaction; returns how many. ``by`` may be ``None``: the portal itself did it."""
    now, kept, author = timezone.now(), 0, by.pk if by else None
    for chunk in chunks(entries):
        capacities = capacities_of(by, {entry.member_id for entry in chunk})
        rows = (
            (
                entry.member_id,
                now,
                author,
                capacities.get(entry.member_id, ""),
                entry.verb,
                source[:255],
                sealed(entry.changes),
            )
            for entry in chunk
        )
        bulk.insert(MemberChange, FIELDS, rows)
        kept += len(chunk)
    return kept


def sealed(changes: dict[str, list[str]]) -> bytes:
    return seal(ENCODER.encode(changes), SEAL)


def chunks(entries: Iterable[Change]) -> Iterator[list[Change]]:
    remaining = iter(entries)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def capacities_of(by: Any, members: set[int]) -> dict[int, str]:
    """In which capacity ``by`` acts on each: the appointment that reaches the branch, else any, else as the member in person."""
    if by is None:
        return {}
    hats = [(hat.organization.path, hat.title) for hat in by.hats]
    if not hats:
        return {by.member_id: "本人"}
    places = Member.objects.filter(pk__in=members).order_by().values_list("pk", "branch__path")
    return {pk: next((label for top, label in hats if path.startswith(top)), hats[0][1]) for pk, path in places}
