"""Opening, changing and moving rectification tasks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from campaign.models import Enrolment, Participation
from campaign.progress.writing import recording
from portal.actions.log import audit
from portal.sending import AGAIN, keep_once
from rectification.models import Task, TaskMoved, TaskNote

State = Task.State
EDITABLE = ("problem", "category", "source", "measure", "responsible", "kind", "due_on")


class SaidBefore(Exception):
    """The same person has just left the same remark."""


@dataclass(frozen=True)
class Move:
    """One thing that can be done to a task: who ``may`` at all, whether it ``can`` be done now, and which words it
    ``asks`` for (empty: it needs none)."""

    label: str
    verb: str
    may: Callable[[Task, Any], bool]
    can: Callable[[Task, Any], bool]
    run: Callable[[Task, str, Any], None]
    asks: str = ""
    look: str = "btn-outline-secondary"


def remark(task: Task, text: str, by: Any) -> None:
    """Only the note is written."""


MOVES: dict[str, Move] = {
    "start": Move(
        "开始整改", "开始整改", Task.may_carry, Task.can_start, lambda t, text, by: t.start(), look="btn-primary"
    ),
    "report": Move(
        "报告完成，提请核实",
        "报告整改完成",
        Task.may_carry,
        Task.can_report,
        lambda t, text, by: t.report(),
        asks="做了哪些工作、取得什么成效",
        look="btn-primary",
    ),
    "confirm": Move(
        "核实销号",
        "核实整改并销号",
        Task.may_judge,
        Task.can_confirm,
        lambda t, text, by: t.confirm(),
        look="btn-success",
    ),
    "send-back": Move(
        "退回重改",
        "退回整改事项",
        Task.may_judge,
        Task.can_send_back,
        lambda t, text, by: t.send_back(),
        asks="还有哪些没有做到位、需要怎样改",
        look="btn-outline-danger",
    ),
    "accept-explanation": Move(
        "同意暂缓",
        "同意暂缓整改",
        Task.may_judge_explanation,
        Task.can_accept_explanation,
        lambda t, text, by: t.accept_explanation(),
        look="btn-success",
    ),
    "decline-explanation": Move(
        "不予暂缓",
        "不予暂缓整改",
        Task.may_judge_explanation,
        Task.can_decline_explanation,
        lambda t, text, by: t.decline_explanation(),
        asks="为什么不暂缓、下一步怎样办",
        look="btn-outline-danger",
    ),
    "withdraw-explanation": Move(
        "撤回暂缓说明",
        "撤回暂缓说明",
        Task.has_explained,
        Task.can_withdraw_explanation,
        lambda t, text, by: t.decline_explanation(),
    ),
    "resume": Move(
        "恢复整改", "恢复整改", Task.may_carry, Task.can_resume, lambda t, text, by: t.resume(), look="btn-primary"
    ),
    "remark": Move("记录进展", "记录整改进展", Task.may_remark, Task.can_remark, remark, asks="目前的进展"),
    "explain": Move(
        "说明暂缓",
        "说明暂缓整改",
        Task.may_explain,
        Task.can_explain,
        lambda t, text, by: t.explain(text, by),
        asks="暂时解决不了的原因，以及向群众作出的说明",
    ),
}


def moves_for(*, task: Task, user: Any) -> list[tuple[str, Move]]:
    """What this user can do with the task now, the next step first."""
    return [(code, move) for code, move in MOVES.items() if move.can(task, user)]


@contextmanager
def holding(task: Task) -> Iterator[Task]:
    """The task as it is now, under the lock of every enrolment whose figures it changes.

    Raises ``TaskMoved`` if the person whose task it is changed branch meanwhile: then other figures would have to be
    locked.
    """
    with recording(task.counted_in) as locked:
        fresh = Task.objects.with_people().get(pk=task.pk)
        if not fresh.counted_in <= {enrolment.pk for enrolment in locked}:
            raise TaskMoved
        yield fresh


def add(*, enrolment: Enrolment, by: Any, submission: UUID | None = None, **fields: Any) -> tuple[Task, bool]:
    """Open an entry of the branch; the entry, and whether it is new: the same sent again is the one that is there."""
    return _add(enrolment=enrolment, by=by, submission=submission, subject=None, **fields)


def add_own(
    *, participation: Participation, by: Any, submission: UUID | None = None, **fields: Any
) -> tuple[Task, bool]:
    """Note a person's own measure, drawn from their self-analysis, as ``add`` does; they carry it themselves."""
    values = {"source": Task.Source.ANALYSIS} | fields | {"subject": participation, "responsible": participation}
    return _add(enrolment=participation.enrolment, by=by, submission=submission, **values)


def _add(*, enrolment: Enrolment, by: Any, submission: UUID | None, **fields: Any) -> tuple[Task, bool]:
    with recording([enrolment.pk]):
        task, new = keep_once(enrolment.tasks, by=by, submission=submission, **fields)
        if new:
            TaskNote.objects.create(task=task, text="登记整改事项", state=task.state, by=by)
            audit(by=by, verb="登记整改事项", target=task)
        return task, new


def edit(*, task: Task, by: Any, **fields: Any) -> Task:
    """Change an open entry; a note tells what was changed, from what to what. Raises ``TaskMoved`` if it can't be
    changed any more."""
    with holding(task) as fresh:
        if not fresh.can_be_edited(by):
            raise TaskMoved
        before = {name: shown(fresh, name) for name in EDITABLE}
        for name in EDITABLE:
            if name in fields:
                setattr(fresh, name, fields[name])
        changed = [name for name in EDITABLE if shown(fresh, name) != before[name]]
        if changed:
            fresh.save(update_fields=changed)
            told = [f"{label(name)}：{before[name]} → {shown(fresh, name)}" for name in changed]
            TaskNote.objects.create(task=fresh, text=TaskNote.CHANGED + "\n".join(told), by=by)
            audit(by=by, verb="修改整改事项", target=fresh, fields=changed)
        return fresh


def label(name: str) -> str:
    return str(Task._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def shown(task: Task, name: str) -> str:
    """A field as users read it."""
    display = getattr(task, f"get_{name}_display", None)
    return str(display() if display else getattr(task, name))


def move(*, task: Task, code: str, text: str, by: Any) -> Task:
    """Make one move of ``MOVES``. Raises ``TaskMoved`` when it can't be made (any more), ``SaidBefore``."""
    step = MOVES[code]
    with holding(task) as fresh:
        if not step.can(fresh, by):
            raise TaskMoved
        before = fresh.state
        just_now = fresh.notes.filter(by=by, text=text, state="", at__gt=timezone.now() - AGAIN)
        if step is MOVES["remark"] and just_now.exists():
            raise SaidBefore
        step.run(fresh, text, by)
        state = fresh.state if fresh.state != before else ""
        TaskNote.objects.create(task=fresh, text=text or step.label, state=state, by=by)
        audit(by=by, verb=step.verb, target=fresh, state=fresh.state)
        return fresh
