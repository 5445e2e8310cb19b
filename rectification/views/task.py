"""Pages of the rectification ledger."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.models import Campaign, Enrolment, Visit
from members.models import Organization
from members.permissions import Permission
from portal.access import get_in_scope, requires, signed_in
from portal.kept_text import kept_fields
from portal.sending import SENT_BEFORE, say_saved
from rectification import ledger
from rectification.actions import task as actions
from rectification.forms.task import MoveForm, OwnTaskForm, TaskForm
from rectification.models import Task, TaskMoved

MOVED = "这件整改事项刚刚有了变动，您的操作没有生效。请看清现在的情况，再决定怎样办。"


def find(request: HttpRequest, pk: int) -> Task:
    return get_object_or_404(Task.objects.visible_to(request.user).with_people(), pk=pk)


@requires(Permission.VIEW_LEDGER)
def task_list(request: HttpRequest, organization_pk: int) -> HttpResponse:
    """The ledger of a node: everything in it and below, by due date."""
    user: Any = request.user
    node = get_in_scope(request, Organization.objects.visible_to(user), pk=organization_pk)
    choice = ledger.LedgerFilter(request.GET)
    page = ledger.page(ledger.entries(user=user, node=node, choice=choice), request.GET, choice.chosen)
    context = {
        "node": node,
        "trail": node.trail(),
        "choice": choice,
        "page": page,
        "personal": bool(choice.chosen.get("whose")),
        "reads_personal": any(user.can(p, at=node) for p in (Permission.REVIEW_ANALYSIS, Permission.CONFIRM_TASK)),
    }
    if node.is_branch and user.can(Permission.EDIT_LEDGER, at=node):
        context["enrolments"] = ledger.open_enrolments(user, node)
        if context["personal"] and user.can(Permission.REVIEW_ANALYSIS, at=node):
            context["without_account"] = ledger.without_account(user, node)
    return render(request, "rectification/task_list.html", context)


@requires(Permission.EDIT_LEDGER)
def task_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """A new entry of the branch."""
    user: Any = request.user
    visible = Enrolment.objects.visible_to(user).select_related("organization", "campaign")
    enrolment = get_in_scope(request, visible, pk=enrolment_pk)
    if enrolment.campaign.state == Campaign.State.CLOSED:
        messages.warning(request, "活动已经结束，整改台账不再增加新的事项。")
        return redirect("task-list", enrolment.organization_id)
    initial: dict[str, Any] = {"problem": request.GET.get("problem", "")[:300]}
    if request.GET.get("source") in Task.Source.values:
        initial["source"] = request.GET["source"]
    initial |= kept_fields(request)
    form = TaskForm(request.POST or None, initial=initial, enrolment=enrolment)
    if request.method == "POST" and form.is_valid():
        task, new = actions.add(enrolment=enrolment, by=user, **form.cleaned_data)
        say_saved(request, "已登记到整改台账。", new=new)
        return redirect("task-detail", task.pk)
    context = {
        "form": form,
        "enrolment": enrolment,
        "trail": enrolment.organization.trail(),
    }
    return render(request, "rectification/task_create.html", context)


@signed_in
def task_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry: what was promised, what happened, what can be done now."""
    task = find(request, pk)
    return show(request, task, MoveForm(initial=kept_fields(request)))


def show(request: HttpRequest, task: Task, form: MoveForm) -> HttpResponse:
    user: Any = request.user
    sees_node = Organization.objects.visible_to(user).filter(pk=task.scope.pk).exists()
    context = {
        "task": task,
        "form": form,
        "moves": actions.moves_for(task=task, user=user),
        "notes": task.notes.select_related("by"),
        "editable": task.can_be_edited(user),
        "is_own": task.is_carried_by(user),
        "visit": Visit.objects.visible_to(user).filter(findings=task.finding_id).first() if task.finding_id else None,
        "sees_ledger": user.can(Permission.VIEW_LEDGER, at=task.scope),
        "trail": task.scope.trail() if sees_node else [],
    }
    return render(request, "rectification/task_detail.html", context)


@require_POST
@signed_in
def task_move(request: HttpRequest, pk: int) -> HttpResponse:
    """One move; what was typed stays when it can't be made."""
    task = find(request, pk)
    form = MoveForm(request.POST)
    code = request.POST.get("move", "")
    if code in actions.MOVES and not actions.MOVES[code].may(task, request.user):
        raise PermissionDenied
    if not form.is_valid():
        return show(request, task, form)
    try:
        step = actions.move(task=task, code=code, text=form.cleaned_data["text"].strip(), by=request.user)
    except TaskMoved:
        messages.error(request, MOVED)
        return show(request, find(request, pk), form)
    except actions.SaidBefore:
        messages.info(request, SENT_BEFORE)
        return redirect("task-detail", pk)
    messages.success(request, f"已{actions.MOVES[code].verb}，现在的状态：{step.get_state_display()}。")
    return redirect("task-detail", pk)


@signed_in
def task_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an open entry."""
    task = find(request, pk)
    if not task.may_edit(request.user):
        raise PermissionDenied
    if not task.can_be_edited(request.user):
        messages.warning(request, f"这件整改事项现在是“{task.get_state_display()}”，不能修改内容。")
        return redirect("task-detail", pk)
    kind = TaskForm if task.subject_id is None else OwnTaskForm
    form = kind(request.POST or None, instance=task, initial=kept_fields(request), enrolment=task.home)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(task=task, by=request.user, **form.cleaned_data)
        except TaskMoved:
            messages.error(request, MOVED)
            return redirect("task-detail", pk)
        messages.success(request, "已保存修改。")
        return redirect("task-detail", pk)
    return render(request, "rectification/task_edit.html", {"form": form, "task": task})
