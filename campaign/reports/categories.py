"""Break-down of what was done by 领域 and by member category."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, QuerySet, Sum, Value, When
from django.urls import reverse

from campaign.dashboards.matrix import told
from campaign.dashboards.outcomes import CATEGORIES, NO_SECTOR, SECTORS
from campaign.models import Campaign, Phase, Progress, Requirement
from campaign.progress.counting import Figures, is_done, is_waived, subjects
from campaign.progress.ledgers import beneath
from campaign.progress.ready import coverage_of
from campaign.progress.writing import NOTHING
from campaign.reports.overview import requirements_in
from members.models import Organization
from portal.indicators import Subject

# Up to so many members a break-down by category is counted while one waits; above that it is made as a file.
AT_ONCE = 5000
By = dict[str, dict[int, Figures]]


@dataclass(frozen=True)
class Cell:
    """Done or waived out of all, with the lists of both (empty: no list)."""

    figures: Figures
    settled_url: str = ""
    total_url: str = ""
    missing_url: str = ""

    @property
    def settled(self) -> int:
        return self.figures.done + self.figures.waived

    @property
    def told(self) -> str:
        return told(self.figures)


@dataclass(frozen=True)
class Breakdown:
    """One table: requirements as columns, kinds as rows."""

    title: str
    note: str
    requirements: Sequence[Requirement]
    rows: list[tuple[str, list[Cell]]]


def is_small(campaign: Campaign, node: Organization) -> bool:
    return coverage_of(campaign, node).on_roll <= AT_ONCE


def breakdown(
    campaign: Campaign,
    node: Organization,
    phase: Phase | None,
    *,
    categories: bool,
    linked: bool = False,
    names: bool = False,
) -> list[Breakdown]:
    """By 领域 from ready rows; by category from the records, if ``categories``. Two queries."""
    requirements = requirements_in(campaign, phase)
    stem = reverse("record-list", args=[campaign.pk, node.pk]) if linked else ""
    sectors = by_sector(node, requirements)
    kinds = {code: label for code, label in SECTORS.items() if code in sectors}
    found = [
        Breakdown("按领域", "按单位的领域统计。", requirements, rows(kinds, sectors, requirements, stem, "sector"))
    ]
    people = [r for r in requirements if r.subject == Subject.PERSON]
    if categories and people:
        labels = {code: category.label for code, category in CATEGORIES.items()}
        counted = by_category(node, people)
        note = "一名党员可以同时属于几个类别，各行不能相加。"
        found.append(
            Breakdown("按党员类别", note, people, rows(labels, counted, people, stem if names else "", "category"))
        )
    return found


def rows(
    labels: dict[str, str], found: By, requirements: Sequence[Requirement], stem: str, name: str
) -> list[tuple[str, list[Cell]]]:
    def cell(code: str, r: Requirement) -> Cell:
        f = found.get(code, {}).get(r.pk, NOTHING)
        if not stem:
            return Cell(f)
        own = f"{stem}?requirement={r.pk}&{name}={code}&what="
        return Cell(f, f"{own}settled", f"{own}total", f"{own}missing")

    return [(label, [cell(code, r) for r in requirements]) for code, label in labels.items()]


def by_sector(node: Organization, requirements: Sequence[Requirement]) -> By:
    """Ready rows of the units, added up by their 领域: one query."""
    own = Progress.objects.filter(
        beneath(node.path), kind=Progress.Kind.BRANCH, requirement__in=[r.pk for r in requirements]
    )
    sums = own.order_by().values_list("organization__sector", "requirement_id")
    names = ("done", "waived", "total", "otherwise")
    found: By = {}
    for sector, requirement, *numbers in sums.annotate(**{f"s_{name}": Sum(name) for name in names}):
        found.setdefault(sector or NO_SECTOR, {})[requirement] = Figures(*numbers)
    return found


def by_category(node: Organization, requirements: Sequence[Requirement]) -> By:
    """The records themselves, in one statement."""
    parts = [counted(node, r, code) for r in requirements for code in CATEGORIES]
    found: By = {}
    for code, requirement, outcome, n in parts[0].union(*parts[1:], all=True):
        known = found.setdefault(code, {}).get(requirement, NOTHING)
        more = Figures(n if outcome == "done" else 0, n if outcome == "waived" else 0, n)
        found[code][requirement] = known + more
    return found


def counted(node: Organization, requirement: Requirement, code: str) -> QuerySet:
    outcome = Case(
        When(is_done(requirement), then=Value("done")),
        When(is_waived(requirement), then=Value("waived")),
        default=Value("missing"),
    )
    people = subjects(requirement).filter(CATEGORIES[code].condition())
    people = people.filter(enrolment__organization__path__startswith=node.path)
    return (
        people.annotate(category=Value(code), asked=Value(requirement.pk), outcome=outcome)
        .order_by()
        .values_list("category", "asked", "outcome")
        .annotate(n=Count("pk"))
    )
