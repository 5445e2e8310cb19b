"""The writing page as data: each section with its text, what another window saved, and the reviewer's remarks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaign.models import Participation
from evaluation.actions.self_analysis import Outcome, Saved
from evaluation.forms.self_analysis import Written
from evaluation.models import Remark, SelfAnalysis
from evaluation.sections import SectionSpec, sections_for


@dataclass
class Part:
    """One section on the page. ``unsaved``: the box is ahead of the database; ``other``: what another window saved."""

    spec: SectionSpec
    text: str = ""
    base: int = 0
    saved_at: datetime | None = None
    unsaved: bool = False
    other: str | None = None
    remarks: Sequence[Remark] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Characters without white space, as an editor counts them."""
        return sum(not c.isspace() for c in self.text)


def analysis_of(participation: Participation) -> SelfAnalysis:
    """The person's analysis; one that has not been begun is not yet in the database."""
    found = SelfAnalysis.objects.filter(participation=participation).with_author().first()
    return found or SelfAnalysis(participation=participation)


def remarks_by_section(analysis: SelfAnalysis) -> dict[str, list[Remark]]:
    """Remarks by section key, newest first; the empty key is the whole."""
    grouped: dict[str, list[Remark]] = {}
    if analysis.pk:
        for remark in analysis.remarks.select_related("by").order_by("-at", "pk"):
            grouped.setdefault(remark.key, []).append(remark)
    return grouped


def parts_of(analysis: SelfAnalysis, remarks: Mapping[str, list[Remark]]) -> list[Part]:
    """The sections as they are saved."""
    saved = {s.key: s for s in analysis.sections.all()} if analysis.pk else {}
    parts = []
    for spec in sections_for(analysis.participation):
        part = Part(spec, remarks=remarks.get(spec.key, []))
        if section := saved.get(spec.key):
            part.text, part.base, part.saved_at = section.text, section.version, section.saved_at
        parts.append(part)
    return parts


def put_back(parts: Sequence[Part], kept: Sequence[Written]) -> bool:
    """Lay what was typed before the session expired into the boxes; whether there was any."""
    by_key = {part.spec.key: part for part in parts}
    for words in kept:
        part = by_key[words.key]
        if words.text != part.text:
            if words.base != part.base:
                part.other = part.text
            part.text, part.unsaved = words.text, True
    return any(part.unsaved for part in parts)


def show_conflicts(parts: Sequence[Part], typed: Sequence[Written], saved: Mapping[str, Saved]) -> None:
    """Show both texts wherever another window had saved first: the box keeps what was typed here."""
    texts = {words.key: words.text for words in typed}
    for part in parts:
        result = saved.get(part.spec.key)
        if result and result.outcome == Outcome.CONFLICT:
            part.other, part.text, part.unsaved = result.text, texts[part.spec.key], True
