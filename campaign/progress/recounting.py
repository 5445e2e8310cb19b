"""Checking every ready number against the records, and every sum against what it sums."""

import multiprocessing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from campaign.models import Campaign, Enrolment, Ready
from campaign.progress.coverage import reach_of
from campaign.progress.ledgers import (
    LEDGERS,
    PROGRESS,
    REACH,
    STANDING,
    Entry,
    Ledger,
    Points,
    Sums,
    add,
    store,
)
from campaign.progress.rollups import in_campaign
from campaign.progress.writing import counted, cover, kept_requirements, lock, units
from members.models import Organization
from members.tree_lock import hold_shape, share_shape

CHUNK = 1000
# Fewer portions are not worth processes of their own.
MANY = 8


@dataclass(frozen=True)
class Difference:
    """A ready number that is not what the records say; ``what`` tells in words what is wrong."""

    organization: str
    subject: str
    kept: str
    counted: str
    what: str = "数字不符"

    def __str__(self) -> str:
        return f"{self.organization}｜{self.subject}｜{self.what}：保存 {self.kept}，记录 {self.counted}"


def recount(campaign: Campaign, *, mend: bool = False, processes: int = 1) -> Iterator[Difference]:
    """Every number that differs from the records; with ``mend`` it is put right. A difference is looked at again under the lock, so
    that a write in between is not taken for one. More ``processes`` share the counting (PostgreSQL only)."""
    checker = Checker(campaign, mend)
    yield from checker.strays()
    jobs = [("units", keys) for keys in chunks(list(campaign.enrolments.in_tree_order().values_list("pk", flat=True)))]
    if campaign.state != Campaign.State.CLOSED:  # the roll goes on without it
        branches = Organization.objects.under(campaign.organization).branches()
        jobs += [("branches", keys) for keys in chunks(list(branches.values_list("pk", flat=True)))]
    if processes > 1 and len(jobs) > MANY and connection.vendor == "postgresql":
        connection.close()
        with multiprocessing.get_context("fork").Pool(processes, begin, (campaign, mend)) as pool:
            for found in pool.imap(portion, jobs):
                yield from found
    else:
        for what, keys in jobs:
            yield from getattr(checker, what)(keys)
    for ledger in LEDGERS:
        yield from checker.sums(ledger)


CHECKERS: list["Checker"] = []


def begin(campaign: Campaign, mend: bool) -> None:
    """A process that counts has a connection of its own."""
    connection.close()
    CHECKERS[:] = [Checker(campaign, mend)]


def portion(job: tuple[str, list[int]]) -> list["Difference"]:
    what, keys = job
    return list(getattr(CHECKERS[0], what)(keys))


def chunks(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


class Checker:
    """Compares units, branches and sums of one campaign."""

    def __init__(self, campaign: Campaign, mend: bool) -> None:
        self.campaign, self.mend = campaign, mend
        self.requirements = kept_requirements(campaign.pk)
        self.pending = {r.pk for r in self.requirements if not r.in_force}
        self.phases = [phase.pk for phase in campaign.phases.all()]
        self.labels: dict[tuple[Ledger, int], str] = {(PROGRESS, r.pk): r.label for r in self.requirements}
        self.labels |= {(STANDING, phase.pk): f"阶段“{phase.name}”" for phase in campaign.phases.all()}
        self.points = Points(campaign.pk)

    def units(self, keys: Collection[int]) -> Iterator[Difference]:
        """Figures and standing of these enrolments."""
        suspects = {pk for pk, _ in self.compare_units(keys)}
        if not suspects:
            return
        with transaction.atomic():
            share_shape()
            lock(suspects)
            self.points = Points(self.campaign.pk)
            yield from (difference for _, difference in self.compare_units(suspects))
            if self.mend:
                group = units(suspects)
                progress, standing = counted(group, self.requirements)
                places = {u.organization_id: u.path for u in group}
                self.put_right(PROGRESS, places, [r.pk for r in self.requirements], progress)
                self.put_right(STANDING, places, self.phases, standing)

    def compare_units(self, keys: Collection[int]) -> list[tuple[int, Difference]]:
        group = units(keys)
        progress, standing = counted(group, self.requirements)
        numbers = {u.organization_id: u.pk for u in group}
        places = {u.organization_id: u.path for u in group}
        found = [
            *self.compare(PROGRESS, [r.pk for r in self.requirements], places, progress),
            *self.compare(STANDING, self.phases, places, standing),
        ]
        return [(numbers[organization], difference) for organization, difference in found]

    def branches(self, keys: Collection[int]) -> Iterator[Difference]:
        """Coverage of these branches."""
        suspects = {pk for pk, _ in self.compare_branches(keys)}
        if not suspects:
            return
        with transaction.atomic():
            share_shape()
            [(_, places, entries)] = cover(suspects, [self.campaign])
            self.points = Points(self.campaign.pk)
            yield from (difference for _, difference in self.compare_branches(suspects))
            if self.mend:
                self.put_right(REACH, places, [self.campaign.pk], entries)

    def compare_branches(self, keys: Collection[int]) -> list[tuple[int, Difference]]:
        rows = Organization.objects.filter(pk__in=keys).order_by().values_list("pk", "path", "sector")
        places = {pk: (path, sector) for pk, path, sector in rows}
        reach = reach_of(self.campaign, list(places))
        now = {(pk, self.campaign.pk): ((places[pk][1],), numbers) for pk, numbers in reach.items()}
        return list(self.compare(REACH, [self.campaign.pk], {pk: path for pk, (path, _) in places.items()}, now))

    def compare(
        self, ledger: Ledger, own: Collection[int], places: Mapping[int, str], now: Mapping[tuple[int, int], Entry]
    ) -> Iterator[tuple[int, Difference]]:
        """Rows that are not what and where they should be, with their organisation."""
        width = 4 + len(ledger.bucket)
        kept: dict[tuple[int, int], tuple[str | None, int | None, Entry | None]] = {
            (row[0], row[1]): (row[2], row[3], (row[4:width], row[width:]))
            for row in branch_rows(ledger, places, own).values_list(
                "organization_id", ledger.own, "path", "within_id", *ledger.columns
            )
        }
        for key in kept.keys() | now.keys():
            if ledger is PROGRESS and key[1] in self.pending and key not in kept:
                continue  # an amendment is on its way, portion by portion
            path, within, before = kept.get(key, (None, None, None))
            after, place = now.get(key), places[key[0]]
            if before != after and not (before is None and after is not None and not any(after[1])):
                yield key[0], self.difference(ledger, key, before, after)
            elif before is not None and (path, within) != (place, self.points.nearest(place)):
                yield key[0], self.difference(ledger, key, before, after, "汇总方式不符")

    def difference(
        self, ledger: Ledger, key: tuple[int, int], kept: Entry | None, now: Entry | None, what: str = "数字不符"
    ) -> Difference:
        name = Organization.objects.values_list("name", flat=True).get(pk=key[0])
        label = self.labels.get((ledger, key[1]), "覆盖情况")
        return Difference(name, label, in_words(kept), in_words(now), what)

    def put_right(self, ledger: Ledger, places: Mapping[int, str], own: Collection[int], now: Any) -> None:
        """Rows of locked units; sums are put right when everything else is."""
        store(ledger, self.campaign.pk, places, own, now, self.points, pass_on=False)
        rows = branch_rows(ledger, places, own)
        for organization, path in places.items():
            rows.filter(organization=organization).update(path=path, within=self.points.nearest(path))

    def strays(self) -> Iterator[Difference]:
        """Rows of organisations that are not (or no longer) in the campaign, and sums that lie in the wrong place."""
        enrolled = Enrolment.objects.filter(campaign=self.campaign).values("organization")
        inside = Organization.objects.under(self.campaign.organization).branches().order_by().values("pk")
        for ledger, at_home in ((PROGRESS, enrolled), (STANDING, enrolled), (REACH, inside)):
            rows = ledger.rows(self.campaign.pk)
            lost = rows.filter(kind=Ready.Kind.BRANCH).exclude(organization__in=at_home)
            yield from self.remove(ledger, lost)
            places = rows.filter(kind=Ready.Kind.ROLLUP).order_by().values_list("organization_id", "path", "within_id")
            for organization, path, within in places.distinct():
                if self.points.paths.get(organization) != path:
                    yield from self.remove(ledger, rows.filter(kind=Ready.Kind.ROLLUP, organization=organization))
                elif within != self.points.nearest(path):
                    yield Difference(path, "全部", str(within), str(self.points.nearest(path)), "汇总方式不符")
                    if self.mend:
                        mine = rows.filter(kind=Ready.Kind.ROLLUP, organization=organization)
                        mine.update(within=self.points.nearest(path))

    def remove(self, ledger: Ledger, rows: Any) -> Iterator[Difference]:
        for row in list(rows.select_related("organization")):
            entry = (tuple(getattr(row, n) for n in ledger.bucket), tuple(getattr(row, n) for n in ledger.numbers))
            own = getattr(row, ledger.own)
            label = self.labels.get((ledger, own), "覆盖情况")
            yield Difference(row.organization.name, label, in_words(entry), in_words(None), "多余的数字")
            if self.mend:
                row.delete()

    def sums(self, ledger: Ledger) -> Iterator[Difference]:
        """Sums that are not what lies within them; one statement, so that nobody writes in between."""
        wrong = self.wrong_sums(ledger)
        if not wrong:
            return
        for (point, own, bucket), total in sorted(wrong.items()):
            name = Organization.objects.values_list("name", flat=True).get(pk=point)
            label = self.labels.get((ledger, own), "覆盖情况")
            yield Difference(f"{name}（汇总）", label, "", in_words((bucket, tuple(total))), "合计相差")
        if self.mend:
            with transaction.atomic():
                hold_shape()
                # From below, since a sum is part of the one above it.
                while wrong := self.wrong_sums(ledger):
                    deepest = max(len(self.points.paths[point]) for point, _, _ in wrong)
                    now = {key: total for key, total in wrong.items() if len(self.points.paths[key[0]]) == deepest}
                    add(ledger, now, self.points)

    def wrong_sums(self, ledger: Ledger) -> Sums:
        own = ", ".join([ledger.own, *ledger.bucket])
        names = ", ".join(ledger.numbers)
        minus = ", ".join(f"-{name} AS {name}" for name in ledger.numbers)
        sums = ", ".join(f"SUM({name})" for name in ledger.numbers)
        differ = " OR ".join(f"SUM({name}) <> 0" for name in ledger.numbers)
        mine = in_campaign(ledger)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT point, {own}, {sums} FROM ("  # noqa: S608
                f"SELECT within_id AS point, {own}, {names} FROM {ledger.table} WHERE within_id IS NOT NULL AND {mine} "
                f"UNION ALL SELECT organization_id, {own}, {minus} FROM {ledger.table} WHERE kind = 'rollup' AND {mine}"
                f") AS every_row GROUP BY point, {own} HAVING {differ}",
                [self.campaign.pk, self.campaign.pk],
            )
            width = 2 + len(ledger.bucket)
            return {(row[0], row[1], tuple(row[2:width])): [int(n) for n in row[width:]] for row in cursor.fetchall()}


def branch_rows(ledger: Ledger, places: Collection[int], own: Collection[int]) -> Any:
    """Rows of these units for these keys."""
    rows = ledger.model._default_manager.filter(kind=Ready.Kind.BRANCH, organization__in=places)
    return rows.filter(**{f"{ledger.own}__in": own}).order_by()


def in_words(entry: Entry | None) -> str:
    """The numbers with slashes between, then what they are split by."""
    if entry is None:
        return "无"
    return "/".join(map(str, entry[1])) + "".join(f"（{value}）" for value in entry[0] if str(value))
