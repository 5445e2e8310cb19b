"""Planning study: one occasion, a row of them, another day, not at all, and what came of it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from campaign.actions import study
from campaign.models import Enrolment, Material, PlannedSession, StudyLeave, StudySession
from campaign.progress.writing import lock, recording
from campaign.study.notices import say_cancelled, say_changed, say_leave_void, say_planned
from portal.actions.log import audit

State = PlannedSession.State
COPIED = ("form", "topic", "minutes_long", "late_after", "place", "chair", "lecturer", "audience", "group")
# A change of these is told to everybody who has been told before.
TOLD = {"topic", "starts_at", "place", "form"}


class PlanRefused(Exception):
    """It cannot be done; the message (Chinese) says why and what to do."""


@transaction.atomic
def plan(
    *,
    enrolment: Enrolment,
    materials: Iterable[Material],
    submission: UUID | None,
    tell: bool = False,
    by: Any,
    **fields: Any,
) -> tuple[PlannedSession, bool]:
    """Put one occasion on the branch's calendar. Returns it, and ``False`` if the same was there already: the same form
    sent again, or this topic at this time."""
    lock([enrolment.pk])
    known = PlannedSession.objects.filter(submission=submission).first() if submission else None
    same = enrolment.planned_sessions.coming().filter(starts_at=fields["starts_at"], topic=fields["topic"]).first()
    if same or (known and known.by_id == by.pk):
        return same or known, False  # type: ignore[return-value]
    planned = PlannedSession.objects.create(
        enrolment=enrolment, submission=None if known else submission, by=by, **fields
    )
    planned.materials.set(materials)
    audit(by=by, verb="安排学习", target=planned, at=str(planned.starts_at))
    if tell:
        say_planned(planned, by=by)
    return planned, True


@transaction.atomic
def repeat(*, first: PlannedSession, days: Iterable[date], by: Any) -> list[PlannedSession]:
    """The same again on these days, at the same time of day; where this topic is there already, nothing is added."""
    time_of_day = timezone.localtime(first.starts_at).time()
    made, materials = [], list(first.materials.all())
    for day in days:
        again, new = plan(
            enrolment=first.enrolment,
            materials=materials,
            submission=None,
            starts_at=timezone.make_aware(datetime.combine(day, time_of_day)),
            by=by,
            **{name: getattr(first, name) for name in COPIED},
        )
        made += [again] if new else []
    return made


@transaction.atomic
def change(*, planned: PlannedSession, materials: Iterable[Material], by: Any, **fields: Any) -> None:
    """Another time, place, topic …; who has been told is told again, leave for another day is void. Raises ``PlanRefused``."""
    row = lock_plan(planned)
    changed = {name for name, value in fields.items() if getattr(row, name) != value}
    moved = "starts_at" in changed
    if moved and timezone.localdate(fields["starts_at"]) != row.day and row.sign_ins.exists():
        raise PlanRefused("已经有人签到，不能再改到别的日子。确实没有进行的，请取消这次安排，再另行安排。")
    before = row.starts_at
    for name, value in fields.items():
        setattr(row, name, value)
    if moved:
        row.moved_from = None if row.moved_from == row.starts_at else row.moved_from or before
    row.save()
    row.materials.set(materials)
    audit(by=by, verb="改期学习" if moved else "修改学习安排", target=row, at=str(row.starts_at))
    if changed & TOLD:
        say_changed(row, moved=moved, by=by)
    if timezone.localdate(before) != row.day:
        void_leaves(row)


def void_leaves(row: PlannedSession) -> None:
    """Leave was for the day it was asked for: on another one it has to be asked for again, of which people are told."""
    for leave in row.leaves.filter(state__in=[StudyLeave.State.ASKED, StudyLeave.State.GRANTED]):
        leave.plan, leave.state = row, StudyLeave.State.WITHDRAWN
        leave.save()
        say_leave_void(leave)


@transaction.atomic
def cancel(*, planned: PlannedSession, why: str, by: Any) -> None:
    """It will not take place; who has been told is told so. Raises ``PlanRefused``."""
    row = lock_plan(planned)
    row.state, row.cancelled_why = State.CANCELLED, why
    row.save()
    audit(by=by, verb="取消学习安排", target=row)
    say_cancelled(row, by=by)


@transaction.atomic
def tell(*, planned: PlannedSession, by: Any) -> int:
    """Tell everybody who takes part, once; returns how many are told by this."""
    number = say_planned(lock_plan(planned), by=by)
    audit(by=by, verb="通知学习安排", target=planned, people=number)
    return number


def lock_plan(planned: PlannedSession) -> PlannedSession:
    """The plan as it is now, locked. Raises ``PlanRefused`` unless it is still to come."""
    row = PlannedSession.objects.with_unit().select_for_update(of=("self",)).get(pk=planned.pk)
    if not row.is_coming:
        raise PlanRefused(f"这次学习安排{row.standing}，您的操作没有生效。")
    return row


def record(
    *,
    planned: PlannedSession,
    session: StudySession,
    materials: Iterable[Material],
    attendance: Mapping[int, str],
    confirmed: bool = False,
    by: Any,
) -> tuple[StudySession, bool]:
    """What was planned has been held: the session with its attendance, tied to the plan. Raises what
    ``study.record`` raises, and ``PlanRefused`` when it has been recorded, or cancelled, in the meantime."""
    with recording([planned.enrolment_id]):
        saved, new = study.record(
            session=session, materials=materials, attendance=attendance, confirmed=confirmed, by=by
        )
        if not new and PlannedSession.objects.filter(pk=planned.pk, session=saved).exists():
            return saved, False
        tie(planned, saved)
    return saved, new


def attach(*, planned: PlannedSession, session: StudySession, by: Any) -> None:
    """What was recorded without the plan is what was planned. Raises ``PlanRefused``."""
    with recording([planned.enrolment_id]):
        if not StudySession.objects.filter(pk=session.pk).exists():
            raise PlanRefused("这次学习记录刚刚作废，不能再对应到学习安排。")
        tie(planned, session)
        audit(by=by, verb="对应学习记录", target=planned)


def tie(planned: PlannedSession, session: StudySession) -> None:
    row = lock_plan(planned)
    if PlannedSession.objects.filter(session=session).exists():
        raise PlanRefused("这次学习记录已经对应另一次安排，请核对时间和主题。")
    row.session = session
    row.save()


def copy_of(source: PlannedSession | StudySession) -> dict[str, Any]:
    """What another occasion takes over from one that is planned or was held: all but its day."""
    values: dict[str, Any] = {
        name: value.pk if isinstance(value := getattr(source, name), Model) else value
        for name in COPIED
        if hasattr(source, name)
    }
    starts_at = source.starts_at if isinstance(source, PlannedSession) else source.held_at
    values["materials"] = list(source.materials.values_list("pk", flat=True))
    return values | {
        "from_time": f"{timezone.localtime(starts_at):%H:%M}",
        "on": timezone.localdate(starts_at) + timedelta(7),
    }
