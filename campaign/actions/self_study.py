"""What members do on their own: personal study, notes, what they have read."""

import uuid
from datetime import date
from typing import Any

from django.db.models import F
from django.utils import timezone

from campaign.models import Material, NoteRevision, Participation, Reading, SelfStudy, StudyNote
from campaign.progress.writing import recording
from portal.actions.log import audit


def log(
    *, participation: Participation, on: date, what: str, minutes: int, material: Material | None, by: Any
) -> tuple[SelfStudy, bool]:
    """A piece of personal study. The same day and words again is the same entry (``False``), as it was entered first."""
    with recording([participation.enrolment_id]):
        row, new = SelfStudy.objects.get_or_create(
            participation=participation, on=on, what=what, defaults={"minutes": minutes, "material": material}
        )
        if new:
            audit(by=by, verb="登记个人自学", target=participation, minutes=minutes)
    return row, new


def unlog(*, entry: SelfStudy, by: Any) -> None:
    """Take an entry back."""
    with recording([entry.participation.enrolment_id]):
        SelfStudy.objects.filter(pk=entry.pk).delete()
        audit(by=by, verb="撤销个人自学", target=entry.participation)


def say_read(*, participation: Participation, material: Material, by: Any) -> bool:
    """已读, as the person says; ``False`` when they had said so."""
    with recording([participation.enrolment_id]):
        _, new = Reading.objects.get_or_create(participation=participation, material=material)
    return new


def say_unread(*, participation: Participation, material: Material, by: Any) -> None:
    """Taken back: a mark set by mistake."""
    with recording([participation.enrolment_id]):
        Reading.objects.filter(participation=participation, material=material).delete()


def write_note(
    *,
    participation: Participation,
    title: str,
    body: str,
    written_on: date,
    circle: str = StudyNote.Circle.PRIVATE,
    submission: uuid.UUID | None = None,
    by: Any,
) -> StudyNote:
    """A member's own note. The same form sent twice, or the same title, day and text, is the same note."""
    with recording([participation.enrolment_id]):
        if submission and (first := StudyNote.objects.filter(submission=submission).first()):
            return first
        own = participation.notes.filter(title=title, written_on=written_on)
        if first := next((note for note in own if note.body == body), None):
            return first
        note = StudyNote.objects.create(
            participation=participation,
            title=title,
            body=body,
            written_on=written_on,
            circle=circle,
            submission=submission,
        )
        audit(by=by, verb="撰写学习心得", target=participation)
    return note


class ChangedMeanwhile(Exception):
    """The note was changed in another window since this one was opened."""


def rewrite_note(
    *, note: StudyNote, title: str, body: str, written_on: date, circle: str, edition: int, by: Any
) -> None:
    """Change a note and keep what stood before; raises ``ChangedMeanwhile``."""
    with recording([note.participation.enrolment_id]):
        before = StudyNote.objects.get(pk=note.pk)
        moved = StudyNote.objects.filter(pk=note.pk, edition=edition).update(
            title=title,
            body=body,
            written_on=written_on,
            circle=circle,
            edition=F("edition") + 1,
            updated_at=timezone.now(),
        )
        if moved != 1:
            raise ChangedMeanwhile
        if (before.title, before.body) != (title, body):
            NoteRevision.objects.create(
                note=note, edition=edition, title=before.title, body=before.body, at=before.updated_at
            )
        audit(by=by, verb="修改学习心得", target=note.participation, circle=circle)


def remove_note(*, note: StudyNote, by: Any) -> None:
    """Take one's note away, with all its revisions and files."""
    with recording([note.participation.enrolment_id]):
        audit(by=by, verb="删除学习心得", target=note.participation)
        note.delete()
