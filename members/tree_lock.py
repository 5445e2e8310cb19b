"""Who may change the shape of the tree while others write: locks on PostgreSQL for the rest of a transaction.

The embedded database has one writer at a time and needs none of them. Everybody takes them before any row, in this order: the turn, the
shape, rows; so nobody waits in a circle.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from members.models import Organization

SHAPE = 2005_01
TURN = 2005_02


def take_turn(organization: Organization) -> None:
    """One roster import or reshaping at a time under one topmost organisation: subtrees may overlap, and so may people."""
    if connection.vendor == "postgresql":
        top = Organization.objects.values_list("pk", flat=True).get(path=organization.path[: Organization.steplen])
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [TURN, top])


def share_shape() -> None:
    """Everybody who writes what is added up along the tree holds this: paths and sums stay where they are meanwhile."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [SHAPE])


def hold_shape() -> None:
    """Whoever moves a subtree, or the places where it is added up, is alone."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SHAPE])


@contextmanager
def changing_roll() -> Iterator[None]:
    """A transaction that locks rows before it tells of them (``roll_changed``), or fills sums."""
    with transaction.atomic():
        share_shape()
        yield
