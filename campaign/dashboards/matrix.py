"""Children × requirements as ready cells, in tree order; built in one go, as a page has hundreds of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from campaign.dashboards.records import Links
from campaign.models import Campaign, Phase, Requirement
from campaign.progress.writing import NOTHING, Figures
from campaign.reports.overview import Board, Stage, stages
from members.models import Organization
from portal.indicators import Subject

# From here on a share says something; below, numbers do.
SHARE_FROM = 100
NOBODY = '—<span class="visually-hidden">无适用对象</span>'
# A public page shows no figure about fewer people than this.
FEWEST = 5


@dataclass(frozen=True)
class Line:
    """One child: address of what lies below it (a branch's own page where it is enrolled, otherwise its dashboard in the same phase),
    where it stands, its cells."""

    name: str
    url: str
    stage: SafeString
    cells: SafeString


def lines(
    campaign: Campaign, board: Board, children: Sequence[Organization], found: dict[str, Stage], *, names: bool
) -> list[Line]:
    """With links for those who are signed in; ``names``: they may open lists of units."""
    links, pages = Links(campaign), unit_pages(campaign, children)
    below = f"?phase={board.phase.number}" if board.phase else ""
    rows = []
    for child in children:
        stage = found[child.path]
        where = stage_linked(links, child.pk, stage, board.phases) if names else conditional_escape(stage.note)
        cells = cells_of(board.requirements, board.by_child.get(child.path, {}), links, child.pk)
        url = links.unit(pages[child.pk]) if child.pk in pages else f"{links.dashboard}{child.pk}/{below}"
        rows.append(Line(child.name, url, where, cells))
    return rows


def cells_of(requirements: Sequence[Requirement], own: dict[int, Figures], links: Links, node: int) -> SafeString:
    """One row of cells."""
    cells = ""
    for requirement in requirements:
        f = own.get(requirement.pk, NOTHING)
        cells += f'<td class="cell{done(f)}" data-label="{escape(requirement.label)}">{linked(f, links, node, requirement.pk)}</td>'
    return mark_safe(cells)  # noqa: S308 - numbers and escaped labels


def done(figures: Figures) -> str:
    return " cell-done" if figures.total and not figures.missing else ""


def linked(f: Figures, links: Links, node: int, requirement: int) -> str:
    """``done or waived / total``, apart how much of it by which way, and what is missing; every number leads to its records."""

    def number(n: int, what: str) -> str:
        return f'<a href="{links.of(node, requirement, what)}">{n}</a>' if n else "0"

    if not f.total:
        return NOBODY
    parts = [f"其中灵活方式{number(f.otherwise, 'otherwise')}"] if f.otherwise else []
    parts += [f"免除{number(f.waived, 'waived')}"] if f.waived else []
    apart = f'<small class="cell-apart">（{"，".join(parts)}）</small>' if parts else ""
    gap = f' <span class="cell-gap">差{number(f.missing, "missing")}</span>' if f.missing else ""
    mark = "" if f.missing else '<span class="cell-mark">✓</span> '
    return f"{mark}{number(f.done + f.waived, 'settled')}/{number(f.total, 'total')}{share(f)}{gap}{apart}"


def share(f: Figures) -> str:
    return f' <small class="cell-share">{f.percent}%</small>' if f.total >= SHARE_FROM else ""


def told(f: Figures) -> str:
    """The same in words, for paper and tables."""
    if not f.total:
        return "—"
    parts = [f"灵活方式{f.otherwise}"] if f.otherwise else []
    parts += [f"免除{f.waived}"] if f.waived else []
    parts += [f"差{f.missing}"] if f.missing else []
    return f"{'' if f.missing else '✓ '}{f.done + f.waived}/{f.total}" + (f"（{'，'.join(parts)}）" if parts else "")


def veiled(board: Board, children: Sequence[Organization]) -> dict[tuple[str, int], str]:
    """What a page for outsiders says, by child's path and requirement: no figure about fewer than ``FEWEST`` people, and where just one
    would be hidden and could be worked out from the sum, the next smallest is hidden too."""
    cells: dict[tuple[str, int], str] = {}
    for requirement in board.requirements:
        found = {c.path: board.by_child.get(c.path, {}).get(requirement.pk, NOTHING) for c in children}
        hidden: set[str] = set()
        if requirement.subject == Subject.PERSON:
            asked = sorted((f.total, path) for path, f in found.items() if f.total)
            hidden = {path for total, path in asked if total < FEWEST}
            if len(hidden) == 1:
                hidden |= {path for _, path in asked[:2]}
        for path, f in found.items():
            cells[path, requirement.pk] = f"少于{FEWEST}人或不便公开" if path in hidden else told(f)
    return cells


def few(people: int) -> bool:
    return 0 < people < FEWEST


def shown_openly(board: Board) -> list[Requirement]:
    """The requirements whose figure of the node itself is about enough people."""
    return [
        r for r in board.requirements if r.subject != Subject.PERSON or not few(board.figures.get(r.pk, NOTHING).total)
    ]


def stage_linked(links: Links, child: int, stage: Stage, phases: Sequence[Phase]) -> SafeString:
    """Where the child's units are, each number with the list of those units."""
    address = f"{links.listing}{child}/stages/"
    numbers = {phase.name: phase.number for phase in phases}
    there = stage.counts
    parts = []
    for name, n, state in there:
        query = f"at={state}" + (f"&amp;phase={numbers[name]}" if name in numbers and state == "running" else "")
        words = "" if len(there) == n == 1 else f'<a href="{address}?{query}">{n}</a>个'
        parts.append(f"{escape(name)}{words}")
    return mark_safe("，".join(parts) or "未编入")  # noqa: S308 - escaped names and numbers


def unit_pages(campaign: Campaign, children: Sequence[Organization]) -> dict[int, int]:
    """Enrolments of those children that are units and have nothing below them."""
    branches = [child.pk for child in children if child.is_branch]
    if not branches:
        return {}
    return dict(campaign.enrolments.filter(organization__in=branches).order_by().values_list("organization_id", "pk"))


def placed(board: Board, children: Sequence[Organization]) -> dict[str, Stage]:
    return stages(board.phases, children, board.standing_by_child, sequential=board.sequential)
