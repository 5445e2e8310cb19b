"""Writing the organisations of a checked plan: all at once, with the paths that the tree would have given them one by one."""

from collections.abc import Iterable, Iterator
from typing import Any

from members.models import Organization
from members.pinyin import initials_of
from members.roster.people import chunks
from members.roster.rows import CHANGED, CREATED, Row
from portal import bulk

FIELDS = ("name", "initials", "code", "kind", "sector", "path", "depth", "numchild")
CHANGEABLE = ("name", "kind", "sector")


class Seedlings:
    """Paths for new organisations: behind the last child of their parent, in the order in which they come."""

    def __init__(self, root: Organization) -> None:
        step = Organization.steplen
        self.paths: dict[str, str] = {}
        self.keys: dict[str, int] = {}
        self.children: dict[str, int] = {}
        self.last: dict[str, int] = {}
        for pk, code, path, children in Organization.objects.under(root).values_list("pk", "code", "path", "numchild"):
            self.paths[code], self.keys[path], self.children[path] = path, pk, children
            number = Organization._str2int(path[-step:])
            self.last[path[:-step]] = max(self.last.get(path[:-step], 0), number)
        self.grown: set[str] = set()

    def path_of(self, code: str, parent: str) -> str:
        """The path of a new organisation ``code`` below the one with code ``parent``."""
        above = self.paths[parent]
        number = self.last[above] = self.last.get(above, 0) + 1
        path = str(Organization._get_path(above, len(above) // Organization.steplen + 1, number))
        self.paths[code], self.children[path] = path, 0
        self.children[above] += 1
        self.grown.add(above)
        return path


def write_organizations(rows: list[Row], root: Organization) -> dict[str, int]:
    """Create and change organisations, parents first; returns the keys of those under ``root`` by code."""
    created = [row for row in rows if row.outcome == CREATED]
    if created:
        plant(created, Seedlings(root))
    bulk.update(Organization, (*CHANGEABLE, "initials"), list(changed(rows)))
    return dict(Organization.objects.under(root).values_list("code", "pk"))


def plant(rows: list[Row], seedlings: Seedlings) -> None:
    placed = [(row.values, seedlings.path_of(row.values["code"], row.values["parent_key"])) for row in rows]
    bulk.insert(Organization, FIELDS, (new_organization(said, path, seedlings) for said, path in placed))
    known = ((seedlings.keys[path], seedlings.children[path]) for path in seedlings.grown if path in seedlings.keys)
    bulk.update(Organization, ("numchild",), known)


def new_organization(said: dict[str, Any], path: str, seedlings: Seedlings) -> tuple[Any, ...]:
    name, depth = said["name"], len(path) // Organization.steplen
    children = seedlings.children[path]
    return name, initials_of(name), said["code"], said["kind"], said.get("sector", ""), path, depth, children


def changed(rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    """Key and new values of the organisations that the file changes."""
    targets = {row.target: row.values for row in rows if row.outcome == CHANGED}
    for chunk in chunks(pk for pk in targets if pk):
        for pk, *old in Organization.objects.filter(pk__in=chunk).values_list("pk", *CHANGEABLE):
            new = [targets[pk].get(key) or value for key, value in zip(CHANGEABLE, old, strict=True)]
            yield pk, *new, initials_of(new[0])
