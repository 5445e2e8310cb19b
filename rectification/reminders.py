"""When people are reminded of rectification tasks.

Texts leave the portal by e-mail: a branch's entry is named, a person's own problem never is.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse

from campaign.models import Campaign
from campaign.reminders.rules import ReminderRule, grouped, reminder_rules
from campaign.reminders.traces import traces
from campaign.reminders.units import chinese, chunks, in_words, secretaries
from portal.notices import Draft, GroupLine, group_sources, notice_sources
from portal.working_days import eve_of_work
from rectification.models import Task, TaskNote
from rectification.models.ledger import TaskQuerySet

KIND = "整改"
LONGEST = 60
reminder_rules.register(
    ReminderRule("task-due", "整改事项快到期", "整改责任人", "提前天数", (1, 7), several=True, order=30)
)
reminder_rules.register(
    ReminderRule("task-late", "整改事项已逾期", "整改责任人和支部书记", "每隔几天再提醒", (7,), order=31)
)


def going_on(campaigns: Collection[int]) -> TaskQuerySet:
    return Task.objects.filter(enrolment__campaign__in=campaigns)


def named(task: Task) -> str:
    if task.subject_id:
        return "您的一条个人整改措施"
    return f"您负责的整改事项“{task.problem[:LONGEST]}{'…' if len(task.problem) > LONGEST else ''}”"


def nearly_due(today: date) -> Iterator[Draft]:
    """Some days before the date, by default seven and one: the responsible person, as long as the next step is theirs.
    On the last working day before free ones, also what they would bring."""
    eve = eve_of_work(today)
    for (leads,), campaigns in grouped("task-due"):
        last = eve + timedelta(days=max(leads))
        soon = going_on(campaigns).to_be_done().filter(due_on__gte=today, due_on__lte=last)
        for task, user_id in carried(soon):
            step = min(lead for lead in leads if (task.due_on - eve).days <= lead)
            key = f"task-due:{task.pk}:{task.due_on:%Y%m%d}:{step}:{user_id}"
            text = f"{named(task)}应在{chinese(task.due_on)}前完成（{in_words((task.due_on - today).days)}）。"
            yield Draft(user_id, key, KIND, text, reverse("task-detail", args=[task.pk]))


def overdue(today: date) -> Iterator[Draft]:
    """Again and again after the date, by default each week: the responsible person as long as the next step is theirs."""
    for ((every,),), campaigns in grouped("task-late"):
        for task, user_id in carried(going_on(campaigns).to_be_done().overdue(today)):
            late = (today - task.due_on).days
            key = f"task-late:{task.pk}:{task.due_on:%Y%m%d}:{(late - 1) // every}:{user_id}"
            text = f"{named(task)}应在{chinese(task.due_on)}前完成，已逾期{late}天。确有困难的，请说明情况。"
            yield Draft(user_id, key, KIND, text, reverse("task-detail", args=[task.pk]))


def carried(tasks: TaskQuerySet) -> Iterator[tuple[Task, int]]:
    """Tasks with the account of the responsible person; those without an account are told by their secretary."""
    rows = tasks.filter(responsible__member__user__is_active=True).select_related("responsible__member__user")
    for chunk in chunks(rows.order_by("pk")):
        yield from ((task, task.responsible.member.user.pk) for task in chunk)


def overdue_in_branch(today: date) -> Iterator[Draft]:
    """As often: the secretary of the branch, about what others carry there, reported or not."""
    for ((every,),), campaigns in grouped("task-late"):
        late = going_on(campaigns).overdue(today).order_by("pk")
        rows = late.select_related("enrolment", "subject__enrolment", "responsible__member__user")
        for chunk in chunks(rows):
            secretaries_of = secretaries({task.home.organization_id for task in chunk})
            for task in chunk:
                own = getattr(task.responsible.member, "user", None)
                for user_id in secretaries_of.get(task.home.organization_id, ()):
                    if own is None or own.pk != user_id:
                        yield about_branch(task, user_id, today, every)


def about_branch(task: Task, user_id: int, today: date, every: int) -> Draft:
    late = (today - task.due_on).days
    who = task.responsible.member.name
    what = f"{who}的一条个人整改措施" if task.subject_id else f"{who}负责的整改事项“{task.problem[:LONGEST]}”"
    state = "，已报告完成，等待核实" if task.state == Task.State.REPORTED else ""
    key = f"task-late-branch:{task.pk}:{task.due_on:%Y%m%d}:{(late - 1) // every}:{user_id}"
    return Draft(user_id, key, KIND, f"{what}已逾期{late}天{state}。", reverse("task-detail", args=[task.pk]))


for source in (nearly_due, overdue, overdue_in_branch):
    notice_sources.register(source)


@group_sources.register
def task_lines(organization: Any, day: date) -> Iterator[GroupLine]:
    """How many entries of branches under the organisation are past their date."""
    running = Task.objects.of_branches().filter(enrolment__campaign__state=Campaign.State.RUNNING)
    if number := running.under(organization).overdue(day).count():
        yield GroupLine(f"{number}项整改已逾期", reverse("task-list", args=[organization.pk]), KIND)


@traces.register
def task_notes(enrolments: Collection[int], since: datetime) -> Iterable[int]:
    rows = TaskNote.objects.filter(task__enrolment__in=enrolments, at__gte=since)
    return rows.order_by().values_list("task__enrolment", flat=True).distinct()
