"""Withdrawing a session that was recorded by mistake (作废): it stays to be read, and counts nowhere any more."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from campaign.actions.study import SessionWithdrawn, concerned
from campaign.models import Attendance, MakeUp, PlannedSession, StudySession
from campaign.progress.writing import recording
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.notices import Draft

KIND = "学习记录"


def withdraw(*, session: StudySession, why: str, by: Any) -> None:
    """Put the attendance with its make-ups aside, free the plan it came of, and tell the people it counted for. Raises
    ``SessionWithdrawn`` when it was withdrawn before."""
    lecturers = [session.lecturer_id] if session.lecturer_id else []
    with recording({session.enrolment_id, *concerned(session.attendances.all(), lecturers)}):
        rows = list(session.attendances.select_related("make_up", "participation").order_by("participation__member_id"))
        standing = StudySession.objects.filter(pk=session.pk)
        withdrawn = {"withdrawn_at": timezone.now(), "withdrawn_by": by, "withdrawn_why": why}
        if not standing.update(**withdrawn, attendance_then=[put_aside(row) for row in rows]):
            raise SessionWithdrawn
        session.attendances.all().delete()
        PlannedSession.objects.filter(session=session).update(session=None, updated_at=timezone.now())
        audit(by=by, verb="作废学习记录", target=session, why=why, people=len(rows))
        notify(drafts(session, rows, why, by))


def made_up(row: Attendance) -> MakeUp | None:
    return getattr(row, "make_up", None)


def put_aside(row: Attendance) -> dict[str, Any]:
    """An attendance as it is kept with a withdrawn session."""
    known = made_up(row)
    facts = {"on": str(known.on), "way": known.way, "checked_by": known.checked_by} if known else None
    return {"participation": row.participation_id, "state": row.state, "make_up": facts}


def drafts(session: StudySession, rows: Iterable[Attendance], why: str, by: Any) -> Iterable[Draft]:
    """To everyone who stood on its attendance list, once: whoever made up for it need not have, and hears that too."""
    people = {row.participation.member_id: row for row in rows}
    users = get_user_model().objects.filter(member__in=people, is_active=True).exclude(pk=by.pk)
    held = timezone.localtime(session.held_at)
    text = f"{held.month}月{held.day}日“{session.topic}”的学习记录已作废，不再计入学习统计。原因：{why}"
    for user, member in users.order_by("pk").values_list("pk", "member"):
        row = people[member]
        more = "。您为这次学习登记的补课随之不再计入，不必再补。" if made_up(row) else ""
        url = reverse("my-study", args=[row.participation_id])
        yield Draft(user, f"study-withdrawn:{session.pk}:{user}", KIND, f"{text.rstrip('。')}{more or '。'}", url)
