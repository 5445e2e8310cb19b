"""Leave asked for in advance (请假), taken back, granted or not."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign.models import Participation, PlannedSession, StudyLeave
from campaign.study.notices import say_leave_asked, say_leave_decided
from portal.actions.log import audit

State = StudyLeave.State
CHANGED = "这份请假刚刚有了变动，您的操作没有生效。请看清现在的情况再办理。"


class LeaveRefused(Exception):
    """It cannot be done; the message (Chinese) says why and what to do."""


@transaction.atomic
def ask(*, plan: PlannedSession, participation: Participation, kind: str, reason: str, by: Any) -> StudyLeave:
    """Ask for leave; once withdrawn or refused it can be asked for again, and while it waits its words can be changed.
    Raises ``LeaveRefused``."""
    row = PlannedSession.objects.select_for_update().get(pk=plan.pk)
    if not row.takes_leave:
        raise LeaveRefused("只能在学习开始之前请假。学习已经开始、取消或记录，请直接向支部书记说明。")
    leave = StudyLeave.objects.filter(plan=row, participation=participation).first()
    if leave is not None and leave.state == State.GRANTED:
        raise LeaveRefused("书记已经准假，不需要再申请。")
    known = leave is not None and leave.is_waiting and (leave.kind, leave.reason) == (kind, reason)
    leave = leave or StudyLeave(plan=row, participation=participation)
    leave.plan = plan
    if known:
        return leave
    leave.kind, leave.reason, leave.state, leave.asked_at = kind, reason, State.ASKED, timezone.now()
    leave.answer, leave.decided_by, leave.decided_at = "", None, None
    leave.save()
    audit(by=by, verb="请假", target=leave)
    say_leave_asked(leave)
    return leave


@transaction.atomic
def withdraw(*, leave: StudyLeave, by: Any) -> None:
    """One's own, before the session begins. Raises ``LeaveRefused``."""
    move(leave, state=State.WITHDRAWN)
    audit(by=by, verb="撤回请假", target=leave)


@transaction.atomic
def decide(*, leave: StudyLeave, grant: bool, answer: str, by: Any) -> None:
    """The secretary's word, of which the person is told. Raises ``LeaveRefused``."""
    state = State.GRANTED if grant else State.REFUSED
    move(leave, state=state, answer=answer, decided_by=by, decided_at=timezone.now())
    audit(by=by, verb="准假" if grant else "不准假", target=leave)
    say_leave_decided(leave)


def move(leave: StudyLeave, **fields: Any) -> None:
    """One conditional update that must hit one row."""
    if StudyLeave.objects.filter(pk=leave.pk, state=leave.state).update(**fields) != 1:
        raise LeaveRefused(CHANGED)
    for name, value in fields.items():
        setattr(leave, name, value)
