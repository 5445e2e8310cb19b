"""Leave from a planned session: asked for, taken back, decided."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import study_leave as actions
from campaign.forms.study_plan import AnswerForm, LeaveForm
from campaign.models import Participation, PlannedSession, StudyLeave
from campaign.study.plans import expected
from campaign.views.study_plan import visible_plans
from portal.access import signed_in
from portal.kept_text import kept_fields


def own_place(plan: PlannedSession, user: Any) -> Participation:
    """Where the user is among those expected; raises ``PermissionDenied`` if nowhere."""
    own = next((person for person in expected(plan) if person.member_id == (user.member_id or 0)), None)
    if own is None:
        raise PermissionDenied
    return own


@signed_in
def study_leave_create(request: HttpRequest, plan_pk: int) -> HttpResponse:
    """Ask for leave, by those who are expected and before it begins."""
    plan = get_object_or_404(visible_plans(request.user), pk=plan_pk)
    own = own_place(plan, request.user)
    if not plan.takes_leave:
        messages.warning(request, "只能在学习开始之前请假。学习已经开始、取消或记录，请直接向支部书记说明。")
        return redirect("study-plan-detail", plan.pk)
    known = own.leaves.filter(plan=plan).first()
    words = {"kind": known.kind, "reason": known.reason} if known else {}
    form = LeaveForm(request.POST or None, initial=words | kept_fields(request))
    if form.is_valid():
        try:
            actions.ask(plan=plan, participation=own, by=request.user, **form.cleaned_data)
            messages.success(request, "请假已提交，书记批复后您会收到通知。")
        except actions.LeaveRefused as refused:
            messages.error(request, str(refused))
        return redirect("study-plan-detail", plan.pk)
    return render(
        request, "campaign/study_leave_create.html", {"form": form, "plan": plan, "trail": plan.scope.trail()}
    )


def find(request: HttpRequest, pk: int) -> StudyLeave:
    rows = StudyLeave.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("plan__enrolment__organization", "participation__member"), pk=pk)


@require_POST
@signed_in
def study_leave_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own, before it begins."""
    leave = find(request, pk)
    if not leave.is_own(request.user):
        raise PermissionDenied
    try:
        if not leave.can_be_withdrawn(request.user):
            raise actions.LeaveRefused(f"这份请假{leave.get_state_display()}，或者学习已经开始，不能再撤回。")
        actions.withdraw(leave=leave, by=request.user)
        messages.success(request, "请假已撤回，请按时参加。")
    except actions.LeaveRefused as refused:
        messages.error(request, str(refused))
    return redirect("study-plan-detail", leave.plan_id)


@require_POST
@signed_in
def study_leave_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Granted or not, by the secretary, never by whoever asked."""
    leave = find(request, pk)
    if leave.is_own(request.user):
        raise PermissionDenied
    form = AnswerForm(request.POST, prefix=str(leave.pk))
    if not leave.can_be_decided(request.user):
        messages.error(request, f"这份请假{leave.get_state_display()}，或者学习已经取消或记录，不能再批复。")
    elif not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    else:
        try:
            actions.decide(leave=leave, by=request.user, **form.cleaned_data)
            messages.success(request, f"{leave.participation}的请假{leave.get_state_display()}，已通知本人。")
        except actions.LeaveRefused as refused:
            messages.error(request, str(refused))
    return redirect("study-plan-detail", leave.plan_id)
