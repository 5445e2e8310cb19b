"""The numbers of a dashboard, each with the address of the list behind it; the list is as long as the number says."""

from dataclasses import dataclass
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from campaign.dashboards.outcomes import NO_SECTOR, SECTORS
from campaign.models import Campaign, Requirement
from campaign.progress.coverage import Coverage
from campaign.progress.writing import NOTHING
from campaign.reports.overview import Board, gatekeeping, unit_of
from members.models import Organization


@dataclass(frozen=True)
class Number:
    """A number with its words; ``url`` is empty where there is nothing to list, or the reader may not see the list."""

    label: str
    value: int
    url: str = ""

    @property
    def linked(self) -> SafeString:
        """Written by hand: a page has hundreds of them."""
        if not self.url:
            return mark_safe(str(self.value))  # noqa: S308 - a number
        told = f'<span class="visually-hidden">：{escape(self.label)}</span>'
        return mark_safe(f'<a href="{escape(self.url)}">{self.value}{told}</a>')  # noqa: S308 - escaped


# Listing, choice and the number of ``Coverage``.
PEOPLE = (
    ("在册党员", "", "on_roll"),
    ("参加活动", "taking_part", "taking_part"),
    ("在外地参加", "elsewhere", "elsewhere"),
    ("尚未编入", "without_place", "without_place"),
    ("失联", "lost", "lost"),
)
PLACES = (
    ("党支部", "", "branches"),
    ("已编入", "enrolled", "enrolled"),
    ("已启动", "started", "started"),
    ("尚未编入", "outside", "outside"),
    ("暂缓", "postponed", "postponed"),
    ("已结束", "finished", "finished"),
)


def coverage_numbers(
    campaign: Campaign, node: Organization, coverage: Coverage, *, names: bool, sector: str = ""
) -> dict[str, list[Number]]:
    """Members and branches of the node (of one 领域)."""

    stem = reverse("listing", args=[campaign.pk, node.pk, "-"]).removesuffix("-/")

    def rows(kind: str, choice: str, parts: Any) -> list[Number]:
        found = []
        for label, code, name in parts:
            value = coverage.branches - coverage.enrolled if name == "outside" else getattr(coverage, name)
            query = "&".join(f"{k}={v}" for k, v in ((choice, code), ("sector", sector)) if v)
            url = f"{stem}{kind}/?{query}" if query else f"{stem}{kind}/"
            found.append(Number(label, value, url if names and value else ""))
        return found

    return {"people": rows("people", "who", PEOPLE), "places": rows("places", "how", PLACES)}


def sector_rows(campaign: Campaign, node: Organization, board: Board, *, names: bool) -> list[dict[str, Any]]:
    """Coverage by 领域, in the order of the labels; nothing where all is of one."""
    found = board.sectors
    rows = []
    for code, label in SECTORS.items():
        coverage = found.get("" if code == NO_SECTOR else code, Coverage())
        if coverage.branches or coverage.on_roll:
            numbers = coverage_numbers(campaign, node, coverage, names=names, sector=code)
            rows.append({"label": label, "numbers": [*numbers["places"][:4], *numbers["people"][:4]]})
    return rows if len(rows) > 1 else []


@dataclass(frozen=True)
class Owing:
    """A requirement that somebody still owes."""

    requirement: Requirement
    unit: str
    missing: Number
    overdue: Number
    soon: Number
    units: Number


def owing_rows(campaign: Campaign, node: Organization, board: Board) -> list[Owing]:
    """How many, how many of them past the day or near it, and in how many units."""
    stem = reverse("record-list", args=[campaign.pk, node.pk])
    late = reverse("late-list", args=[campaign.pk, node.pk])
    rows = []
    for requirement in board.requirements:
        f = board.figures.get(requirement.pk, NOTHING)
        if f.missing:
            own = f"?requirement={requirement.pk}"
            rows.append(
                Owing(
                    requirement,
                    unit_of(requirement),
                    Number("未完成", f.missing, late + own),
                    Number("已过期限", f.overdue, f"{stem}{own}&what=overdue" if f.overdue else ""),
                    Number("即将到期", f.soon, f"{stem}{own}&what=soon" if f.soon else ""),
                    Number("有缺项的单位", f.behind, f"{stem}{own}&what=missing&by=unit"),
                )
            )
    return rows


def gate_numbers(campaign: Campaign, node: Organization, board: Board, *, names: bool) -> dict[str, Number] | None:
    """Units in the phase: all, those that have everything, those held up; and requests that wait."""
    if board.phase is None:
        return None
    found = gatekeeping(board, board.phase)
    stem = f"{reverse('listing', args=[campaign.pk, node.pk, 'stages'])}?phase={board.phase.number}&at="

    def number(label: str, value: int, at: str) -> Number:
        return Number(label, value, stem + at if names and value else "")

    waiting = f"{reverse('listing', args=[campaign.pk, node.pk, 'requests'])}?phase={board.phase.number}"
    return {
        "inside": number("处于本阶段的单位", found.inside, "inside"),
        "complete": number("已齐备", found.complete, "complete"),
        "held_up": number("尚有缺项", found.held_up, "incomplete"),
        "waiting": Number("转段申请待审核", found.waiting, waiting if names and found.waiting else ""),
    }
