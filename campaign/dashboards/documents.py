"""The dashboard on paper and as tables, the break-down, and the records behind a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils import timezone

from campaign.dashboards import matrix
from campaign.dashboards.helping import needs
from campaign.dashboards.late import Late
from campaign.dashboards.numbers import coverage_numbers, gate_numbers, owing_rows, sector_rows
from campaign.dashboards.outcomes import Wanted
from campaign.dashboards.records import records
from campaign.documents import late_tables
from campaign.models import Requirement
from campaign.progress.counting import NOTHING
from campaign.reports import overview
from campaign.reports.categories import Breakdown, breakdown
from campaign.reports.pictures import bars, people_picture, places_picture, trend_picture
from campaign.reports.place import Place, find_phase, find_place
from members.documents import IN_TABLE, ON_PAPER
from members.models import Organization
from members.permissions import Permission
from portal import charts
from portal.documents import Document, Params, Table, documents
from portal.indicators import Subject
from portal.jobs import JobFailure

# Requirements side by side on a sheet; further ones stand on the next.
ACROSS = 7


@dataclass(frozen=True)
class View:
    """What a dashboard shows, of all children."""

    board: overview.Board
    children: list[Organization]
    stages: dict[str, overview.Stage]


def view_of(place: Place) -> View:
    children = [] if place.node.is_branch else list(place.node.children().open())
    board = overview.board(place.campaign, place.node, children, place.phase.number if place.phase else None)
    return View(board, children, matrix.placed(board, children))


def dashboard_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    view, names = view_of(place), user.can(Permission.VIEW_NAMES, at=place.node)
    board, today = view.board, timezone.localdate()
    timed = overview.time_rows(view.children, view.stages)
    lines = [
        charts.timeline(f"各单位进展时间图{n}", timed[start : start + 12], today)
        for n, start in enumerate(range(0, len(timed), 12), 1)
    ]
    return {
        "place": place,
        "today": today,
        "parts": parts(view),
        "asked": board.is_asked,
        "owing": owing_rows(place.campaign, place.node, board),
        "gates": gate_numbers(place.campaign, place.node, board, names=False),
        "sectors": sector_rows(place.campaign, place.node, board, names=False),
        "needs": needs(place.campaign, board, view.children, names=names),
        "pictures": [people_picture(board.coverage), places_picture(board.coverage)],
        "bars": charts.stacked_bars("各规定动作完成情况", bars(board.requirements, board.figures)),
        "trend": trend_picture(place.node, board),
        "timelines": [lines[start : start + 2] for start in range(0, len(lines), 2)],
    }


def parts(view: View) -> list[dict[str, Any]]:
    """The matrix cut into parts that fit across a sheet; the names stand in each."""
    asked = view.board.requirements
    return [
        {
            "requirements": part,
            "rows": [
                (
                    c.name,
                    view.stages[c.path].note,
                    [matrix.told(f) for f in own(view.board.by_child.get(c.path, {}), part)],
                )
                for c in view.children
            ],
            "sum": [matrix.told(f) for f in own(view.board.figures, part)],
        }
        for part in evenly(asked)
    ]


def evenly(asked: Sequence[Requirement]) -> list[Sequence[Requirement]]:
    """As few parts of at most ``ACROSS`` as hold all, none much narrower than the others."""
    count = -(-len(asked) // ACROSS)
    width = -(-len(asked) // count) if count else 1
    return [asked[start : start + width] for start in range(0, len(asked), width)]


def own(figures: dict[int, Any], requirements: Sequence[Requirement]) -> list[Any]:
    return [figures.get(r.pk, NOTHING) for r in requirements]


def dashboard_tables(place: Place, params: Params, user: Any) -> list[Table]:
    """Matrix, time line, coverage by 领域, categories, and who is late."""
    view = view_of(place)
    found = breakdown(place.campaign, place.node, place.phase, categories=True)
    return [
        matrix_table(place, view),
        timeline_table(view),
        sector_table(place, view),
        *(breakdown_table(each) for each in found),
        *late_tables(place, params, user),
    ]


def matrix_table(place: Place, view: View) -> Table:
    head = ["单位", "所处阶段"]
    for r in view.board.requirements:
        head += [f"{r.label}{what}" for what in ("应完成", "完成", "其中灵活方式", "免除", "未完成", "已过期限")]
    rows = [
        [c.name, view.stages[c.path].note, *flat(own(view.board.by_child.get(c.path, {}), view.board.requirements))]
        for c in view.children
    ]
    rows.append([f"{place.node.name}合计", "", *flat(own(view.board.figures, view.board.requirements))])
    return Table("完成情况", head, rows)


def flat(figures: Sequence[Any]) -> list[int]:
    return [n for f in figures for n in (f.total, f.done, f.otherwise, f.waived, f.missing, f.overdue)]


def timeline_table(view: View) -> Table:
    words = {"done": "已完成", "active": "进行中", "waiting": "未开始"}
    rows = [
        [c.name, span.label, span.starts_on, span.ends_on, words[span.state]]
        for c in view.children
        for span in view.stages[c.path].spans
    ]
    return Table("时间安排", ["单位", "阶段", "最早开始", "最晚结束", "状态"], rows)


def sector_table(place: Place, view: View) -> Table:
    """Coverage by 领域, with the whole as the last row."""
    rows = [
        [row["label"], *(n.value for n in row["numbers"])]
        for row in sector_rows(place.campaign, place.node, view.board, names=False)
    ]
    numbers = coverage_numbers(place.campaign, place.node, view.board.coverage, names=False)
    whole = [*numbers["places"][:4], *numbers["people"][:4]]
    rows.append(["合计", *(n.value for n in whole)])
    return Table("覆盖情况", ["领域", *(n.label for n in whole)], rows)


def breakdown_table(found: Breakdown) -> Table:
    head = ["类别"]
    for r in found.requirements:
        head += [f"{r.label}{what}" for what in ("应完成", "完成", "免除", "未完成")]
    rows = [
        [label, *(n for c in cells for n in (c.figures.total, c.figures.done, c.figures.waived, c.figures.missing))]
        for label, cells in found.rows
    ]
    return Table(found.title, head, rows)


def breakdown_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    """Each table cut into parts that fit across a sheet."""
    found = breakdown(place.campaign, place.node, place.phase, categories=True)
    cut = [
        Breakdown(
            each.title,
            each.note,
            each.requirements[start : start + ACROSS],
            [(label, cells[start : start + ACROSS]) for label, cells in each.rows],
        )
        for each in found
        for start in range(0, len(each.requirements), ACROSS)
    ]
    return {"place": place, "today": timezone.localdate(), "tables": cut}


def breakdown_tables(place: Place, params: Params, user: Any) -> list[Table]:
    return [breakdown_table(each) for each in breakdown(place.campaign, place.node, place.phase, categories=True)]


def find_requirement(params: Params, user: Any) -> Place:
    place = find_place(params, user)
    if place.requirement is None:
        raise Http404
    return place


def record_lines(place: Place, params: Params, user: Any, limit: int) -> tuple[list[str], list[list[Any]]]:
    """Headings and lines; raises ``JobFailure`` where there are too many for one file."""
    assert place.requirement is not None  # noqa: S101 - ``find_requirement`` saw to it
    wanted, may = Wanted.read(params), user.can(Permission.VIEW_NAMES, at=place.node)
    if not may or place.requirement.subject != Subject.PERSON:
        wanted = wanted.without_category()
    names = may and not wanted.by_unit
    found: list[Late] = records(place.campaign, place.node, place.requirement, wanted, names=names, limit=limit + 1)
    if len(found) > limit:
        raise JobFailure(f"名单超过{limit}行，请按领域、类别筛选，或按下级单位分别打印、导出。")
    unit = overview.unit_of(place.requirement)
    lines = [[row.organization, row.name if names else f"{row.missing}{unit}", row.due] for row in found]
    return ["单位", "姓名" if names else wanted.outcome.label, "期限"], lines


def record_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    headings, lines = record_lines(place, params, user, ON_PAPER)
    wanted = Wanted.read(params)
    said = "　".join(
        part
        for part in (place.requirement.label if place.requirement else "", wanted.outcome.label, wanted.said)
        if part
    )
    return {
        "headings": headings,
        "lines": [[v if v is not None else "未排定" for v in line] for line in lines],
        "said": said,
    }


def record_tables(place: Place, params: Params, user: Any) -> list[Table]:
    headings, lines = record_lines(place, params, user, IN_TABLE)
    return [
        Table(Wanted.read(params).outcome.label, ["序号", *headings], [[n, *line] for n, line in enumerate(lines, 1)])
    ]


documents.register(
    Document(
        code="dashboard",
        label="进展总览",
        find=find_phase,
        title=lambda place: f"{place.heading}进展总览",
        permission=Permission.EXPORT,
        template="campaign/print/dashboard.html",
        data=dashboard_sheet,
        tables=dashboard_tables,
        landscape=True,
    )
)
documents.register(
    Document(
        code="breakdown",
        label="分类情况",
        find=find_phase,
        title=lambda place: f"{place.heading}分类情况",
        permission=Permission.EXPORT,
        template="campaign/print/breakdown.html",
        data=breakdown_sheet,
        tables=breakdown_tables,
        landscape=True,
    )
)
documents.register(
    Document(
        code="requirement-records",
        label="规定动作名单",
        find=find_requirement,
        title=lambda place: f"{place.node.name}{place.campaign.name}规定动作名单",
        permission=Permission.EXPORT,
        template="campaign/print/listing.html",
        data=record_sheet,
        tables=record_tables,
    )
)
