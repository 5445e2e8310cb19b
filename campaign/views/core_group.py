"""The 中心组 of a committee: who is in it, and its sessions."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import core_group as actions
from campaign.forms.core_group import SeatForm
from campaign.models import CoreGroupSeat, Enrolment
from members.models import Organization
from members.permissions import Permission
from portal.access import demand, get_in_scope, requires

SHOWN = 500


@requires(Permission.VIEW_STUDY)
def core_group(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Who is in it now; those who lead the committee add to it."""
    node = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    leads = not node.is_branch and request.user.can(Permission.LEAD_COMMITTEE, at=node)  # type: ignore[union-attr]
    form = SeatForm(request.POST or None, organization=node) if leads else None
    if request.method == "POST":
        demand(request, node, Permission.LEAD_COMMITTEE)
    if form is not None and form.is_valid():
        actions.seat(organization=node, **form.cleaned_data, by=request.user)
        messages.success(request, f"已把{form.cleaned_data['member']}列入中心组。")
        return redirect("core-group", node.pk)
    units = Enrolment.objects.visible_to(request.user).filter(organization=node)
    context = {
        "node": node,
        "seats": node.core_group.held().select_related("member__branch")[:SHOWN],
        "units": units.select_related("campaign").exclude(campaign__state="draft").distinct()[:10],
        "form": form,
        "trail": node.trail(),
    }
    return render(request, "campaign/core_group.html", context)


@requires(Permission.LEAD_COMMITTEE)
@require_POST
def core_seat_end(request: HttpRequest, pk: int) -> HttpResponse:
    rows = CoreGroupSeat.objects.visible_to(request.user).select_related("organization", "member")
    seat = get_in_scope(request, rows, pk=pk)
    actions.unseat(seat=seat, by=request.user)
    messages.success(request, f"{seat.member}不再是中心组成员，原有出勤保留。")
    return redirect("core-group", seat.organization_id)
