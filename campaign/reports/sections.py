"""Parts of the phase report that the rooms above add: what was found by evaluation, what was promised and done.

A room registers in its ``documents.py``::

    from campaign.reports.sections import ReportSection, report_sections

    def problems(campaign: Campaign, node: Organization, phase: Phase | None) -> dict[str, Any] | None:
        \"\"\"Context of the template, or None when there is nothing to say.\"\"\"

    report_sections.register(ReportSection("problems", 20, "查找出的突出问题", problems,
    "rectification/print/_report_problems.html"))

``build`` counts over every enrolment under ``node`` (``enrolment__organization__path__startswith=node.path``) with a
fixed number of queries
and gives numbers and category labels, never words or names of persons: whoever prints a report may hold less than a
reviewer.
The template is a fragment in the 公文 look (``<p>``, ``<table>``, ``<figure>{{ svg }}</figure>``; no heading, the
report numbers it) and gets
what ``build`` returned together with ``campaign``, ``node`` and ``phase`` (``None`` = the whole campaign). ``order``:
10–39 evaluation,
40–69 rectification. What has no data returns ``None``; the report then says so under the section's heading.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaign.models import Campaign, Phase
from members.models import Organization
from portal.registry import Registry

Build = Callable[[Campaign, Organization, Phase | None], dict[str, Any] | None]


@dataclass(frozen=True)
class ReportSection:
    """One part of the report: its place, its heading, its data, and the fragment that shows them."""

    code: str
    order: int
    heading: str
    build: Build
    template: str


report_sections: Registry[ReportSection] = Registry("report section")
