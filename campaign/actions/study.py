"""Recording study: a session with everyone's attendance in one go, make-ups."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from campaign.actions.refusal import Refused
from campaign.elsewhere import also_asked
from campaign.models import (
    Attendance,
    Campaign,
    ContactPoint,
    CoreGroupSeat,
    Enrolment,
    MakeUp,
    Material,
    Participation,
    StudySession,
)
from campaign.progress.writing import recording
from members.models import Organization
from portal.actions.log import audit

# The indicator that reads attendance wherever it was recorded.
STUDY_DAYS = "study-days"


class RecordedOtherwise(Exception):
    """A session of the branch at this time with this topic is on record, with other facts."""


class SessionWithdrawn(Refused):
    """It was withdrawn in the meantime."""

    def __init__(self) -> None:
        super().__init__("这次学习记录已经作废，您的操作没有生效。")


class MakeUpsAtStake(Exception):
    """Saving would drop make-ups that were entered for what is no longer missed; ``attendances`` says whose."""

    def __init__(self, attendances: list[Attendance]) -> None:
        super().__init__()
        self.attendances = attendances


def refusal(enrolment: Enrolment) -> str:
    """Why no study can be recorded here now; empty when it can (S2 三1: 先准备，后启动)."""
    if enrolment.campaign.state != Campaign.State.RUNNING:
        return f"本次活动{enrolment.campaign.get_state_display()}，不能记录学习。"
    if enrolment.state == Enrolment.State.PREPARING:
        return "本单位还没有启动活动。请先完成准备工作并启动，再记录学习。"
    if enrolment.state == Enrolment.State.POSTPONED:
        return "本单位的活动已暂缓，恢复后才能记录学习。"
    if enrolment.state == Enrolment.State.CLOSED:
        return "本单位已撤并，原有记录保留，不能再记录学习。"
    return ""


def record(
    *,
    session: StudySession,
    materials: Iterable[Material],
    attendance: Mapping[int, str],
    by: Any,
    confirmed: bool = False,
) -> tuple[StudySession, bool]:
    """Save a session with its attendance: ``{participation id: state}``, empty = not expected.

    Returns the session, and ``False`` if it had been recorded just so before. Raises ``RecordedOtherwise``,
    ``SessionWithdrawn``, and ``MakeUpsAtStake`` unless ``confirmed``.
    """
    own = session.attendances.all() if session.pk else Attendance.objects.none()
    before = StudySession.objects.filter(pk=session.pk).values_list("lecturer", flat=True)
    lecturers = {pk for pk in (session.lecturer_id, *before) if pk}
    with recording({session.enrolment_id, *concerned(own, {*attendance, *lecturers})}):
        known = {a.participation_id: a for a in own.select_related("make_up", "participation__member")}
        new = session.pk is None
        if new:
            if first := recorded(session, materials, attendance):
                return first, False
            session.by = by
        elif not StudySession.objects.filter(pk=session.pk).exists():
            raise SessionWithdrawn
        check_make_ups(known, attendance, confirmed)
        session.save()
        session.materials.set(materials)
        write_attendance(session, known, attendance)
        audit(
            by=by,
            verb="记录学习" if new else "修改学习记录",
            target=session,
            people=sum(bool(s) for s in attendance.values()),
        )
    return session, True


def concerned(own: QuerySet[Attendance], participations: Iterable[int]) -> set[int]:
    """Enrolments whose figures may change with these attendances: of the people, and where else their days are asked for."""
    people = Participation.objects.filter(Q(pk__in=list(participations)) | Q(pk__in=own.values("participation")))
    rows = list(people.values_list("enrolment", "member"))
    return {unit for unit, _ in rows} | also_asked(STUDY_DAYS, [member for _, member in rows])


def recorded(
    session: StudySession, materials: Iterable[Material], attendance: Mapping[int, str]
) -> StudySession | None:
    """The session that is on record for this time and topic; raises ``RecordedOtherwise`` if it differs from this one."""
    first = StudySession.objects.filter(
        enrolment=session.enrolment_id, topic=session.topic, held_at=session.held_at
    ).first()
    if first is None:
        return None
    facts = ("form", "minutes_long", "place", "chair", "recorder", "lecturer_id", "record")
    states = dict(first.attendances.values_list("participation", "state"))
    if (
        any(getattr(first, fact) != getattr(session, fact) for fact in facts)
        or {*first.materials.all()} != {*materials}
        or states != {pk: state for pk, state in attendance.items() if state}
    ):
        raise RecordedOtherwise
    return first


def check_make_ups(known: Mapping[int, Attendance], attendance: Mapping[int, str], confirmed: bool) -> None:
    """Nothing that was made up disappears unasked."""
    dropped = [
        a
        for pk, a in known.items()
        if pk in attendance and attendance[pk] not in Attendance.MISSED_STATES and has_make_up(a)
    ]
    if dropped and not confirmed:
        raise MakeUpsAtStake(dropped)
    MakeUp.objects.filter(attendance__in=[a.pk for a in dropped]).delete()


def has_make_up(attendance: Attendance) -> bool:
    return getattr(attendance, "make_up", None) is not None


def may_be_expected(enrolment: Enrolment, day: date) -> QuerySet[Participation]:
    """The people of a branch; of a committee the members of its 中心组 that day, wherever they take part in this campaign."""
    if not enrolment.is_committee:
        return Participation.objects.filter(enrolment=enrolment)
    seats = CoreGroupSeat.objects.filter(organization=enrolment.organization_id).held_on(day)
    return Participation.objects.filter(campaign=enrolment.campaign_id, member__in=seats.values("member"))


def may_lecture(enrolment: Enrolment, day: date) -> QuerySet[Participation]:
    """Who can be named as lecturer: the unit's own people, leading cadres whose contact point it is, and the 中心组 of the
    committees above it (S2 二5: 带头讲党课)."""
    path = enrolment.organization.path
    step = Organization.steplen
    above = [path[:end] for end in range(step, len(path) + 1, step)]
    seats = CoreGroupSeat.objects.filter(organization__path__in=above).held_on(day).values("member")
    points = ContactPoint.objects.held().filter(organization=enrolment.organization_id).values("participation")
    here = Q(pk__in=may_be_expected(enrolment, day).values("pk"))
    rows = Participation.objects.filter(here | Q(member__in=seats) | Q(pk__in=points), campaign=enrolment.campaign_id)
    return rows.active()


def write_attendance(session: StudySession, known: Mapping[int, Attendance], attendance: Mapping[int, str]) -> None:
    """Create, change and remove rows; only people who belonged to this branch that day, or have a row already, are written."""
    day = timezone.localtime(session.held_at).date()
    here = may_be_expected(session.enrolment, day).filter(pk__in=attendance)
    own = {person.pk for person in here if person.expected_from <= day}
    changed, added = [], []
    for pk, state in attendance.items():
        row = known.get(pk)
        if row and state and row.state != state:
            row.state = state
            changed.append(row)
        elif row is None and state and pk in own:
            added.append(Attendance(session=session, participation_id=pk, state=state))
    Attendance.objects.bulk_update(changed, ["state"])
    Attendance.objects.bulk_create(added)
    gone = [row.pk for pk, row in known.items() if attendance.get(pk) == ""]
    Attendance.objects.filter(pk__in=gone).delete()


def make_up(*, attendances: Iterable[Attendance], on: date, way: str, checked_by: str, by: Any) -> int:
    """Note that what was missed was made up for; who has one already, or no longer needs one, stays as they are."""
    rows = {a.pk for a in attendances}
    with recording(concerned(Attendance.objects.filter(pk__in=rows), ())):
        missed = Attendance.objects.filter(pk__in=rows).owed()
        done = [MakeUp(attendance=row, on=on, way=way, checked_by=checked_by, by=by) for row in missed]
        MakeUp.objects.bulk_create(done)
        for each in done:
            audit(by=by, verb="登记补课", target=each.attendance)
    return len(done)


def missed(enrolment: Enrolment) -> Any:
    """What was missed and not made up for by people who take part now, person by person, oldest first; of a committee what was missed
    in its own sessions."""
    own = Q(session__enrolment=enrolment) if enrolment.is_committee else Q(participation__enrolment=enrolment)
    return (
        Attendance.objects.filter(own, participation__left_on=None)
        .owed()
        .select_related("session", "participation__member")
        .order_by("participation__member_id", "session__held_at")
    )


def made_up(enrolment: Enrolment) -> QuerySet[MakeUp]:
    """Make-ups of people of this branch, latest first."""
    own = "session" if enrolment.is_committee else "participation"
    rows = MakeUp.objects.filter(**{f"attendance__{own}__enrolment": enrolment})
    return rows.select_related("attendance__participation__member", "attendance__session").order_by("-pk")
