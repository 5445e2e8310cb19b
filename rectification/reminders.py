"""When people are reminded of rectification tasks.

Texts leave the portal by e-mail: a branch's entry is named, a person's own problem never is.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from django.urls import reverse

from campaign.models import Campaign
from campaign.reminders import chinese, chunks, in_words, secretaries, week_of
from portal.notices import Draft, notice_sources
from rectification.models import Task
from rectification.models.ledger import TaskQuerySet

KIND = "整改"
DUE_IN = (1, 7)
LONGEST = 60


def going_on() -> TaskQuerySet:
    return Task.objects.filter(enrolment__campaign__state=Campaign.State.RUNNING)


def named(task: Task) -> str:
    if task.subject_id:
        return "您的一条个人整改措施"
    return f"您负责的整改事项“{task.problem[:LONGEST]}{'…' if len(task.problem) > LONGEST else ''}”"


def nearly_due(today: date) -> Iterator[Draft]:
    """Seven days and one day before the date: the responsible person, as long as the next step is theirs."""
    soon = going_on().to_be_done().filter(due_on__gte=today, due_on__lte=today + timedelta(days=max(DUE_IN)))
    for task, user_id in carried(soon):
        left = (task.due_on - today).days
        step = next(days for days in DUE_IN if left <= days)
        key = f"task-due:{task.pk}:{task.due_on:%Y%m%d}:{step}:{user_id}"
        text = f"{named(task)}应在{chinese(task.due_on)}前完成（{in_words(left)}）。"
        yield Draft(user_id, key, KIND, text, reverse("task-detail", args=[task.pk]))


def overdue(today: date) -> Iterator[Draft]:
    """Each week after the date: the responsible person as long as the next step is theirs."""
    for task, user_id in carried(going_on().to_be_done().overdue(today)):
        late = (today - task.due_on).days
        key = f"task-late:{task.pk}:{task.due_on:%Y%m%d}:{week_of(late)}:{user_id}"
        text = f"{named(task)}应在{chinese(task.due_on)}前完成，已逾期{late}天。确有困难的，请说明情况。"
        yield Draft(user_id, key, KIND, text, reverse("task-detail", args=[task.pk]))


def carried(tasks: TaskQuerySet) -> Iterator[tuple[Task, int]]:
    """Tasks with the account of the responsible person; those without an account are told by their secretary."""
    rows = tasks.filter(responsible__member__user__is_active=True).select_related("responsible__member__user")
    for chunk in chunks(rows.order_by("pk")):
        yield from ((task, task.responsible.member.user.pk) for task in chunk)


def overdue_in_branch(today: date) -> Iterator[Draft]:
    """Each week after the date: the secretary of the branch, about what others carry there, reported or not."""
    late = going_on().overdue(today).select_related("enrolment", "subject__enrolment", "responsible__member__user")
    for chunk in chunks(late.order_by("pk")):
        secretaries_of = secretaries({task.home.organization_id for task in chunk})
        for task in chunk:
            own = getattr(task.responsible.member, "user", None)
            for user_id in secretaries_of.get(task.home.organization_id, ()):
                if own is None or own.pk != user_id:
                    yield about_branch(task, user_id, today)


def about_branch(task: Task, user_id: int, today: date) -> Draft:
    late = (today - task.due_on).days
    who = task.responsible.member.name
    what = f"{who}的一条个人整改措施" if task.subject_id else f"{who}负责的整改事项“{task.problem[:LONGEST]}”"
    state = "，已报告完成，等待核实" if task.state == Task.State.REPORTED else ""
    key = f"task-late-branch:{task.pk}:{task.due_on:%Y%m%d}:{week_of(late)}:{user_id}"
    return Draft(user_id, key, KIND, f"{what}已逾期{late}天{state}。", reverse("task-detail", args=[task.pk]))


for source in (nearly_due, overdue, overdue_in_branch):
    notice_sources.register(source)
