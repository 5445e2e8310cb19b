"""The second line of oversight: who looks on, and at what."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from members import tree
from members.actions import oversight as actions
from members.forms.oversight import OverseerForm
from members.models import Organization
from members.permissions import Permission
from members.views.at_organization import organization_in_scope
from portal.access import get_in_scope, requires
from portal.paging import paged


@requires(Permission.MANAGE_ORGANIZATIONS)
def edit(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Who looks on at this organisation."""
    visible = Organization.objects.visible_to(request.user).select_related("overseer")
    node = get_in_scope(request, visible, pk=org_pk)
    form = OverseerForm(
        request.POST or None, organization=node, initial={"overseer": node.overseer.code if node.overseer else ""}
    )
    if request.method == "POST" and form.is_valid():
        overseer = form.cleaned_data["overseer"]
        if actions.set_overseer(organization=node, overseer=overseer, by=request.user):
            words = f"已设定：{node}由{overseer}联系。" if overseer else f"{node}不再另设属地联系单位。"
            messages.success(request, words)
        else:
            messages.info(request, "内容没有变化。")
        return redirect("organization-detail", node.pk)
    context = {"node": node, "form": form, "trail": tree.visible_trail(request.user, node)}
    return render(request, "members/organization_overseer.html", context, status=422 if form.errors else 200)


@requires(Permission.VIEW_PROGRESS)
def overseen(request: HttpRequest, org_pk: int) -> HttpResponse:
    """The organisations that this one looks on at, with numbers only."""
    user: Any = request.user
    node = organization_in_scope(request, org_pk)
    page = paged(request, Organization.objects.visible_to(user).overseen_from(node), ["path", "pk"])
    for row in page.rows:
        row.size = tree.roll_size(row)
    context = {"node": node, "trail": tree.visible_trail(user, node), "page": page}
    return render(request, "members/overseen_list.html", context)
