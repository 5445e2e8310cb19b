"""The room's menu entries, duties, home panel, and the way from a self-analysis to a measure."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.urls import reverse

from campaign.models import Campaign
from campaign.study.calendar import Item, calendar_sources
from campaign.units.own import own_participation
from evaluation.models import SelfAnalysis
from evaluation.registry import analysis_links
from members.permissions import GRANTS, Permission
from portal.menu import Duty, MenuEntry, Panel, duties, menu, panels
from rectification.models import Task

SHOWN, COUNTED, OWED = 6, 99, 30


def ledger(user: Any) -> str:
    """The ledger of the first place whose ledger the user may see."""
    for hat in user.hats:
        if Permission.VIEW_LEDGER in GRANTS[hat.role]:
            return reverse("task-list", args=[hat.organization_id])
    return reverse("home")


def own_tasks(user: Any) -> str:
    own = own_participation(user)
    return reverse("my-tasks", args=[own.pk]) if own else reverse("home")


def owed(user: Any) -> Iterator[Duty]:
    """What one has to carry out next, the earliest date first."""
    if not user.member_id:
        return
    own = Task.objects.to_be_done().filter(responsible__member=user.member_id)
    running = own.exclude(enrolment__campaign__state=Campaign.State.CLOSED)
    for task in running.order_by("due_on", "pk")[:OWED]:
        text = f"{'重新整改' if task.state == Task.State.REDO else '整改'}：{task.problem}"
        whose = "个人整改措施" if task.subject_id else "支部整改事项"
        note = f"{whose}，{task.get_state_display()}"
        yield Duty(text, reverse("task-detail", args=[task.pk]), due=task.due_on, group="整改", note=note)


def on_the_calendar(user: Any, first: date, last: date) -> Iterator[Item]:
    """Last days of what one has to carry out."""
    for task in Task.objects.to_be_done().filter(responsible__member=user.member_id or 0, due_on__range=(first, last)):
        url = reverse("task-detail", args=[task.pk])
        yield Item(task.due_on, f"整改到期：{task.problem}", url, "due", f"task-{task.pk}")


def to_judge(user: Any) -> dict[str, Any] | None:
    """What waits for this user's confirmation; counted to a hundred."""
    if not user.can(Permission.CONFIRM_TASK):
        return None
    waiting = Task.objects.to_be_judged_by(user).with_people().order_by("due_on", "pk")
    tasks = list(waiting[: COUNTED + 1])
    if not tasks:
        return None
    number = f"{COUNTED}以上" if len(tasks) > COUNTED else str(len(tasks))
    return {"tasks": tasks[:SHOWN], "number": number, "more": len(tasks) > SHOWN}


def from_analysis(analysis: SelfAnalysis, user: Any) -> Iterator[tuple[str, str]]:
    """From what was found to what is to be done: the author's own measure, the secretary's entry in the ledger."""
    participation = analysis.participation
    if analysis.is_own(user):
        yield "据此制定整改措施", reverse("my-task-create", args=[participation.pk])
    elif user.can(Permission.EDIT_LEDGER, at=participation.enrolment.organization):
        yield "据此登记支部整改事项", reverse("task-create", args=[participation.enrolment_id]) + "?source=analysis"


menu.register(
    MenuEntry("ledger", "整改台账", ledger, lambda user: user.can(Permission.VIEW_LEDGER), icon="list", order=45)
)
menu.register(
    MenuEntry(
        "own-tasks",
        "我的整改",
        own_tasks,
        lambda user: own_participation(user) is not None,
        icon="tools",
        order=40,
        own=True,
    )
)
duties.register(owed)
calendar_sources.register(on_the_calendar)
panels.register(Panel("tasks-to-judge", "rectification/_to_judge.html", to_judge, order=25))
analysis_links.register(from_analysis)
