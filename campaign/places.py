"""Coverage (覆盖面): which branches are in no batch, and which members have no place (S0 四: 覆盖到每一名共产党员)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaign.models import Campaign, Enrolment, Participation
from members.models import Member, Mobility
from members.scope import within

SHOWN = 100


@dataclass(frozen=True)
class Unplaced:
    """Counts, and the first names of each."""

    branches: int
    first_branches: list[Any]
    members: int
    first_members: list[dict[str, Any]]

    @property
    def more_branches(self) -> int:
        return self.branches - len(self.first_branches)

    @property
    def more_members(self) -> int:
        return self.members - len(self.first_members)


def unplaced(campaign: Campaign, branches: Any, *, named: Sequence[str]) -> Unplaced:
    """Of these branches: those in no batch; and members of the others who take part nowhere.

    Members come by name inside the ``named`` subtrees only.
    """
    enrolled = Enrolment.objects.filter(campaign=campaign).values("organization")
    waiting = branches.exclude(pk__in=enrolled)
    taking_part = Participation.objects.filter(campaign=campaign).active().values("member")
    lonely = Member.objects.on_roll().filter(branch__in=branches.filter(pk__in=enrolled)).exclude(pk__in=taking_part)
    people = list(
        lonely.filter(within(named, "branch__path")).select_related("branch").order_by("branch__path", "pk")[:SHOWN]
    )
    return Unplaced(waiting.count(), list(waiting[:SHOWN]), lonely.count(), with_reasons(people))


def with_reasons(people: list[Member]) -> list[dict[str, Any]]:
    """Why each takes part nowhere, in one query."""
    away = Mobility.objects.filter(member__in=people, kind=Mobility.Kind.OUT_OF_PROVINCE, until=None)
    places = dict(away.values_list("member_id", "place"))
    return [{"member": m, "reason": reason(places.get(m.pk))} for m in people]


def reason(place: str | None) -> str:
    if place is None:
        return "没有参加记录，请核对名册"
    return f"流出外省市{f'（{place}）' if place else ''}，应在流入地参加，请联系落实"
