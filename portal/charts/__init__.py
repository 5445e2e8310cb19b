"""Pictures drawn by the server: one SVG for the page and for paper, readable in grey and without seeing colours.

No scripts and no style attributes, only presentation attributes; every picture says in ``<title>`` and ``<desc>`` what it shows, and takes
the width of the place it is put in.
"""

from portal.charts.bars import category_bars, coverage_bar, stacked_bars
from portal.charts.data import Bar, Part, Span, TimeRow
from portal.charts.days import timeline, trend

__all__ = [
    "Bar",
    "Part",
    "Span",
    "TimeRow",
    "category_bars",
    "coverage_bar",
    "stacked_bars",
    "timeline",
    "trend",
]
