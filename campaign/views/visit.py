"""Visits: planned, written down, looked up."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import visit as actions
from campaign.forms.visit import CancelForm, PlanForm, RecordForm, team_places
from campaign.models import ContactPoint, Enrolment, InspectionTeam, Visit
from campaign.supervision import findings
from campaign.supervision.tours import month_asked, month_weeks, visits_in
from campaign.views.dashboard import place
from campaign.views.team import form_page
from members.permissions import Permission
from members.tree import visible_trail
from portal.access import requires, signed_in
from portal.attachments import attached
from portal.kept_text import kept_fields
from portal.paging import key_of, paged
from portal.sending import say_saved

LISTED = {
    "planned": "已安排",
    "overdue": "已过日期未登记",
    "lapsed": "超出督导期限",
    "done": "已走访",
    "cancelled": "已取消",
}


def visible(request: HttpRequest) -> Any:
    return Visit.objects.visible_to(request.user).with_people()


def working_team(request: HttpRequest, pk: int) -> InspectionTeam:
    """The team, if the user may work in it today."""
    rows = InspectionTeam.objects.visible_to(request.user).select_related("organization", "campaign")
    team = get_object_or_404(rows, pk=pk)
    if not team.may_work(request.user):
        raise PermissionDenied
    return team


@requires(Permission.VIEW_SUPERVISION)
def overview(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """Visits at a node and below, the latest first; ``?state=`` and ``?team=`` narrow it."""
    campaign, node = place(request, campaign_pk, organization_pk)
    user: Any = request.user
    state, team = request.GET.get("state", ""), key_of(request.GET.get("team", ""))
    rows = visits_in(user, campaign, node, state=state, team=team)
    context = {
        "campaign": campaign,
        "node": node,
        "trail": visible_trail(user, node),
        "pager": paged(request, rows.with_people(), ("-on", "-pk"), 30),
        "states": LISTED.items(),
        "state": state,
        "teams": InspectionTeam.objects.visible_to(user).filter(campaign=campaign)[:50],
        "team": team,
        "may_export": user.can(Permission.EXPORT, at=node),
        "sheet_params": {"organization": str(node.pk), "state": state[:12], "team": str(team or "")},
    }
    return render(request, "campaign/visit_list.html", context)


@signed_in
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit: who went, what was looked at, what was found and what became of it."""
    user: Any = request.user
    visit = get_object_or_404(visible(request), pk=pk)
    found = visit.findings.select_related("enrolment__organization")
    context = {
        "visit": visit,
        "trail": visible_trail(user, visit.organization) if user.sees(visit.organization) else [],
        "findings": findings.with_standings(list(found)),
        "attachments": attached("visit", visit, user) | {"title": "附件（照片、座谈记录等，不是必须）"},
        "records": visit.can_be_recorded(user),
        "plans": visit.can_be_planned(user),
        "cancels": visit.is_planned and visit.may_call_off(user),
        "may_take": user.can(Permission.EDIT_LEDGER, at=visit.organization) or visit.is_of(user),
        "enrolment": Enrolment.objects.visible_to(user)
        .filter(campaign=visit.campaign_id, organization=visit.organization_id)
        .first(),
        "may_print": user.can(Permission.PRINT_REPORT, at=visit.organization) or visit.is_of(user),
    }
    return render(request, "campaign/visit_detail.html", context)


@signed_in
def plan(request: HttpRequest, team_pk: int) -> HttpResponse:
    """Put visits on the team's tour plan; ``?unit=`` (several) fills in where."""
    team, user = working_team(request, team_pk), request.user
    wanted = [key_of(each) for each in request.GET.getlist("unit")[:30]]
    chosen = Enrolment.objects.visible_to(user).filter(pk__in=wanted, campaign=team.campaign_id)
    codes = "\n".join(chosen.in_tree_order().values_list("organization__code", flat=True))
    initial = {"organizations": codes} | kept_fields(request, "people")
    form = PlanForm(request.POST or None, team=team, user=user, initial=initial)
    if form.is_valid():
        values = form.cleaned_data
        try:
            made = actions.plan(team=team, by=user, **values)
        except actions.VisitRefused as refusal:
            form.add_error("organizations", str(refusal))
        else:
            messages.success(
                request, f"已安排{len(made)}次走访。" if made else "这些单位当天已经安排过，没有重复登记。"
            )
            return redirect("team-tour", team.pk)
    return form_page(request, form, "visit_plan", team=team)


@signed_in
def replan(request: HttpRequest, pk: int) -> HttpResponse:
    """Another day, other people, another focus."""
    visit = get_object_or_404(visible(request), pk=pk)
    if visit.team is None or not visit.is_of(request.user):
        raise PermissionDenied
    if not visit.is_planned:
        messages.info(request, f"这次走访{visit.get_state_display()}，安排不能再调整。")
        return redirect("visit-detail", visit.pk)
    initial = kept_fields(request, "people")
    form = PlanForm(request.POST or None, instance=visit, team=visit.team, user=request.user, initial=initial)
    if form.is_valid():
        try:
            actions.replan(visit=visible(request).get(pk=pk), by=request.user, **form.cleaned_data)
        except actions.VisitRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "走访安排已调整。")
        return redirect("visit-detail", visit.pk)
    return form_page(request, form, "visit_replan", visit=visit)


@require_POST
@signed_in
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    visit = get_object_or_404(visible(request), pk=pk)
    if not visit.may_call_off(request.user):
        raise PermissionDenied
    form = CancelForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"没有取消：{' '.join(str(error) for error in form.errors['why'])}")
        return redirect("visit-detail", visit.pk)
    try:
        actions.cancel(visit=visit, why=form.cleaned_data["why"], by=request.user)
        messages.success(request, "这次走访已取消。")
    except actions.VisitRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("visit-detail", visit.pk)


@signed_in
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down how a planned visit was, or correct it."""
    visit = get_object_or_404(visible(request), pk=pk)
    if not visit.is_of(request.user):
        raise PermissionDenied
    if not visit.can_be_recorded(request.user):
        messages.info(request, "这次走访已取消，不能登记。")
        return redirect("visit-detail", visit.pk)
    initial = kept_fields(request, "people")
    form = RecordForm(
        request.POST or None,
        instance=visit,
        campaign=visit.campaign,
        team=visit.team,
        user=request.user,
        initial=initial,
    )
    if form.is_valid():
        people = form.cleaned_data.get("people", ())
        try:
            actions.record(visit=visible(request).get(pk=pk), people=people, by=request.user, **form.told)
        except actions.VisitRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "走访记录已保存。发现的问题请逐条登记。")
        return redirect("visit-detail", visit.pk)
    return form_page(request, form, "visit_record", visit=visit)


@signed_in
def create(request: HttpRequest, team_pk: int) -> HttpResponse:
    """A visit of the team that was not on the plan."""
    team = working_team(request, team_pk)
    places = team_places(team, request.user)
    initial = {"organization": request.GET.get("at", "")[:40]} | kept_fields(request, "people")
    form = RecordForm(
        request.POST or None,
        campaign=team.campaign,
        team=team,
        user=request.user,
        places=places,
        initial=initial,
    )
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("organization", "people", "submission")}
        try:
            visit, new = actions.log(team=team, by=request.user, **values, **form.told)
        except actions.VisitRefused as refusal:
            form.add_error("organization", str(refusal))
        else:
            say_saved(request, "走访记录已保存。发现的问题请逐条登记。", new=new)
            return redirect("visit-detail", visit.pk)
    return form_page(request, form, "visit_create", team=team)


@signed_in
def create_at_contact_point(request: HttpRequest, pk: int) -> HttpResponse:
    """A leading cadre writes down a visit to the own contact point."""
    point = get_object_or_404(ContactPoint.objects.visible_to(request.user).with_people(), pk=pk)
    if not point.is_of(request.user):
        raise PermissionDenied
    if not point.may_log(request.user):
        messages.info(request, "这个联系点已经结束，不再登记走访。")
        return redirect("contact-point-detail", point.pk)
    form = RecordForm(
        request.POST or None,
        campaign=point.campaign,
        team=None,
        user=request.user,
        initial=kept_fields(request),
    )
    if form.is_valid():
        visit, new = actions.log(
            organization=point.organization,
            contact_point=point,
            submission=form.cleaned_data["submission"],
            by=request.user,
            **form.told,
        )
        say_saved(request, "走访记录已保存。发现的问题请逐条登记。", new=new)
        return redirect("visit-detail", visit.pk)
    return form_page(request, form, "contact_visit_create", point=point)


@signed_in
def tour(request: HttpRequest, pk: int) -> HttpResponse:
    """The team's month: who goes where when."""
    user: Any = request.user
    rows = InspectionTeam.objects.visible_to(user).select_related("organization", "campaign")
    team = get_object_or_404(rows, pk=pk)
    month = month_asked(request.GET.get("month", ""))
    visits = list(month.of(team.visits.visible_to(user).with_people()))
    context = {
        "team": team,
        "month": month,
        "weeks": month_weeks(month, visits),
        "visits": visits,
        "works": team.may_work(user),
        "may_print": team.may_work(user) or user.can(Permission.PRINT_REPORT, at=team.organization),
        "sheet_params": {"team": str(team.pk), "month": month.code},
    }
    return render(request, "campaign/team_tour.html", context)
