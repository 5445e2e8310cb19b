"""A unit's own time: its dates, its batch, putting it off and taking it up again, 试点."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import enrolment as enrolments
from campaign.actions import postponement as postponements
from campaign.actions import unit_calendar as calendars
from campaign.actions.refusal import Refused
from campaign.forms.dates import PhaseDates
from campaign.forms.enrolment import (
    BatchChoiceForm,
    PostponementForm,
    ResumptionForm,
    UnitDatesForm,
    open_runs,
)
from campaign.models import Campaign, Enrolment
from campaign.views.enrolment import visible
from members.permissions import Permission
from portal.access import demand, get_in_scope, requires
from portal.kept_text import kept_fields


def back(request: HttpRequest, enrolment: Enrolment, said: str, refusal: str = "") -> HttpResponse:
    """To the unit's page with what was done, or why not."""
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, said)
    return redirect("enrolment-detail", enrolment.pk)


def form_page(request: HttpRequest, enrolment: Enrolment, form: Any, template: str) -> HttpResponse:
    context = {"form": form, "enrolment": enrolment, "trail": enrolment.organization.trail()}
    return render(request, f"campaign/{template}.html", context)


@requires(Permission.PREPARE_ENROLMENT)
def enrolment_dates(request: HttpRequest, pk: int) -> HttpResponse:
    """Own dates inside the batch's; less than the usual time for concentrated study needs a reason (S0 四). The office that
    sets the campaign up may set them too."""
    enrolment = get_object_or_404(visible(request), pk=pk)
    office = request.user.can(Permission.SET_UP_CAMPAIGN, at=enrolment.organization)  # type: ignore[union-attr]
    asked = Permission.SET_UP_CAMPAIGN if office else enrolment.acted_for_with(Permission.PREPARE_ENROLMENT)
    demand(request, enrolment.organization, asked)
    if enrolment.state not in {Enrolment.State.PREPARING, Enrolment.State.RUNNING}:
        return back(request, enrolment, "", f"本单位{enrolment.get_state_display()}，不能调整时间。")
    phases = [PhaseDates(run.pk, run.phase.name, run.starts_on, run.ends_on) for run in open_runs(enrolment)]
    form = UnitDatesForm(
        request.POST or None,
        initial=kept_fields(request),
        enrolment=enrolment,
        phases=phases,
        sequential=enrolment.campaign.sequential,
    )
    if form.is_valid():
        data = form.cleaned_data
        dates, chosen = (data["starts_on"], data["ends_on"]), form.phase_dates()
        try:
            calendars.set_dates(
                enrolment=enrolment, dates=dates, phases=chosen, short_reason=form.reason, by=request.user
            )
        except Refused as refusal:
            return back(request, enrolment, "", str(refusal))
        return back(request, enrolment, "本单位的时间已保存。")
    return form_page(request, enrolment, form, "enrolment_dates")


@requires(Permission.SET_UP_CAMPAIGN)
def enrolment_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Into another batch, while the unit has not begun."""
    enrolment = get_in_scope(request, visible(request), pk=pk)
    form = BatchChoiceForm(request.POST or None, enrolment=enrolment)
    if form.is_valid():
        batch = form.cleaned_data["batch"]
        try:
            calendars.change_batch(enrolment=enrolment, batch=batch, by=request.user)
        except Refused as refusal:
            return back(request, enrolment, "", str(refusal))
        return back(request, enrolment, f"已改到{batch.name}，时间沿用{batch.name}的安排。")
    return form_page(request, enrolment, form, "enrolment_batch")


@requires(Permission.SET_UP_CAMPAIGN)
def enrolment_postpone(request: HttpRequest, pk: int) -> HttpResponse:
    """Put off, with a reason and a day on which it should go on."""
    enrolment = get_in_scope(request, visible(request), pk=pk)
    form = PostponementForm(request.POST or None, initial=kept_fields(request))
    if form.is_valid():
        try:
            postponements.postpone(enrolment=enrolment, **form.cleaned_data, by=request.user)
        except Refused as refusal:
            return back(request, enrolment, "", str(refusal))
        return back(request, enrolment, f"已暂缓，预计{form.cleaned_data['until']}恢复。")
    return form_page(request, enrolment, form, "enrolment_postpone")


@requires(Permission.SET_UP_CAMPAIGN)
def enrolment_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Taken up again, in its own batch or another."""
    enrolment = get_in_scope(request, visible(request), pk=pk)
    form = ResumptionForm(request.POST or None, enrolment=enrolment)
    if form.is_valid():
        try:
            postponements.resume(enrolment=enrolment, **form.cleaned_data, by=request.user)
        except Refused as refusal:
            return back(request, enrolment, "", str(refusal))
        return back(request, enrolment, "已恢复。请核对本单位各阶段的时间。")
    return form_page(request, enrolment, form, "enrolment_resume")


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def enrolment_pilot(request: HttpRequest, pk: int) -> HttpResponse:
    """试点, or no longer."""
    enrolment = get_in_scope(request, visible(request), pk=pk)
    if enrolment.campaign.state == Campaign.State.CLOSED:
        raise PermissionDenied
    pilot = request.POST.get("pilot") == "yes"
    enrolments.mark_pilot(enrolment=enrolment, pilot=pilot, by=request.user)
    return back(request, enrolment, "已定为试点单位。" if pilot else "已取消试点单位。")
