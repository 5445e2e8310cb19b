"""Writing a self-analysis, section by section, and handing it in. Whichever window wins, nothing typed is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaign.models import Participation
from campaign.progress.writing import recording
from evaluation.models import Revision, Section, SelfAnalysis
from evaluation.reviewers import nearest
from evaluation.sections import sections_for
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.notices import Draft

TYPING_SPAN = timedelta(minutes=10)


class Outcome(StrEnum):
    """What became of a text: written; kept beside as another window had saved first, or as it can't be written now."""

    SAVED = "saved"
    CONFLICT = "conflict"
    CLOSED = "closed"


@dataclass(frozen=True)
class Saved:
    """The outcome, and what the section holds now."""

    outcome: Outcome
    text: str = ""
    version: int = 0
    saved_at: datetime | None = None


class Incomplete(Exception):
    """Sections without a word; ``titles`` names them."""

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__("、".join(titles))
        self.titles = titles


class NotOpen(Exception):
    """The analysis cannot be handed in now: the person left or the campaign is over."""


@transaction.atomic
def save_section(
    *, participation: Participation, key: str, base: int, text: str, by: Any, typed: bool = False
) -> Saved:
    """Write ``text``, typed over version ``base``; if another window saved in between, keep it beside as a conflict.

    No figure depends on the texts, only on the state: so the branch's lock is taken once, when the analysis comes into
    being, and people who write at the same time don't wait for each other. ``typed`` marks an autosave (see ``keep``).
    """
    analysis = begin(participation)
    if analysis is None:
        return Saved(Outcome.CLOSED)
    section, _ = Section.objects.get_or_create(analysis=analysis, key=key)
    if text == section.text:
        return state_of(section, Outcome.SAVED)
    if not analysis.can_be_written or base != section.version:
        keep_beside(section, text, base)
        return state_of(section, Outcome.CONFLICT if analysis.can_be_written else Outcome.CLOSED)
    before = section.text
    section.text, section.version, section.saved_at = text, section.version + 1, timezone.now()
    section.save()
    keep(section, before, typed=typed)
    return state_of(section, Outcome.SAVED)


def begin(participation: Participation) -> SelfAnalysis | None:
    """The person's analysis, its row locked; a new one if they may begin now, otherwise nothing."""
    own = SelfAnalysis.objects.filter(participation=participation)
    if not own.exists():
        if not SelfAnalysis(participation=participation).can_be_written:
            return None
        with recording([participation.enrolment_id]):
            SelfAnalysis.objects.get_or_create(participation=participation)
    return own.select_for_update(of=("self",)).with_author().get()


def state_of(section: Section, outcome: Outcome) -> Saved:
    return Saved(outcome, section.text, section.version, section.saved_at)


def keep(section: Section, before: str, *, typed: bool) -> None:
    """Every save is a revision; autosaves of the same ten minutes that only add to the text share one."""
    now = timezone.now()
    last = section.revisions.first()
    goes_on = last is not None and last.kind == Revision.Kind.SAVED and last.text == before
    if typed and last and goes_on and span_of(last.at) == span_of(now) and only_adds(before, section.text):
        last.text, last.version, last.at = section.text, section.version, now
        last.save()
        return
    Revision.objects.create(section=section, version=section.version, text=section.text, at=now)


def span_of(moment: datetime) -> int:
    return int(moment.timestamp() // TYPING_SPAN.total_seconds())


def only_adds(before: str, after: str) -> bool:
    """Whether ``after`` is ``before`` with something put in at one place."""
    start = 0
    while start < len(before) and start < len(after) and before[start] == after[start]:
        start += 1
    return len(after) >= len(before) and after.endswith(before[start:])


def keep_beside(section: Section, text: str, base: int) -> None:
    """Keep a text that could not be written; the same one sent again is kept once."""
    last = section.revisions.filter(kind=Revision.Kind.CONFLICT).first()
    if text and (last is None or last.text != text):
        Revision.objects.create(section=section, version=base, text=text, kind=Revision.Kind.CONFLICT)


def restore(*, revision: Revision, by: Any) -> Saved:
    """Save an earlier text as the newest version; the one it replaces stays a revision."""
    section = revision.section
    with transaction.atomic():
        saved = save_section(
            participation=section.analysis.participation,
            key=section.key,
            base=section.version,
            text=revision.text,
            by=by,
        )
        audit(by=by, verb="恢复修改记录", target=section.analysis, section=section.key, version=revision.version)
    return saved


def submit(*, participation: Participation, by: Any) -> bool:
    """Hand it in: the texts of this moment are what reviewers read. ``False`` if it already was (a second press).

    Raises ``Incomplete`` when sections are empty, ``NotOpen`` when it is not the time to hand in.
    """
    with recording([participation.enrolment_id]):
        analysis = begin(participation)
        if analysis is None:
            raise NotOpen
        if analysis.state in {SelfAnalysis.State.SUBMITTED, SelfAnalysis.State.ACCEPTED}:
            return False
        texts = {section.key: section for section in analysis.sections.all()}
        specs = sections_for(participation)
        missing = [spec.title for spec in specs if spec.key not in texts or not texts[spec.key].text.strip()]
        if missing:
            raise Incomplete(missing)
        if not analysis.can_be_written:
            raise NotOpen
        if not analysis.submit():
            return False
        Revision.objects.bulk_create(
            Revision(section=s, version=s.version, text=s.text, kind=Revision.Kind.SUBMITTED) for s in texts.values()
        )
        audit(by=by, verb="提交党性分析材料", target=analysis)
        notify(tell_reviewers(analysis))
    return True


def tell_reviewers(analysis: SelfAnalysis) -> list[Draft]:
    moment = analysis.submitted_at
    return [
        Draft(
            recipient_id=hat.user_id,
            key=f"analysis-submitted:{analysis.pk}:{moment:%Y%m%d%H%M%S%f}:{hat.user_id}",
            kind="党性分析",
            text=f"{analysis.participation.member}（{analysis.scope}）提交了党性分析材料，请审阅。",
            url=reverse("self-analysis-review", args=[analysis.pk]),
        )
        for hat in nearest(analysis.participation)
    ]
