"""情况统计表: children as rows in tree order, coverage and requirements as columns, the node's own figures as the
sum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from campaign.models import Campaign, Requirement
from campaign.progress.coverage import Coverage
from campaign.progress.ready import coverage_by_child, coverage_of
from campaign.progress.writing import NOTHING, Figures, figures_by_child, figures_of
from campaign.reports.overview import requirements_in, unit_of
from campaign.reports.place import Place
from members.models import Organization
from portal.documents import Table
from portal.registry import Registry

COVERAGE = (
    "党支部",
    "已编入",
    "已启动",
    "暂缓",
    "在册党员",
    "参加活动",
    "在外地参加",
    "尚未编入",
    "失联",
    "覆盖率（%）",
)


@dataclass(frozen=True)
class StatisticColumns:
    """Columns that a room above adds. ``build(campaign, node, length)`` gives a list of numbers, one per heading, for
    each organisation under
    ``node`` whose path has ``length`` characters, by path; missing paths count nothing. One query, however many
    organisations there are."""

    code: str
    order: int
    headings: Sequence[str]
    build: Callable[[Campaign, Organization, int], dict[str, Sequence[int]]]


statistic_columns: Registry[StatisticColumns] = Registry("statistic columns")


def coverage_cells(coverage: Coverage) -> list[Any]:
    c = coverage
    return [
        c.branches,
        c.enrolled,
        c.started,
        c.postponed,
        c.on_roll,
        c.taking_part,
        c.elsewhere,
        c.without_place,
        c.lost,
        c.share,
    ]


def figure_cells(figures: dict[int, Figures], requirements: Sequence[Requirement]) -> list[int]:
    found = [figures.get(r.pk, NOTHING) for r in requirements]
    return [number for f in found for number in (f.total, f.done, f.otherwise, f.waived)]


@dataclass(frozen=True)
class Statistics:
    """The table in parts: ``groups`` are (heading, how many columns), ``headings`` the columns, ``rows`` (name,
    cells), ``sum`` the last row."""

    groups: list[tuple[str, int]]
    headings: list[str]
    rows: list[tuple[str, list[Any]]]
    sum: list[Any]


def statistics(place: Place) -> Statistics:
    """Figures of the node's children in tree order (of the node itself where it is a branch); the rows add up to the
    last one."""
    campaign, node = place.campaign, place.node
    children = [] if node.is_branch else list(node.children())
    length = len(children[0].path) if children else len(node.path)
    requirements = requirements_in(campaign, place.phase)
    extra = sorted(statistic_columns, key=lambda columns: columns.order)
    own = figures_of(campaign, node)
    by_child = figures_by_child(campaign, node) if children else {node.path: own}
    coverages = coverage_by_child(campaign, node) if children else {node.path: coverage_of(campaign, node)}
    added = [columns.build(campaign, node, length) for columns in extra]
    sums = [columns.build(campaign, node, len(node.path)) for columns in extra]
    rows = []
    for name, path, always in row_names(node, children):
        cells = coverage_cells(coverages.get(path, Coverage())) + figure_cells(by_child.get(path, {}), requirements)
        cells += extra_cells(path, extra, added)
        if always or any(cells):
            rows.append((name, cells))
    total = (
        coverage_cells(coverage_of(campaign, node))
        + figure_cells(own, requirements)
        + extra_cells(node.path, extra, sums)
    )
    groups = [("覆盖情况", len(COVERAGE)), *((f"{r.label}（{unit_of(r)}）", 4) for r in requirements)]
    groups += [("其他", sum(len(c.headings) for c in extra))] if extra else []
    headings = [
        *COVERAGE,
        *(["应完成", "完成", "其中灵活方式", "免除"] * len(requirements)),
        *(h for c in extra for h in c.headings),
    ]
    return Statistics(groups, headings, rows, total)


def row_names(node: Organization, children: Sequence[Organization]) -> list[tuple[str, str, bool]]:
    """Name, path, and whether the row stands there even without a figure: what hangs on the node itself or on closed
    children does not."""
    if not children:
        return [(node.name, node.path, True)]
    rows = [(f"{c.name}（已撤销）" if c.closed_on else c.name, c.path, not c.closed_on) for c in children]
    return [(f"{node.name}（本级）", node.path, False), *rows]


def extra_cells(path: str, extra: Sequence[StatisticColumns], found: Sequence[dict[str, Sequence[int]]]) -> list[int]:
    return [n for columns, rows in zip(extra, found, strict=True) for n in rows.get(path, [0] * len(columns.headings))]


def workbook(place: Place) -> list[Table]:
    """The table flat, each column with its full heading."""
    found = statistics(place)
    full = ["单位"]
    position = 0
    for group, count in found.groups:
        for heading in found.headings[position : position + count]:
            full.append(heading if group in {"覆盖情况", "其他"} else f"{group}{heading}")
        position += count
    rows = [[name, *cells] for name, cells in found.rows] + [["合计", *found.sum]]
    return [Table("情况统计表", full, rows)]


@dataclass(frozen=True)
class Sheet:
    """A part of the table that fits a page across: its groups and columns."""

    groups: list[tuple[str, int]]
    headings: list[str]
    rows: list[tuple[str, list[Any]]]
    sum: list[Any]


def sheets(found: Statistics, columns: int = 18) -> list[Sheet]:
    """The table cut at group borders into parts of at most ``columns`` columns, for paper; the names stand in each
    part."""
    parts: list[tuple[list[tuple[str, int]], int, int]] = []
    groups: list[tuple[str, int]] = []
    start = position = 0
    for group in found.groups:
        if groups and position + group[1] - start > columns:
            parts.append((groups, start, position))
            groups, start = [], position
        groups.append(group)
        position += group[1]
    parts.append((groups, start, position))
    return [
        Sheet(g, found.headings[a:b], [(name, cells[a:b]) for name, cells in found.rows], found.sum[a:b])
        for g, a, b in parts
    ]
