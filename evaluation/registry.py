"""What rooms above add to the pages of a self-analysis."""

from collections.abc import Callable, Iterable
from typing import Any

from evaluation.models import SelfAnalysis
from portal.registry import Hooks

AnalysisLinks = Callable[[SelfAnalysis, Any], Iterable[tuple[str, str]]]
analysis_links: Hooks[AnalysisLinks] = Hooks("links from a self-analysis")


def links_from(analysis: SelfAnalysis, user: Any) -> list[tuple[str, str]]:
    """Where one can go on from here: ``(label, path)`` pairs, as the rooms above offer them to this user."""
    return [link for offer in analysis_links for link in offer(analysis, user)]
