"""Planned study: put on the calendar, repeated, moved, cancelled, looked at."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from campaign.actions import sign_in as sign_ins
from campaign.actions import study
from campaign.actions import study_plan as actions
from campaign.forms.study import from_last_session
from campaign.forms.study_plan import AnswerForm, PlanForm, RepeatForm
from campaign.forms.visit import CancelForm
from campaign.models import Enrolment, PlannedSession, StudyLeave, StudySession
from campaign.study.plans import Line, lines, may_record, refusal
from campaign.views.enrolment import in_charge
from members.permissions import Permission
from portal.access import requires, signed_in
from portal.kept_text import kept_fields
from portal.paging import key_of
from portal.sending import say_saved


def visible_plans(user: Any) -> Any:
    rows = PlannedSession.objects.visible_to(user)
    return rows.select_related("enrolment__organization", "enrolment__campaign", "lecturer__member", "session", "by")


def first_values(request: HttpRequest, enrolment: Enrolment) -> dict[str, Any]:
    """What the form starts from: a plan (``?copy=``) or a session that was held (``?of=``), else the branch's last session."""
    last = from_last_session(enrolment)
    values: dict[str, Any] = {name: last[name] for name in ("place", "chair", "minutes_long") if name in last}
    values |= {"from_time": last["held_from"], "form": request.GET.get("form") or usual_form(enrolment)}
    plans = PlannedSession.objects.visible_to(request.user).filter(enrolment=enrolment)
    plan = plans.filter(pk=key_of(request.GET.get("copy", ""))).first()
    sessions = StudySession.objects.visible_to(request.user).filter(enrolment=enrolment)
    held = sessions.filter(pk=key_of(request.GET.get("of", ""))).first()
    source = plan or held
    if source is not None:
        values = actions.copy_of(source)
    try:
        day = parse_date(request.GET.get("on", ""))
    except ValueError:
        day = None
    return values | ({"on": day} if day else {})


def usual_form(enrolment: Enrolment) -> str:
    return StudySession.Form.CORE_GROUP if enrolment.is_committee else StudySession.Form.COLLECTIVE


@requires(Permission.RECORD_STUDY)
def study_plan_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """One occasion, new or after an earlier one; the same sent twice is one."""
    rows = Enrolment.objects.visible_to(request.user).select_related("organization", "campaign")
    enrolment = in_charge(request, rows, enrolment_pk)
    if why := refusal(enrolment):
        messages.warning(request, why)
        return redirect("enrolment-detail", enrolment.pk)
    initial = first_values(request, enrolment) | kept_fields(request, "materials")
    form = PlanForm(request.POST or None, enrolment=enrolment, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        options = {name: data[name] for name in ("submission", "tell")}
        values = {name: value for name, value in form.values.items() if name != "materials"}
        plan, new = actions.plan(enrolment=enrolment, materials=data["materials"], by=request.user, **options, **values)
        say_saved(request, "学习已安排。", new=new)
        return redirect("study-plan-detail", plan.pk)
    context = {"form": form, "enrolment": enrolment, "trail": enrolment.organization.trail()}
    return render(request, "campaign/study_plan_form.html", context)


@requires(Permission.RECORD_STUDY)
def study_plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another time, place, topic; who was told is told again."""
    plan = in_charge(request, visible_plans(request.user), pk)
    if not plan.is_coming:
        messages.info(request, f"这次学习安排{plan.standing}，不能再修改。")
        return redirect("study-plan-detail", plan.pk)
    form = PlanForm(
        request.POST or None,
        instance=visible_plans(request.user).get(pk=pk),
        enrolment=plan.enrolment,
        initial=kept_fields(request, "materials"),
    )
    if form.is_valid():
        try:
            actions.change(planned=plan, by=request.user, **form.values)
        except actions.PlanRefused as refused:
            form.add_error("on", str(refused))
        else:
            messages.success(request, "学习安排已修改，通知过的人员会收到新的通知。")
            return redirect("study-plan-detail", plan.pk)
    context = {"form": form, "enrolment": plan.enrolment, "plan": plan, "trail": plan.scope.trail()}
    return render(request, "campaign/study_plan_form.html", context)


@requires(Permission.RECORD_STUDY)
@require_POST
def study_plan_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    plan = in_charge(request, visible_plans(request.user), pk)
    form = CancelForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有取消：{' '.join(str(error) for error in form.errors['why'])}")
        return redirect("study-plan-detail", plan.pk)
    try:
        actions.cancel(planned=plan, why=form.cleaned_data["why"], by=request.user)
        messages.success(request, "这次学习已取消，通知过的人员会收到取消的通知。")
    except actions.PlanRefused as refused:
        messages.error(request, str(refused))
    return redirect("study-plan-detail", plan.pk)


@requires(Permission.RECORD_STUDY)
@require_POST
def study_plan_tell(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell everybody who takes part, now; nobody hears the same twice."""
    plan = in_charge(request, visible_plans(request.user), pk)
    try:
        number = actions.tell(planned=plan, by=request.user)
        messages.success(request, f"已通知{number}人。" if number else "有账号的参加人员都已经通知过了。")
    except actions.PlanRefused as refused:
        messages.error(request, str(refused))
    return redirect("study-plan-detail", plan.pk)


@requires(Permission.RECORD_STUDY)
@require_POST
def study_plan_attach(request: HttpRequest, pk: int) -> HttpResponse:
    """A session that was recorded without the plan is what was planned."""
    plan = in_charge(request, visible_plans(request.user), pk)
    session = same_day(plan).filter(pk=key_of(request.POST.get("session", ""))).first()
    try:
        if session is None:
            raise actions.PlanRefused("当天没有这次学习记录，或者它已经对应另一次安排。请重新选择。")
        actions.attach(planned=plan, session=session, by=request.user)
    except actions.PlanRefused as refused:
        messages.error(request, str(refused))
        return redirect("study-plan-detail", plan.pk)
    messages.success(request, "已对应到这次学习记录。")
    return redirect("study-session-detail", session.pk)


@requires(Permission.RECORD_STUDY)
def study_plan_repeat(request: HttpRequest, pk: int) -> HttpResponse:
    """Which days come of it (GET), holidays shown; the same fields sent again (POST) plan them."""
    plan = in_charge(request, visible_plans(request.user), pk)
    if why := refusal(plan.enrolment):
        messages.warning(request, why)
        return redirect("study-plan-detail", plan.pk)
    asked = request.POST or (request.GET if "every" in request.GET else None)
    form = RepeatForm(asked)
    occasions = form.occasions(plan) if form.is_bound and form.is_valid() else []
    days = [each.day for each in occasions if each.day]
    if request.method == "POST" and days:
        made = actions.repeat(first=plan, days=days, by=request.user)
        messages.success(request, f"已安排{len(made)}次学习。" if made else "这些学习已经安排过，没有重复登记。")
        return redirect("study-calendar", plan.enrolment_id)
    context = {"form": form, "plan": plan, "occasions": occasions, "days": days, "trail": plan.scope.trail()}
    return render(request, "campaign/study_plan_repeat.html", context)


def same_day(plan: PlannedSession) -> Any:
    """Sessions of the branch recorded for the plan's day that belong to no plan."""
    day = timezone.localdate(plan.starts_at)
    return plan.enrolment.sessions.filter(held_at__date=day, plan=None)


@signed_in
def study_plan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What is to come, one's own part in it, and for those entitled everybody's."""
    user: Any = request.user
    plan = get_object_or_404(visible_plans(user).prefetch_related("materials"), pk=pk)
    people = lines(plan)
    at = plan.scope
    named, records = user.can(Permission.VIEW_STUDY, at=at), may_record(user, plan.enrolment)
    own = next((line for line in people if line.participation.member_id == (user.member_id or 0)), None)
    mine = plan.leaves.filter(participation__member=user.member_id or 0).first()
    leaves = StudyLeave.objects.visible_to(user).filter(plan=plan).exclude(state=StudyLeave.State.WITHDRAWN)
    context = {
        "plan": plan,
        "own": own,
        "calendar": named or (own is not None and own.participation.enrolment_id == plan.enrolment_id),
        "mine": mine,
        "may_withdraw": mine is not None and mine.can_be_withdrawn(user),
        "signs": not sign_ins.refusal(plan),
        "numbers": numbers(people),
        "people": people if named else [],
        "records": records,
        "recordable": records and not study.refusal(plan.enrolment),
        "plans": records and not refusal(plan.enrolment),
        "leaves": with_forms(user, leaves.select_related("participation__member", "decided_by")),
        "sessions": same_day(plan) if records and plan.is_coming and plan.is_over else [],
        "may_print": named and user.can(Permission.PRINT_REPORT, at=at),
        "trail": at.trail(),
    }
    return render(request, "campaign/study_plan_detail.html", context)


def numbers(people: list[Line]) -> dict[str, int]:
    """How many are expected, have signed in, are excused, are open, and signed in with a device that others used too."""
    return {
        "expected": len(people),
        "signed": sum(line.sign_in is not None for line in people),
        "excused": sum(line.sign_in is None and line.is_excused for line in people),
        "open": sum(line.is_open for line in people),
        "shared": sum(line.shared for line in people),
    }


def with_forms(user: Any, leaves: Any) -> list[tuple[StudyLeave, AnswerForm | None]]:
    """Others' requests, each with the form that answers it where the user may."""
    others = [leave for leave in leaves if not leave.is_own(user)]
    return [(leave, AnswerForm(prefix=str(leave.pk)) if leave.can_be_decided(user) else None) for leave in others]
