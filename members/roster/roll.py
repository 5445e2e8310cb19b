"""The roll of one subtree as it is, loaded in few queries and little memory."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db.models import BinaryField, ExpressionWrapper, F

from members.models import Member, MemberTag, Mobility, Organization
from members.models.member import MemberQuerySet
from members.models.since import partial_since
from portal.ciphers import unseal

CHUNK = 5_000
# Ciphertext is longer than its text by nonce and authentication tag.
OVERHEAD = 28


class Person(NamedTuple):
    """One member on the roll. ``identity`` and ``phone`` are still sealed: most rows never need them in clear."""

    pk: int
    number: str | None
    name: str
    branch: str
    sex: str
    ethnicity: str
    born: str
    education: str
    occupation: str
    joined: str
    confirmed: str
    status: str
    post: str
    group: str
    helper: str
    identity_index: str
    sealed_identity: bytes
    sealed_phone: bytes

    @property
    def identity(self) -> str:
        return unseal(self.sealed_identity, "member.identity")

    @property
    def phone(self) -> str:
        return unseal(self.sealed_phone, "member.phone")

    @property
    def has_old_identity(self) -> bool:
        """Whether the identity number is one of 15 digits."""
        return len(self.sealed_identity) == OVERHEAD + 15

    def described(self, branches: dict[str, str]) -> dict[str, Any]:
        """What tells people of one name apart, as far as a preview may show it."""
        return {
            "pk": self.pk,
            "name": self.name,
            "branch": branches.get(self.branch, ""),
            "born": self.born[:7],
            "joined": self.joined,
            "number": self.number or "",
            "tail": self.identity[-4:],
        }


def raw(name: str) -> ExpressionWrapper:
    """A sealed column as it lies in the database."""
    return ExpressionWrapper(F(name), output_field=BinaryField())


def fields_of(people: MemberQuerySet) -> Any:
    """Query set of the fields of ``Person``."""
    plain = ("pk", "number", "name", "branch__code", *Person._fields[4:-2])
    return people.values_list(*plain, raw("identity"), raw("phone"))


def people_under(root: Organization) -> Iterator[tuple[Any, ...]]:
    """Everyone on the roll, in the order of their keys, as the fields of ``Person``."""
    return fields_of(Member.objects.under(root).on_roll().order_by("pk")).iterator(chunk_size=CHUNK)


def traits_under(root: Organization) -> tuple[Iterator[Any], Iterator[Any]]:
    """Tags ``(member, kind)`` and open mobilities ``(member, kind, place, since, since_known)``."""
    # Joined, not "in" a selection: without fresh statistics the latter may be gone through for every single row.
    here = {"member__branch__path__startswith": root.path, "member__ended_on": None}
    tags = MemberTag.objects.filter(**here).order_by("member", "kind").values_list("member", "kind")
    open_ones = Mobility.objects.filter(**here, until=None).order_by("member", "kind")
    away = open_ones.values_list("member", "kind", "place", "since", "since_known")
    return tags.iterator(chunk_size=CHUNK), away.iterator(chunk_size=CHUNK)


class Roll:
    """People, tags and mobilities under ``root``; ``stamp`` is equal as long as nothing of it has changed.

    ``meet`` is shown everyone in the order of their keys. ``people`` are those whom it did not settle (``False``): a file
    mostly speaks of those who are on the roll, and then few have to be kept in memory.
    """

    def __init__(self, root: Organization, meet: Callable[[Person], bool]) -> None:
        self.people: list[Person] = []
        self.tags: dict[int, list[str]] = {}
        self.away: dict[int, dict[str, tuple[str, str]]] = {}
        seen: dict[str, str] = {}
        essence = tree_essence(root)
        for values in people_under(root):
            person = Person._make((*values[:-2], *map(bytes, values[-2:])))
            essence.update(repr(person[:]).encode())
            if not meet(person):
                texts = (seen.setdefault(value, value) for value in person[3:-3])
                self.people.append(Person._make((*person[:3], *texts, *person[-3:])))
        tags, away = traits_under(root)
        for owner, kind in tags:
            essence.update(repr((owner, kind)).encode())
            self.tags.setdefault(owner, []).append(kind)
        for owner, kind, place, since, known in away:
            essence.update(repr((owner, kind, place, since, known)).encode())
            self.away.setdefault(owner, {})[kind] = place, partial_since(since, known)
        self.stamp = essence.hexdigest()


def stamp_of(root: Organization) -> str:
    """The stamp of the roll as it is now, without keeping it in memory."""
    essence = tree_essence(root)
    for values in people_under(root):
        essence.update(repr((*values[:-2], *map(bytes, values[-2:]))).encode())
    for rows in traits_under(root):
        for row in rows:
            essence.update(repr(row).encode())
    return essence.hexdigest()


def tree_essence(root: Organization) -> Any:
    essence = hashlib.sha256()
    for row in (
        Organization.objects.under(root)
        .order_by("path")
        .values_list("pk", "path", "code", "name", "kind", "sector", "condition")
    ):
        essence.update(repr(row).encode())
    return essence
