"""Progress is ready before anyone asks, and never stale.

Whoever changes a record does it inside ``recording(enrolments)``: the enrolment rows are locked in tree order, the records change, and in a
later statement the units' numbers are counted anew from the records; the differences go to the roll-up points above. Locks are taken in one
order: the shape (shared), enrolments, coverage rows, sums.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, overload

from django.db import connection, transaction
from django.db.models.query import QuerySet
from django.utils.functional import cached_property

from campaign.models import NEVER, Batch, Campaign, Enrolment, PhaseRun, Reach, Requirement
from campaign.progress.counting import (
    NOTHING,
    Figures,
    count,
    count_all,
    is_done,
    is_waived,
    subjects,
    tally,
    unmet,
)
from campaign.progress.coverage import reach_of
from campaign.progress.ledgers import PROGRESS, REACH, STANDING, Entry, Points, store
from campaign.progress.ready import figures_by_child, figures_of
from members.models import Organization
from members.tree_lock import share_shape
from portal import statements

__all__ = [
    "NOTHING",
    "Figures",
    "count",
    "count_all",
    "fill",
    "figures_by_child",
    "figures_of",
    "is_done",
    "is_waived",
    "reached",
    "recompute",
    "recording",
    "refresh",
    "subjects",
    "tally",
    "unmet",
]


class Pending(threading.local):
    """What the outermost ``recording`` of this thread has to bring up to date at its end: enrolments with the state in which they were
    locked, and branches whose coverage may have changed."""

    depth = 0

    def __init__(self) -> None:
        self.enrolments: dict[int, tuple[Any, ...]] = {}
        self.branches: set[int] = set()


pending = Pending()
made_requirements: dict[int, tuple[Any, list[Requirement]]] = {}
# Up to so many units each have their own statement, which is kept; more are counted together.
FEW = 20
PORTION = 1000


class Locked(Sequence[Enrolment]):
    """Enrolments whose rows are locked, in tree order; read when somebody looks at them."""

    def __init__(self, keys: list[int]) -> None:
        self.keys = keys

    @cached_property
    def rows(self) -> list[Enrolment]:
        found = Enrolment.objects.select_related("organization").in_bulk(self.keys)
        return [found[pk] for pk in self.keys]

    @overload
    def __getitem__(self, place: int) -> Enrolment: ...
    @overload
    def __getitem__(self, place: slice) -> list[Enrolment]: ...
    def __getitem__(self, place: int | slice) -> Enrolment | list[Enrolment]:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.keys)


def lock(enrolments: Iterable[int]) -> list[tuple[int, Any, Any]]:
    """Lock the rows in tree order (their ids, states, first days); on the embedded database the immediate transaction is the lock."""
    keys = list(enrolments)

    def asked(keys: list[int]) -> QuerySet[Any, Any]:
        rows = Enrolment.objects.filter(pk__in=keys).in_tree_order().values_list("pk", "state", "started_on")
        return rows.select_for_update(of=("self",)) if connection.features.has_select_for_update else rows

    if len(keys) == 1:
        return statements.run("lock", lambda: [asked([statements.stand_in()])], *keys)
    return list(asked(keys)) if keys else []


@contextmanager
def recording(enrolments: Iterable[int]) -> Iterator[Sequence[Enrolment]]:
    """A transaction in which records of these enrolments may change; yields the locked rows. Their numbers are recomputed at the end
    of the outermost one."""
    with transaction.atomic():
        outermost = pending.depth == 0
        if outermost:
            share_shape()
        pending.depth += 1
        try:
            locked = lock(enrolments)
            for pk, state, started_on in locked:
                pending.enrolments.setdefault(pk, (state, started_on))
            yield Locked([row[0] for row in locked])
            if outermost:
                bring_up_to_date(dict(pending.enrolments), set(pending.branches))
        finally:
            pending.depth -= 1
            if outermost:
                pending.enrolments.clear()
                pending.branches.clear()


def reached(branches: Iterable[int]) -> None:
    """Members of these branches came, went, or take part elsewhere now, or the branch itself changed: their coverage is counted anew
    at the end of the ``recording`` around."""
    if pending.depth:
        pending.branches |= set(branches)
        return
    with recording([]):
        pending.branches |= set(branches)


@dataclass
class Unit:
    """An enrolment as it is now, with its runs by phase."""

    pk: int
    campaign_id: int
    organization_id: int
    path: str
    state: str
    phase_id: int | None
    started_on: date | None
    runs: dict[int, tuple[str, date, date]]


def units(enrolments: Collection[int]) -> list[Unit]:
    """Read in a statement of its own after the locks: who waited sees what the other one wrote."""
    found: dict[int, Unit] = {}
    keys = list(enrolments)

    def asked(keys: list[int]) -> QuerySet[Any, Any]:
        runs = ("runs__phase_id", "runs__state", "runs__starts_on", "runs__ends_on")
        own = ("pk", "campaign_id", "organization_id", "organization__path", "state", "phase_id", "started_on")
        return Enrolment.objects.filter(pk__in=keys).order_by().values_list(*own, *runs)

    one = len(keys) == 1
    for row in statements.run("units", lambda: [asked([statements.stand_in()])], *keys) if one else asked(keys):
        (pk, campaign, organization, path, unit_state, at, started_on, phase, state, starts_on, ends_on) = row
        known = found.setdefault(pk, Unit(pk, campaign, organization, path, unit_state, at, started_on, {}))
        if phase is not None:
            known.runs[phase] = (state, starts_on, ends_on)
    return list(found.values())


def bring_up_to_date(enrolments: dict[int, tuple[Any, ...]], branches: set[int]) -> None:
    now = units(enrolments)
    branches |= {u.organization_id for u in now if (u.state, u.started_on) != enrolments[u.pk]}
    covered = cover(branches) if branches else []
    for campaign_id in sorted({u.campaign_id for u in now}):
        write(campaign_id, [u for u in now if u.campaign_id == campaign_id])
    for campaign_id, places, entries in covered:
        store(REACH, campaign_id, places, [campaign_id], entries)


def recompute(enrolments: Collection[Enrolment]) -> None:
    """Bring the numbers of these enrolments in line with their records, and the sums above with them."""
    with recording([e.pk for e in enrolments]):
        reached(e.organization_id for e in enrolments)


def write(campaign_id: int, group: Collection[Unit]) -> None:
    """Figures and standing of locked units of one campaign."""
    requirements = kept_requirements(campaign_id)
    progress, standing = counted(group, requirements)
    places = {u.organization_id: u.path for u in group}
    phases = {phase for u in group for phase in u.runs}
    points = Points(campaign_id, places.values()) if len(group) > FEW else None
    store(PROGRESS, campaign_id, places, [r.pk for r in requirements], progress, points)
    store(STANDING, campaign_id, places, phases, standing, points)


def refresh(campaign: Campaign, batch: Batch | None = None) -> None:
    """What is asked, or when, has changed for all units (of one batch): everything kept of them is counted anew, in tree order."""
    rows = campaign.enrolments.in_tree_order()
    keys = list((rows.filter(batch=batch) if batch else rows).values_list("pk", flat=True))
    with transaction.atomic():
        share_shape()
        for start in range(0, len(keys), PORTION):
            lock(keys[start : start + PORTION])
            write(campaign.pk, units(keys[start : start + PORTION]))


def fill(campaign: Campaign) -> None:
    """Coverage of a campaign that has none yet, or whose branches have changed without a word."""
    keys = list(Organization.objects.under(campaign.organization).branches().values_list("pk", flat=True))
    for start in range(0, len(keys), PORTION):
        reached(keys[start : start + PORTION])


Counted = dict[tuple[int, int], Entry]


def counted(group: Collection[Unit], requirements: Collection[Requirement]) -> tuple[Counted, Counted]:
    """What the ledgers of figures and of phases should say of these units, from the records."""
    figures: dict[tuple[int, int], Figures] = {}
    if len(group) > FEW:
        for requirement in requirements:
            found = count(requirement, [u.pk for u in group])
            figures |= {(requirement.pk, pk): each for pk, each in found.items()}
    else:
        for unit in group:
            figures |= count_all(requirements, unit.pk)
    return progress_entries(group, requirements, figures), standing_entries(group, requirements, figures)


def kept_requirements(campaign_id: int) -> list[Requirement]:
    """As they are now, not to be changed: read plainly, and made into objects when they are others than last time."""

    def asked(pk: int) -> QuerySet[Requirement]:
        return Requirement.objects.kept().filter(campaign=pk).select_related("step").order_by("pk")

    def plainly() -> tuple[Any, ...]:
        names = [field.attname for field in Requirement._meta.concrete_fields]
        rows = statements.run(
            "kept requirements",
            lambda: [asked(statements.stand_in()).values_list(*names, "step__phase_id", "step__number")],
            campaign_id,
        )
        return tuple(tuple(map(str, row)) for row in rows)

    now = (connection.vendor, plainly())
    known = made_requirements.get(campaign_id)
    if known is None or known[0] != now:
        known = (now, list(asked(campaign_id)))
        if (connection.vendor, plainly()) == now:
            made_requirements[campaign_id] = known
    return known[1]


def progress_entries(
    group: Iterable[Unit], requirements: Iterable[Requirement], figures: dict[tuple[int, int], Figures]
) -> dict[tuple[int, int], Entry]:
    """What the ledger of figures should say of these units."""
    entries: dict[tuple[int, int], Entry] = {}
    days: dict[tuple[int, date, date], date] = {}
    for unit in group:
        for requirement in requirements:
            f = figures.get((requirement.pk, unit.pk))
            if f is None or not f.total:
                continue
            day = NEVER
            run = unit.runs.get(requirement.step.phase_id)
            if run and unit.state != Enrolment.State.POSTPONED:
                key = (requirement.pk, run[1], run[2])
                if key not in days:
                    days[key] = requirement.due_on(PhaseRun(starts_on=run[1], ends_on=run[2]))
                day = days[key]
            numbers = (f.done, f.waived, f.otherwise, f.total, 1 if f.missing else 0)
            entries[unit.organization_id, requirement.pk] = ((day,), numbers)
    return entries


def standing_entries(
    group: Iterable[Unit], requirements: Iterable[Requirement], figures: dict[tuple[int, int], Figures]
) -> dict[tuple[int, int], Entry]:
    """What the ledger of phases should say of these units."""
    asked: dict[int, list[int]] = {}
    for requirement in requirements:
        if requirement.in_force:
            asked.setdefault(requirement.step.phase_id, []).append(requirement.pk)
    entries: dict[tuple[int, int], Entry] = {}
    states = Enrolment.State
    for unit in group:
        if unit.state == states.CLOSED:
            continue
        for phase, run in unit.runs.items():
            complete = not any(figures.get((pk, unit.pk), NOTHING).missing for pk in asked.get(phase, ()))
            here = phase == unit.phase_id
            at = [states.RUNNING, states.PREPARING, states.POSTPONED, states.FINISHED]
            numbers = (1, int(complete), *(int(here and unit.state == state) for state in at))
            entries[unit.organization_id, phase] = (run, numbers)
    return entries


Covered = list[tuple[int, dict[int, str], dict[tuple[int, int], Entry]]]


def cover(branches: Collection[int], campaigns: Collection[Campaign] | None = None) -> Covered:
    """Lock the coverage rows of these branches in every campaign that is not over, and count: per campaign the places and what their
    rows should say."""
    rows = Organization.objects.branches().filter(pk__in=branches).order_by("path").values_list("pk", "path", "sector")
    places = {pk: (path, sector) for pk, path, sector in rows}
    if campaigns is None:
        campaigns = list(
            Campaign.objects.exclude(state=Campaign.State.CLOSED).select_related("organization").order_by("pk")
        )
    found: Covered = []
    for campaign in campaigns:
        here = {pk: path for pk, (path, _) in places.items() if path.startswith(campaign.organization.path)}
        if not here:
            continue
        hold(campaign, here, places)
        counted = reach_of(campaign, list(here))
        entries = {(pk, campaign.pk): ((places[pk][1],), counted[pk]) for pk in here}
        found.append((campaign.pk, here, entries))
    return found


def hold(campaign: Campaign, here: dict[int, str], places: dict[int, tuple[str, str]]) -> None:
    """Coverage rows are locks of their own: for branches that are not enrolled there is no other."""
    own = Reach.objects.filter(campaign=campaign, kind=Reach.Kind.BRANCH, organization__in=here)
    missing = here.keys() - set(own.values_list("organization_id", flat=True))
    if missing:
        points = Points(campaign.pk, [here[pk] for pk in missing])
        Reach.objects.bulk_create(
            [
                Reach(
                    campaign=campaign,
                    organization_id=pk,
                    path=here[pk],
                    kind=Reach.Kind.BRANCH,
                    within_id=points.nearest(here[pk]),
                    sector=places[pk][1],
                )
                for pk in here
                if pk in missing
            ],
            ignore_conflicts=True,
            batch_size=500,
        )
    if connection.features.has_select_for_update:
        list(own.order_by("path").select_for_update().values_list("pk", flat=True))
