"""Reading a withdrawn session as it was: its attendance out of what was put aside."""

from datetime import date
from typing import Any

from campaign.models import Attendance, MakeUp, Participation, StudySession


def attendances_of(session: StudySession) -> list[Attendance]:
    """Everyone who was on the list, with their make-up, in the order of the roll; of a withdrawn session rows that are no
    longer in the database."""
    if not session.is_withdrawn:
        rows = session.attendances.select_related("participation__member", "make_up")
        return list(rows.order_by("participation__member_id"))
    kept = {entry["participation"]: entry for entry in session.attendance_then or []}
    people = Participation.objects.filter(pk__in=kept).select_related("member").order_by("member_id")
    return [as_it_was(session, person, kept[person.pk]) for person in people]


def as_it_was(session: StudySession, person: Participation, entry: dict[str, Any]) -> Attendance:
    row = Attendance(session=session, participation=person, state=entry["state"])
    if isinstance(facts := entry["make_up"], dict):
        MakeUp(attendance=row, **{**facts, "on": date.fromisoformat(facts["on"])})
    return row
