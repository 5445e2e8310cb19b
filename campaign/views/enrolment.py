"""A unit's page, its preparation and start."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import enrolment as enrolments
from campaign.actions.refusal import Refused
from campaign.forms.enrolment import PreparationForm
from campaign.models import Campaign, Enrolment
from campaign.units.page import office_links, phase_lines, unit_links
from members.permissions import Permission
from portal.access import demand, requires, signed_in
from portal.kept_text import kept_fields


def visible(request: HttpRequest) -> Any:
    rows = Enrolment.objects.visible_to(request.user)
    return rows.select_related("organization", "campaign__organization", "batch", "phase").prefetch_related(
        "runs__phase"
    )


def in_charge(request: HttpRequest, rows: Any, pk: int) -> Any:
    """A unit, or something of a unit, out of what the user sees (else 404), who acts for that unit (else 403): the view's
    permission there, or for a committee that of its office."""
    found = get_object_or_404(rows, pk=pk)
    unit: Enrolment = getattr(found, "enrolment", found)
    demand(request, unit.organization, unit.acted_for_with(request.permission))  # type: ignore[attr-defined]
    return found


@signed_in
def enrolment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the unit stands: time line, 规定动作 and what is missing (names only for those entitled), history."""
    enrolment = get_object_or_404(visible(request), pk=pk)
    at, can = enrolment.organization, request.user.can  # type: ignore[union-attr]
    named = can(Permission.VIEW_NAMES, at=at)
    own = enrolment.participations.filter(member=request.user.member_id or 0).first()  # type: ignore[union-attr]
    preparing = enrolment.state == Enrolment.State.PREPARING
    open_still = enrolment.campaign.state != Campaign.State.CLOSED
    leads = open_still and can(enrolment.acted_for_with(Permission.PREPARE_ENROLMENT), at=at)
    context = {
        "enrolment": enrolment,
        "lines": phase_lines(enrolment, user=request.user, named=named, own=own),
        "links": unit_links(enrolment, request.user),
        "office_links": office_links(enrolment, request.user),
        "own": own,
        "named": named,
        "can_prepare": leads and preparing,
        "can_file": leads and enrolment.state in {Enrolment.State.PREPARING, Enrolment.State.RUNNING},
        "can_waive": open_still and can(Permission.WAIVE, at=at),
        "obstacles": enrolments.obstacles(enrolment) if preparing else [],
        "outside": Enrolment.objects.visible_to(request.user).outside_batch().filter(pk=enrolment.pk).exists(),
        "trail": at.trail(),
        **history(enrolment, request.user, named=named),
    }
    return render(request, "campaign/enrolment_detail.html", context)


def history(enrolment: Enrolment, user: Any, *, named: bool) -> dict[str, Any]:
    """Requests, plans, postponements and lifted conditions for those who see progress; waivers for those who see names."""
    at = enrolment.organization
    if not user.can(Permission.VIEW_PROGRESS, at=at):
        return {}
    waivers = enrolment.waivers.in_force().select_related("requirement", "participation__member", "by")
    return {
        "gates": enrolment.gates.select_related("phase", "requested_by", "decided_by"),
        "filings": enrolment.filings.select_related("filed_by", "decided_by"),
        "postponements": enrolment.postponements.select_related("by", "resumed_by"),
        "lifted": at.conditions.exclude(lifted_on=None).order_by("-lifted_on") if named else [],
        "waivers": waivers.order_by("-pk")[:20] if named else [],
    }


@requires(Permission.PREPARE_ENROLMENT)
def enrolment_prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Leading group and survey; may be saved half done."""
    enrolment = in_charge(request, visible(request), pk)
    form = PreparationForm(request.POST or None, initial=kept_fields(request), enrolment=enrolment)
    if form.is_valid():
        try:
            enrolments.prepare(enrolment=enrolment, values=form.cleaned_data, by=request.user)
            messages.success(request, "已保存。")
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("enrolment-detail", enrolment.pk)
    context = {"form": form, "enrolment": enrolment, "trail": enrolment.organization.trail()}
    return render(request, "campaign/enrolment_prepare.html", context)


@requires(Permission.PREPARE_ENROLMENT)
@require_POST
def enrolment_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Starts only what is prepared; else says by name what is missing (S2 三1)."""
    enrolment = in_charge(request, visible(request), pk)
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
