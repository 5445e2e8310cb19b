"""Contact points of leading cadres."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import contact_point as actions
from campaign.forms.contact_point import ContactPointEndForm, ContactPointForm
from campaign.models import Campaign, ContactPoint, Participation
from campaign.supervision.contact_points import cadres
from campaign.views.dashboard import place
from members.permissions import Permission
from members.tree import visible_trail
from portal.access import get_in_scope, requires, signed_in
from portal.kept_text import kept_fields
from portal.paging import paged

MANY = 10_000


def back(request: HttpRequest, participation: Participation) -> Any:
    """To the list, from the cadre's own branch."""
    return redirect("contact-point-list", participation.campaign_id, participation.enrolment.organization_id)


@requires(Permission.VIEW_SUPERVISION)
def overview(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """Leading cadres below a node with what they look after; ``?show=missing``: those with nothing."""
    campaign, node = place(request, campaign_pk, organization_pk)
    user: Any = request.user
    missing = cadres(campaign, node, missing=True)
    rows = missing if request.GET.get("show") == "missing" else cadres(campaign, node)
    number = missing.order_by()[: MANY + 1].count()
    context = {
        "campaign": campaign,
        "node": node,
        "trail": visible_trail(user, node),
        "pager": paged(request, rows, ("enrolment__organization__path", "pk")),
        "missing": f"{MANY}以上" if number > MANY else str(number),
        "show": request.GET.get("show", ""),
        "may_manage": user.can(Permission.MANAGE_SUPERVISION, at=node) and campaign.state != Campaign.State.CLOSED,
        "may_export": user.can(Permission.EXPORT, at=node),
        "sheet_params": {"organization": str(node.pk), "show": request.GET.get("show", "")[:10]},
    }
    return render(request, "campaign/contact_point_list.html", context)


@requires(Permission.MANAGE_SUPERVISION)
def create(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """One more contact point of a cadre."""
    visible = Participation.objects.visible_to(request.user).active()
    rows = visible.select_related("member", "campaign__organization", "enrolment__organization")
    cadre = get_in_scope(request, rows, pk=participation_pk)
    if cadre.campaign.state == Campaign.State.CLOSED:
        messages.warning(request, "活动已经结束，联系点不再变动。")
        return back(request, cadre)
    form = ContactPointForm(request.POST or None, participation=cadre, initial=kept_fields(request))
    if form.is_valid():
        try:
            actions.give(participation=cadre, by=request.user, **form.cleaned_data)
        except actions.AlreadyLookedAfter:
            form.add_error("organization", "这个联系点刚刚已经登记。")
        else:
            messages.success(request, f"已登记{cadre.member}同志的联系点：{form.cleaned_data['organization']}。")
            return back(request, cadre)
    at = cadre.enrolment.organization
    context = {"form": form, "cadre": cadre, "campaign": cadre.campaign, "trail": visible_trail(request.user, at)}
    status = 422 if request.method == "POST" else 200
    return render(request, "campaign/contact_point_create.html", context, status=status)


@requires(Permission.MANAGE_SUPERVISION)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    point = get_in_scope(request, ContactPoint.objects.visible_to(request.user).with_people(), pk=pk)
    form = ContactPointEndForm(request.POST, point=point)
    if not form.is_valid():
        messages.error(request, f"没有登记：{' '.join(str(error) for error in form.errors['on'])}")
        return redirect("contact-point-detail", point.pk)
    try:
        actions.end(point=point, on=form.cleaned_data["on"], by=request.user)
    except actions.AlreadyEnded:
        messages.info(request, "此前已登记结束，没有改动。")
    else:
        messages.success(request, f"已登记结束：{point}。")
    return redirect("contact-point-detail", point.pk)


@signed_in
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What the cadre did there, visit by visit."""
    user: Any = request.user
    point = get_object_or_404(ContactPoint.objects.visible_to(user).with_people(), pk=pk)
    visits = point.visits.visible_to(user).with_people().prefetch_related("findings")
    context = {
        "point": point,
        "pager": paged(request, visits, ("-on", "-pk"), 30),
        "may_log": point.may_log(user),
        "may_end": point.until is None and user.can(Permission.MANAGE_SUPERVISION, at=point.scope),
        "looks": user.can(Permission.VIEW_SUPERVISION, at=point.scope),
    }
    return render(request, "campaign/contact_point_detail.html", context)
