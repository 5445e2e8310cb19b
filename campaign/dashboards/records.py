"""The records behind a number: persons or organisations of one requirement, in tree order; numbers by unit for those who may not see
names."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.urls import reverse

from campaign.dashboards.late import LAST, Late, Position, with_dates
from campaign.dashboards.outcomes import Wanted
from campaign.models import Campaign, Progress, Requirement
from campaign.progress.ledgers import beneath
from campaign.progress.ready import figures_of
from members.models import Organization
from portal.indicators import Subject

# Units looked at in one go, where few of them hold what is wanted.
MOST = 2000


def ready_rows(node: Organization, requirement: Requirement, wanted: Wanted) -> QuerySet[Any]:
    """Ready rows of the units at and below ``node`` in which there is something of what is wanted, with its ``number``."""
    rows = Progress.objects.filter(beneath(node.path), kind=Progress.Kind.BRANCH, requirement=requirement)
    rows = rows.filter(wanted.outcome.ready(), wanted.in_sector("organization"))
    return rows.annotate(number=wanted.outcome.number).filter(number__gt=0)


def how_many(campaign: Campaign, node: Organization, requirement: Requirement, wanted: Wanted) -> int | None:
    """The number whose records are listed, from ready figures; ``None`` for a category, of which nothing is kept ready."""
    if wanted.category:
        return None
    if wanted.by_unit:
        return ready_rows(node, requirement, wanted).count()
    if wanted.sector:
        return int(ready_rows(node, requirement, wanted).aggregate(n=Sum("number"))["n"] or 0)
    found = figures_of(campaign, node, [requirement.pk]).get(requirement.pk)
    return wanted.outcome.of(found) if found else 0


def records(
    campaign: Campaign,
    node: Organization,
    requirement: Requirement,
    wanted: Wanted,
    *,
    names: bool,
    limit: int,
    start: Position | None = None,
) -> list[Late]:
    """At most ``limit`` lines after ``start``; the units come from their ready rows, the records from those units alone."""
    found: list[Late] = []
    size = limit + 1
    while True:
        rows = ready_rows(node, requirement, wanted)
        if start is not None:
            rows = rows.filter(path__gte=start.path)
        units = list(rows.order_by("path").select_related("organization")[:size])
        if names:
            found += named(node, requirement, wanted, [row.organization_id for row in units], limit - len(found), start)
        else:
            found += [line for row in units if (line := counted(row, requirement)).position.follows(start)]
        if len(units) < size or len(found) >= limit:
            return with_dates(campaign, found[:limit], [requirement])
        start, size = Position(units[-1].path, 0, LAST), min(size * 4, MOST)


def after(position: Position | None, prefix: str) -> Q:
    if position is None:
        return Q()
    same = Q(**{f"{prefix}__path": position.path, "pk__gt": position.pk})
    return Q(**{f"{prefix}__path__gt": position.path}) | same


def named(
    node: Organization,
    requirement: Requirement,
    wanted: Wanted,
    places: Sequence[int],
    limit: int,
    start: Position | None,
) -> list[Late]:
    """With the person's page where their home lies under ``node``, and the page with what the requirement is read from."""
    person = requirement.subject == Subject.PERSON
    place = "enrolment__organization" if person else "organization"
    rows = wanted.records(requirement).filter(after(start, place), **{f"{place}__in": places})
    rows = (
        rows.select_related("member__branch", "enrolment__organization")
        if person
        else rows.select_related("organization")
    )
    lines, evidence = [], requirement.indicator.evidence
    for row in rows.order_by(f"{place}__path", "pk")[:limit]:
        unit = row.enrolment if person else row
        ours = not person or node.contains(row.member.branch)
        lines.append(
            Late(
                position=Position(unit.organization.path, 0, row.pk),
                organization=unit.organization.name,
                organization_id=unit.organization_id,
                name=row.member.name if person else "",
                requirement=requirement.label,
                missing=1,
                due=None,
                enrolment_id=unit.pk,
                person_url=reverse("member-detail", args=[row.member_id]) if person and ours else "",
                record_url=evidence(row) if evidence and ours else "",
            )
        )
    return lines


def counted(row: Any, requirement: Requirement) -> Late:
    return Late(
        position=Position(row.path, 0, 0),
        organization=row.organization.name,
        organization_id=row.organization_id,
        name="",
        requirement=requirement.label,
        missing=row.number,
        due=None,
        enrolment_id=0,
    )


class Links:
    """Addresses of the lists behind the numbers of one campaign, put together without asking the resolver for each."""

    def __init__(self, campaign: Campaign) -> None:
        self.stem = reverse("record-list", args=[campaign.pk, 0]).removesuffix("0/")
        self.late = reverse("late-list", args=[campaign.pk, 0]).removesuffix("0/")
        self.dashboard = reverse("dashboard", args=[campaign.pk, 0]).removesuffix("0/")
        self.listing = reverse("listing", args=[campaign.pk, 0, "-"]).removesuffix("0/-/")
        self.units = reverse("enrolment-detail", args=[0]).removesuffix("0/")

    def of(self, node: int, requirement: int, what: str = "missing", more: str = "") -> str:
        """What is missing, and nothing more narrowly, is the late list; ready for an attribute (``&amp;``)."""
        if what == "missing" and not more:
            return f"{self.late}{node}/?requirement={requirement}"
        return f"{self.stem}{node}/?requirement={requirement}&amp;what={what}{more}"

    def unit(self, enrolment: int) -> str:
        return f"{self.units}{enrolment}/"
