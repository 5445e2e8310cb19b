"""The drawings of a dashboard, for the page and for paper."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from django.utils.safestring import SafeString

from campaign.models import Requirement
from campaign.progress.coverage import Coverage
from campaign.progress.writing import NOTHING, Figures
from campaign.reports.overview import Board, trends, unit_of
from members.models import Organization
from portal import charts

TREND_DAYS = 365


def bars(requirements: Sequence[Requirement], figures: dict[int, Figures]) -> list[charts.Bar]:
    rows = [(r, figures.get(r.pk, NOTHING)) for r in requirements]
    return [charts.Bar(r.label, f.done, f.waived, f.total, unit_of(r), f.otherwise) for r, f in rows]


def people_picture(coverage: Coverage) -> SafeString:
    parts = [
        charts.Part("参加活动", coverage.taking_part, "dark"),
        charts.Part("在外地参加", coverage.elsewhere, "hatched"),
        charts.Part("尚未编入", coverage.without_place, "pale"),
    ]
    return charts.coverage_bar("党员覆盖情况", charts.Part("在册党员", coverage.on_roll), parts)


def places_picture(coverage: Coverage) -> SafeString:
    parts = [
        charts.Part("已启动", coverage.started, "dark"),
        charts.Part("已编入未启动", coverage.enrolled - coverage.started, "middle"),
        charts.Part("尚未编入", coverage.branches - coverage.enrolled, "pale"),
    ]
    return charts.coverage_bar("支部覆盖情况", charts.Part("党支部", coverage.branches), parts)


def trend_picture(node: Organization, board: Board) -> SafeString:
    """Of all requirements together over a year; nothing before there are two days."""
    days = trends(node, board.requirements, timezone.localdate() - timedelta(TREND_DAYS)).together
    return charts.trend("完成率变化", days) if len(days) > 1 else SafeString()
