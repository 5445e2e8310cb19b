"""What becomes of a finding: the room of the ledger registers here how one is opened and how it stands."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from campaign.models import Finding
from portal.registry import Registry


@dataclass(frozen=True)
class Standing:
    """How a finding stands in the ledger: state in words, who is responsible, by when; ``url``: its page."""

    state: str
    responsible: str
    due_on: date
    open: bool
    overdue: bool
    url: str


@dataclass(frozen=True)
class FindingLedger:
    """``take(finding, by)`` opens the entry (once; ``False``: nobody there can be responsible yet);
    ``standings(ids)`` tells how findings stand; ``overdue()`` are the ids of those past their day."""

    code: str
    take: Callable[[Finding, Any], bool]
    standings: Callable[[Collection[int]], dict[int, Standing]]
    overdue: Callable[[], Any]


ledgers: Registry[FindingLedger] = Registry("ledger of findings")


def take_up(finding: Finding, by: Any) -> bool:
    """Bring the finding into the ledger of the unit that puts it right; ``False`` if nobody there can be responsible yet."""
    return all(ledger.take(finding, by) for ledger in ledgers)


def with_standings(findings: Collection[Finding]) -> list[tuple[Finding, Standing | None]]:
    """Each finding with how it stands; ``None``: not in the ledger yet."""
    known: dict[int, Standing] = {}
    for ledger in ledgers:
        known |= ledger.standings([finding.pk for finding in findings])
    return [(finding, known.get(finding.pk)) for finding in findings]


def overdue(findings: Any) -> Any:
    """Of these findings (a queryset) those whose entry is open and past its day."""
    late: list[Any] = [ledger.overdue() for ledger in ledgers]
    return findings.filter(pk__in=late[0]) if late else findings.none()
