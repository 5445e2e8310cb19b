"""Waiving requirements, and taking that back; each with a reason."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaign.actions import waiver as waivers
from campaign.actions.refusal import Refused
from campaign.forms.waiver import ManyWaiversForm, WaiverForm, WithdrawalForm
from campaign.models import Campaign, Enrolment, Waiver
from campaign.views.dashboard import place
from campaign.views.enrolment import visible
from members.models import Organization
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.actions.job import submit_once
from portal.kept_text import kept_fields
from portal.paging import words

AT_ONCE = 40
SHOWN = 300


@requires(Permission.WAIVE)
def waiver_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """Counted apart from what was done, with the reason and who allowed it."""
    enrolment = get_in_scope(request, visible(request), pk=enrolment_pk)
    form = WaiverForm(
        request.POST or None,
        enrolment=enrolment,
        initial={"requirement": request.GET.get("requirement", "")} | kept_fields(request, "participations"),
    )
    if form.is_valid():
        try:
            waivers.waive(enrolment=enrolment, **form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"已免除“{form.cleaned_data['requirement']}”，理由随名单保留。")
            return redirect("enrolment-detail", enrolment.pk)
    context = {"form": form, "enrolment": enrolment, "trail": enrolment.organization.trail()}
    return render(request, "campaign/waiver_create.html", context)


@requires(Permission.WAIVE)
def waiver_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """It is asked again; the record stays."""
    rows = Waiver.objects.visible_to(request.user).select_related(
        "requirement", "enrolment__organization", "enrolment__campaign", "participation__member", "by"
    )
    waiver = get_in_scope(request, rows, pk=pk)
    form = WithdrawalForm(request.POST or None, initial=kept_fields(request))
    if form.is_valid():
        try:
            waivers.withdraw(waiver=waiver, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, f"已撤销免除，“{waiver.requirement}”重新要求完成。")
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("listing", waiver.enrolment.campaign_id, waiver.enrolment.organization_id, "waivers")
    context = {"form": form, "waiver": waiver, "trail": waiver.scope.trail()}
    return render(request, "campaign/waiver_withdraw.html", context)


@requires(Permission.WAIVE)
def waiver_create_many(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """One requirement for many units under a node: at once, or as a job where they are many."""
    campaign, node = place(request, campaign_pk, organization_pk)
    units = choosable(campaign, node, request)
    form = ManyWaiversForm(
        request.POST or None, campaign=campaign, units=units, initial=kept_fields(request, "enrolments")
    )
    if form.is_valid():
        return waive_many(request, form, campaign, node)
    context = {
        "form": form,
        "campaign": campaign,
        "node": node,
        "q": words(request),
        "more": units.count() >= SHOWN,
        "trail": node.trail(),
    }
    return render(request, "campaign/waiver_create_many.html", context)


def choosable(campaign: Campaign, node: Organization, request: HttpRequest) -> Any:
    """Units under the node that are not over, found by name; so many that one page holds them."""
    rows = campaign.enrolments.under(node).counted().exclude(state=Enrolment.State.FINISHED)
    if q := words(request):
        rows = rows.filter(organization__name__icontains=q)
    first = list(rows.order_by("organization__path").values_list("pk", flat=True)[:SHOWN])
    return campaign.enrolments.filter(pk__in=first).select_related("organization").in_tree_order()


def waive_many(request: HttpRequest, form: ManyWaiversForm, campaign: Campaign, node: Organization) -> HttpResponse:
    data = form.cleaned_data
    units = list(data["enrolments"])
    asked = {"requirement": data["requirement"], "tag": data["tag"], "reason": data["reason"]}
    if len(units) > AT_ONCE:
        params = asked | {"requirement": data["requirement"].pk, "enrolments": [unit.pk for unit in units]}
        title = f"免除“{data['requirement']}”（{len(units)}个单位）"
        return redirect("job-detail", submit_once(kind="waive", title=title, params=params, by=request.user).pk)
    try:
        made = waivers.waive_many(enrolments=units, **asked, by=request.user)
        none = "所选单位中没有还需要免除的，完成的和免除过的不重复免除；本人的由其他同志办理。"
        messages.success(request, f"共免除 {made} 项。" if made else none)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("listing", campaign.pk, node.pk, "waivers")
