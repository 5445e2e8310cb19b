"""The single changes of an amendment that is being written."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import amendment as amendments
from campaign.actions.amendment import AmendmentRefused
from campaign.forms.amendment import values_of
from campaign.forms.requirement import RequirementForm, indicators_by_subject
from campaign.models import Amendment, AmendmentChange, Requirement, Step
from campaign.views.amendment import visible
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.indicators import indicators


def page(
    request: HttpRequest, amendment: Amendment, step: Step, form: RequirementForm | None, **more: Any
) -> HttpResponse:
    context = {"amendment": amendment, "step": step, "form": form, "trail": amendment.scope.trail(), **more}
    if form is None:
        context["groups"] = indicators_by_subject()
    return render(request, "campaign/amendment_change.html", context)


def saved(request: HttpRequest, amendment: Amendment, done: Any) -> HttpResponse:
    """Do it, or say why not; back to the amendment."""
    try:
        done()
    except AmendmentRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("amendment-detail", amendment.pk)


@requires(Permission.SET_UP_CAMPAIGN)
def amendment_add(request: HttpRequest, pk: int, step_pk: int) -> HttpResponse:
    """Something more is asked: first which indicator, then the rest."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    step = get_object_or_404(amendment.campaign.steps.select_related("phase"), pk=step_pk)
    indicator = indicators.get(request.GET.get("indicator", ""))
    if indicator is None:
        return page(request, amendment, step, None)
    form = RequirementForm(request.POST or None, indicator=indicator, dated=True)
    if not form.is_valid():
        return page(request, amendment, step, form)
    return saved(
        request,
        amendment,
        lambda: amendments.put(amendment=amendment, step=step, requirement=None, values=form.values(), by=request.user),
    )


def asked(amendment: Amendment, pk: int) -> Requirement:
    rows = amendment.campaign.requirements.in_force().select_related("step__phase", "campaign")
    return get_object_or_404(rows, pk=pk)


@requires(Permission.SET_UP_CAMPAIGN)
def amendment_change(request: HttpRequest, pk: int, requirement_pk: int) -> HttpResponse:
    """Something is asked differently; persons stay persons and units stay units."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    requirement = asked(amendment, requirement_pk)
    known = amendment.changes.filter(requirement=requirement, kind=AmendmentChange.Kind.CHANGE).first()
    shown = known.planned() if known else requirement
    form = RequirementForm(request.POST or None, indicator=requirement.indicator, dated=True, initial=values_of(shown))
    if not form.is_valid():
        return page(request, amendment, requirement.step, form, requirement=requirement)
    return saved(
        request,
        amendment,
        lambda: amendments.put(
            amendment=amendment, step=requirement.step, requirement=requirement, values=form.values(), by=request.user
        ),
    )


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def amendment_withdraw(request: HttpRequest, pk: int, requirement_pk: int) -> HttpResponse:
    """Something is asked no longer."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    requirement = asked(amendment, requirement_pk)
    return saved(
        request,
        amendment,
        lambda: amendments.put(
            amendment=amendment, step=requirement.step, requirement=requirement, values=None, by=request.user
        ),
    )


def own_change(amendment: Amendment, change_pk: int) -> AmendmentChange:
    return get_object_or_404(amendment.changes.select_related("amendment", "step__phase", "requirement"), pk=change_pk)


@requires(Permission.SET_UP_CAMPAIGN)
def amendment_revise(request: HttpRequest, pk: int, change_pk: int) -> HttpResponse:
    """A planned addition is written differently."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    change = own_change(amendment, change_pk)
    if change.kind != AmendmentChange.Kind.ADD:
        raise Http404
    planned = change.planned()
    form = RequirementForm(request.POST or None, indicator=planned.indicator, dated=True, initial=values_of(planned))
    if not form.is_valid():
        return page(request, amendment, change.step, form)
    return saved(request, amendment, lambda: amendments.revise(change=change, values=form.values(), by=request.user))


@requires(Permission.SET_UP_CAMPAIGN)
@require_POST
def amendment_drop(request: HttpRequest, pk: int, change_pk: int) -> HttpResponse:
    """A planned change is taken back."""
    amendment = get_in_scope(request, visible(request.user), pk=pk)
    change = own_change(amendment, change_pk)
    return saved(request, amendment, lambda: amendments.drop(change=change, by=request.user))
