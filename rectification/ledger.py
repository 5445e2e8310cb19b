"""The ledger of a node: which entries, in which order, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Participation
from members.models import Organization
from rectification.models import Task, TaskNote
from rectification.models.ledger import TaskQuerySet

PAGE = 50


class LedgerFilter(forms.Form):
    """What to show; a value that makes no sense is left out, as if it had not been given."""

    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部"), ("open", "未完成"), ("waiting", "待核实"), *Task.State.choices],
    )
    category = forms.ChoiceField(label="问题类别", required=False, choices=[("", "全部"), *Task.Category.choices])
    kind = forms.ChoiceField(label="整改类型", required=False, choices=[("", "全部"), *Task.Kind.choices])
    responsible = forms.CharField(label="责任人", required=False, max_length=60)
    overdue = forms.BooleanField(label="只看逾期", required=False)
    whose = forms.ChoiceField(
        required=False, choices=[("", "支部事项"), ("personal", "个人措施")], widget=forms.HiddenInput
    )

    @property
    def chosen(self) -> dict[str, str]:
        """The valid values that were given, as they go into an address."""
        self.is_valid()
        return {name: "1" if value is True else str(value) for name, value in self.cleaned_data.items() if value}

    @property
    def narrowed(self) -> bool:
        return bool(self.chosen.keys() - {"whose"})

    @property
    def words(self) -> str:
        """The choice in words, for the head of a printed sheet."""
        parts = []
        for name, value in self.chosen.items():
            choices = dict(getattr(self.fields[name], "choices", ()))
            shown = "是" if value == "1" else choices.get(value, value)
            parts.append(f"{self.fields[name].label}：{shown}")
        return "　".join(parts)

    def apply(self, tasks: TaskQuerySet) -> TaskQuerySet:
        chosen = self.chosen
        state = chosen.get("state", "")
        if state == "open":
            tasks = tasks.open()
        elif state == "waiting":
            tasks = tasks.to_be_judged()
        elif state:
            tasks = tasks.filter(state=state)
        if chosen.get("overdue"):
            tasks = tasks.overdue(timezone.localdate())
        if name := chosen.get("responsible"):
            tasks = tasks.filter(responsible__member__name__contains=name)
        return tasks.filter(**{name: chosen[name] for name in ("category", "kind") if name in chosen})


def entries(*, user: Any, node: Organization, choice: LedgerFilter) -> TaskQuerySet:
    """The node's entries that the user sees: the branches' own, or (``whose``) members' own measures; by due date."""
    tasks = Task.objects.visible_to(user).under(node)
    tasks = tasks.personal() if choice.chosen.get("whose") else tasks.of_branches()
    last = TaskNote.objects.progress().filter(task=OuterRef("pk")).order_by("-pk").values("text")[:1]
    return choice.apply(tasks).with_people().annotate(progress=Subquery(last)).order_by("due_on", "pk")


def open_enrolments(user: Any, node: Organization) -> QuerySet[Enrolment]:
    """Where new entries of this branch can go, the newest campaign first."""
    going_on = (
        Enrolment.objects.visible_to(user).filter(organization=node).exclude(campaign__state=Campaign.State.CLOSED)
    )
    return going_on.select_related("campaign").order_by("-starts_on", "-pk")[:5]


def without_account(user: Any, node: Organization) -> QuerySet[Participation]:
    """Members for whom somebody else has to write down what they promise."""
    here = Participation.objects.visible_to(user).active().filter(enrolment__organization=node, member__user=None)
    return here.exclude(campaign__state=Campaign.State.CLOSED).select_related("member").order_by("member__name", "pk")


@dataclass(frozen=True)
class Page:
    """Rows between two keys, and the addresses of the neighbouring pages (empty: none)."""

    rows: list[Task]
    next_url: str
    previous_url: str


def key_of(value: str) -> tuple[date, int] | None:
    """``2005-08-01_17`` → date and id; anything else is no key."""
    day, _, number = value.partition("_")
    try:
        return date.fromisoformat(day), min(int(number), 2**63 - 1)
    except ValueError:
        return None


def page(tasks: TaskQuerySet, query: Mapping[str, str], keep: Mapping[str, str]) -> Page:
    """Cut one page out of ``tasks`` by key (``after`` or ``before`` in the address); never by offset."""
    after, before = key_of(query.get("after", "")), key_of(query.get("before", ""))
    if before:
        day, pk = before
        rows = list(tasks.filter(Q(due_on__lt=day) | Q(due_on=day, pk__lt=pk)).order_by("-due_on", "-pk")[: PAGE + 1])
        more_before, more_after = len(rows) > PAGE, True
        rows = rows[:PAGE][::-1]
    else:
        if after:
            day, pk = after
            tasks = tasks.filter(Q(due_on__gt=day) | Q(due_on=day, pk__gt=pk))
        rows = list(tasks[: PAGE + 1])
        more_before, more_after = bool(after), len(rows) > PAGE
        rows = rows[:PAGE]

    def address(way: str, task: Task) -> str:
        return "?" + urlencode({**keep, way: f"{task.due_on.isoformat()}_{task.pk}"})

    return Page(
        rows,
        address("after", rows[-1]) if rows and more_after else "",
        address("before", rows[0]) if rows and more_before else ("?" + urlencode(keep) if after and not rows else ""),
    )
