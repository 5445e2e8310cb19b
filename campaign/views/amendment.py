"""Amendments of a running campaign: proposed, weighed, approved, in effect, on record."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import amendment as amendments
from campaign.actions.amendment import AmendmentRefused
from campaign.amendments.effect import told
from campaign.amendments.rows import change_rows
from campaign.forms.amendment import AmendmentForm
from campaign.models import Amendment, Campaign
from campaign.views.campaign import phase_rows
from members.permissions import Permission
from portal.access import get_in_scope, requires, signed_in


def visible(user: Any) -> QuerySet[Amendment]:
    return Amendment.objects.visible_to(user).select_related("campaign__organization", "proposed_by", "approved_by")


@requires(Permission.SET_UP_CAMPAIGN)
def amendment_create(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    """Reason and day; the changes are listed on the next page."""
    campaign = get_in_scope(request, Campaign.objects.visible_to(request.user), pk=campaign_pk)
    form = AmendmentForm(request.POST or None)
    if form.is_valid():
        try:
            made = amendments.propose(campaign=campaign, by=request.user, **form.cleaned_data)
        except AmendmentRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("campaign-detail", campaign.pk)
        return redirect("amendment-detail", made.pk)
    known = campaign.amendments.open().first()
    if known is not None:
        messages.info(request, "已有一次调整正在办理，请在这里继续。")
        return redirect("amendment-detail", known.pk)
    context = {"form": form, "campaign": campaign, "trail": campaign.organization.trail()}
    return render(request, "campaign/amendment_form.html", context)


@requires(Permission.SET_UP_CAMPAIGN)
def amendment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another reason or day."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    initial = {"reason": amendment.reason, "takes_effect_on": amendment.takes_effect_on}
    form = AmendmentForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            amendments.rewrite(amendment=amendment, by=request.user, **form.cleaned_data)
        except AmendmentRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("amendment-detail", amendment.pk)
    context = {"form": form, "campaign": amendment.campaign, "amendment": amendment, "trail": amendment.scope.trail()}
    return render(request, "campaign/amendment_form.html", context)


@signed_in
def amendment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What changes, why, from when and with which effect; while it is a draft, also where it is written."""
    amendment = get_object_or_404(visible(request.user), pk=pk)
    in_charge = request.user.can(Permission.SET_UP_CAMPAIGN, at=amendment.scope)  # type: ignore[union-attr]
    if not in_charge and amendment.state not in {Amendment.State.APPROVED, Amendment.State.APPLIED}:
        raise PermissionDenied
    context = {
        "amendment": amendment,
        "campaign": amendment.campaign,
        "changes": change_rows(amendment),
        "lines": told(amendment.outcome or amendment.effect),
        "in_charge": in_charge,
        "editable": in_charge and amendment.is_draft,
        "trail": amendment.scope.trail(),
    }
    if in_charge and amendment.is_draft:
        planned = set(amendment.changes.exclude(requirement=None).values_list("requirement_id", flat=True))
        context |= {"phases": steps_of(amendment.campaign), "planned": planned}
    if in_charge and amendment.is_due:
        context["busy"] = amendments.is_being_applied(amendment)
    return render(request, "campaign/amendment_detail.html", context)


def steps_of(campaign: Campaign) -> list[dict[str, Any]]:
    """Phases with their steps (empty ones too) and what is asked in each."""
    asked: dict[int, list[Any]] = {}
    for row in phase_rows(campaign):
        for requirement in row["requirements"]:
            asked.setdefault(requirement.step_id, []).append(requirement)
    phases = campaign.phases.prefetch_related("steps")
    return [{"phase": p, "steps": [(s, asked.get(s.pk, [])) for s in p.steps.all()]} for p in phases]


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def amendment_effect(request: HttpRequest, pk: int) -> HttpResponse:
    """Count what it would do."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    try:
        job = amendments.foresee(amendment=amendment, by=request.user)
    except AmendmentRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("amendment-detail", amendment.pk)
    if job is not None:
        return redirect("job-detail", job.pk)
    messages.success(request, "已测算影响，请核对各项规定动作调整前后的数字。")
    return redirect("amendment-detail", amendment.pk)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def amendment_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide; what is due today is done by a job."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    try:
        job = amendments.approve(amendment=amendment, by=request.user)
    except AmendmentRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("amendment-detail", amendment.pk)
    if job is not None:
        return redirect("job-detail", job.pk)
    messages.success(request, "已批准，到生效日期自动生效。")
    return redirect("amendment-detail", amendment.pk)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def amendment_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask again for one whose day has come and whose job was given up."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    if not amendment.is_due:
        messages.info(request, "这次调整没有在等待生效，不必再办。")
        return redirect("amendment-detail", amendment.pk)
    job = amendments.apply_due(amendment=amendment, by=request.user)
    return redirect("job-detail", job.pk)


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def amendment_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it up before it has begun."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    try:
        amendments.cancel(amendment=amendment, by=request.user)
    except AmendmentRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("amendment-detail", amendment.pk)
    messages.success(request, "已撤销，规定动作没有变动。")
    return redirect("campaign-detail", amendment.campaign_id)
