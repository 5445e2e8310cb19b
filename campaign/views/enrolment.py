"""A unit's page, its preparation and start."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import enrolment as enrolments
from campaign.dates import concentrated_numbers, too_short
from campaign.forms.dates import PhaseDates
from campaign.forms.enrolment import PreparationForm
from campaign.models import Enrolment
from campaign.unit_page import phase_lines, unit_links
from campaign.views.batch import months, warn_or_confirm
from members.permissions import Permission
from portal.access import get_in_scope, requires, signed_in
from portal.kept_text import kept_fields


def visible(request: HttpRequest) -> Any:
    rows = Enrolment.objects.visible_to(request.user)
    return rows.select_related("organization", "campaign__organization", "batch", "phase").prefetch_related(
        "runs__phase"
    )


@signed_in
def enrolment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the branch stands: time line, 规定动作 and what is missing (names only for those entitled), history."""
    enrolment = get_object_or_404(visible(request), pk=pk)
    at, can = enrolment.organization, request.user.can  # type: ignore[union-attr]
    named = can(Permission.VIEW_NAMES, at=at)
    history = (
        enrolment.gates.select_related("phase", "requested_by", "decided_by")
        if can(Permission.VIEW_PROGRESS, at=at)
        else []
    )
    waivers = (
        enrolment.waivers.select_related("requirement", "participation__member", "by").order_by("-pk")[:50]
        if named
        else []
    )
    own = enrolment.participations.filter(member=request.user.member_id or 0).first()  # type: ignore[union-attr]
    preparing = enrolment.state == Enrolment.State.PREPARING
    context = {
        "enrolment": enrolment,
        "lines": phase_lines(enrolment, user=request.user, named=named, own=own),
        "links": unit_links(enrolment, request.user),
        "gates": history,
        "waivers": waivers,
        "own": own,
        "named": named,
        "can_prepare": can(Permission.PREPARE_ENROLMENT, at=at) and preparing,
        "can_waive": can(Permission.WAIVE, at=at),
        "obstacles": enrolments.obstacles(enrolment) if preparing else [],
        "trail": at.trail(),
    }
    return render(request, "campaign/enrolment_detail.html", context)


@requires(Permission.PREPARE_ENROLMENT)
def enrolment_prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Leading group, plan, survey, and the unit's own dates; may be saved half done."""
    enrolment = get_in_scope(request, visible(request), pk=pk)
    runs = list(enrolment.runs.all())
    phases = [PhaseDates(run.pk, run.phase.name, run.starts_on, run.ends_on) for run in runs]
    sequential = enrolment.campaign.sequential
    initial = kept_fields(request)
    form = PreparationForm(
        request.POST or None, initial=initial, enrolment=enrolment, phases=phases, sequential=sequential
    )
    if form.is_valid():
        dates = form.phase_dates()
        enrolments.prepare(enrolment=enrolment, values=form.own_values(), phases=dates, by=request.user)
        numbers, least = concentrated_numbers(enrolment.campaign.settings), months(enrolment.campaign)
        short = too_short([dates[run.pk] for run in runs if run.phase.number in numbers], least)
        warn_or_confirm(request, short, least, "已保存。")
        return redirect("enrolment-detail", enrolment.pk)
    context = {
        "form": form,
        "enrolment": enrolment,
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/enrolment_prepare.html", context)


@requires(Permission.PREPARE_ENROLMENT)
@require_POST
def enrolment_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Starts only what is prepared; else says by name what is missing (S2 三1)."""
    enrolment = get_in_scope(request, visible(request), pk=pk)
    reasons, missing = enrolments.start(enrolment=enrolment, by=request.user)
    for reason in reasons:
        messages.error(request, reason)
    for gap in missing:
        messages.error(
            request, f"“{gap.requirement}”还没有完成：{'、'.join(gap.who[:20])}{'等' if len(gap.who) > 20 else ''}。"
        )
    if not reasons and not missing:
        messages.success(request, "本单位活动已启动。")
    return redirect("enrolment-detail", enrolment.pk)
