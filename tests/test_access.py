"""Every address × method × role: foreign scope is 404, a missing right 403, and an address nobody described here fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from members.permissions import GRANTS, Permission, Role
from tests.world import World, build

P = Permission
HATS = {
    "secretary": Role.SECRETARY,
    "committee": Role.COMMITTEE,
    "office": Role.OFFICE,
    "leading": Role.LEADING_GROUP,
    "inspector": Role.INSPECTOR,
    "overseer": Role.OVERSEER,
    "administrator": Role.ADMINISTRATOR,
}
BRANCH = {"author", "colleague"}
ABOVE = set(HATS)
OUTSIDE = {"outsider", "stranger"}


def holders(permission: str) -> set[str]:
    """Who holds a permission at the home branch."""
    return {who for who, role in HATS.items() if permission in GRANTS[role]}


# Who finds the object at all.
SEEN: dict[str, set[str]] = {
    "home": ABOVE | BRANCH,
    "root": {"office", "leading", "administrator"},
    "member": holders(P.VIEW_NAMES) | {"author"},
    "enrolment": ABOVE | BRANCH,
    "session": holders(P.VIEW_STUDY) | BRANCH,
    "attendance": holders(P.VIEW_STUDY) | BRANCH,
    "own": holders(P.VIEW_NAMES) | {"author"},
    "analysis": holders(P.REVIEW_ANALYSIS) | {"author"},
    "opinions": holders(P.RECORD_EVALUATION),
    "gate": holders(P.VIEW_PROGRESS),
    "task": holders(P.VIEW_LEDGER) | {"author"},
    "roster": holders(P.IMPORT_ROSTER),
    "job": {"secretary"},
    "notice": {"secretary"},
    "campaign": ABOVE | BRANCH | OUTSIDE,
    "batch": ABOVE | BRANCH | OUTSIDE,
    "appointment": ABOVE,
}
