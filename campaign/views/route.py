"""Taking part in another way (灵活方式): set, changed and ended for one person."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import route as routes
from campaign.actions.refusal import Refused
from campaign.forms.route import RouteEndForm, RouteForm
from campaign.models import Participation
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.kept_text import kept_fields


def people(request: HttpRequest) -> Any:
    rows = Participation.objects.visible_to(request.user)
    return rows.select_related("member", "enrolment__organization", "campaign")


@requires(Permission.SET_ROUTE)
def route_edit(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """How this person takes part, why, and who approved; every decision before stays below."""
    person = get_in_scope(request, people(request), pk=participation_pk)
    form = RouteForm(request.POST or None, participation=person, initial=kept_fields(request))
    if form.is_valid():
        try:
            routes.set_alternative(participation=person, **form.cleaned_data, by=request.user)
            messages.success(request, f"已登记{person.member.name}的参加方式；完成的照样算完成，另行标明。")
        except Refused as refusal:
            messages.error(request, str(refusal))
        return listing(person)
    return page(request, person, form, RouteEndForm())


@requires(Permission.SET_ROUTE)
@require_POST
def route_end(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """Back to taking part like everybody else."""
    person = get_in_scope(request, people(request), pk=participation_pk)
    form = RouteEndForm(request.POST)
    if not form.is_valid():
        return page(request, person, RouteForm(participation=person), form)
    try:
        routes.set_normal(participation=person, reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, f"{person.member.name}已恢复正常参加。")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return listing(person)


def listing(person: Participation) -> HttpResponse:
    return redirect("listing", person.campaign_id, person.enrolment.organization_id, "alternatives")


def page(request: HttpRequest, person: Participation, form: RouteForm, end: RouteEndForm) -> HttpResponse:
    context = {
        "person": person,
        "form": form,
        "end": end,
        "alternative": person.route == Participation.Route.ALTERNATIVE,
        "decisions": person.alternative_routes.select_related("by", "ended_by"),
        "trail": person.scope.trail(),
    }
    return render(request, "campaign/route_edit.html", context)
