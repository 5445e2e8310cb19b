"""Ways on which a person's daily digest leaves the portal: e-mail here, the organisation's messenger in the room above."""

from typing import Any, Protocol

from django.db.models import QuerySet

from portal.registry import Registry


class Refused(Exception):
    """It certainly did not arrive; the message (Chinese) says why. It is tried again after a pause."""


class Unclear(Exception):
    """It was handed over and the answer did not come: it may have arrived."""


class Road(Protocol):
    """Of several that reach a person the one of the lowest ``order`` is taken: nobody gets a digest twice."""

    @property
    def code(self) -> str: ...

    @property
    def order(self) -> int: ...

    def people(self) -> QuerySet[Any]:
        """Primary keys of the accounts that it reaches, as a subquery."""
        ...

    def open(self) -> None:
        """Be ready to carry the next one; raises ``OSError`` when the other side can't be reached. Costs no attempt."""
        ...

    def carry(self, digest: Any) -> None:
        """Hand over one digest; raises ``Refused`` or ``Unclear``."""
        ...

    def close(self) -> None: ...


class RoadKind(Protocol):
    """Makes a road for one round: what it holds (a connection, who just failed) is of that round alone."""

    @property
    def code(self) -> str: ...

    def __call__(self) -> Road: ...


roads: Registry[RoadKind] = Registry("road")


def by_precedence() -> list[Road]:
    return sorted((kind() for kind in roads), key=lambda road: road.order)
