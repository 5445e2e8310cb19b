"""Reading lists: kept by the office for the campaign and by a branch for itself; a page of each material."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import material as actions
from campaign.forms.material import MaterialForm
from campaign.models import Campaign, Material
from campaign.study.reading import by_group, circle_of, own_participation, unread
from campaign.views.study import may_record, visible_enrolments
from members.models import Organization
from members.permissions import Permission
from portal.access import demand, get_in_scope, requires, signed_in
from portal.attachments import attached
from portal.paging import paged


def visible(request: HttpRequest) -> Any:
    return Material.objects.visible_to(request.user).select_related("campaign__organization", "enrolment__organization")


@signed_in
def material_list(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    """The campaign's reading lists, by group."""
    campaigns = Campaign.objects.visible_to(request.user).select_related("organization")
    campaign = get_object_or_404(campaigns, pk=campaign_pk)
    context = {
        "campaign": campaign,
        "lists": by_group(campaign.materials.filter(enrolment=None)),
        "may_keep": request.user.can(Permission.SET_UP_CAMPAIGN, at=campaign.organization),  # type: ignore[union-attr]
        "trail": campaign.organization.trail(),
    }
    return render(request, "campaign/material_list.html", context)


@signed_in
def branch_material_list(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """What the branch's people are given: the campaign's and its own."""
    enrolment = get_object_or_404(visible_enrolments(request.user), pk=enrolment_pk)
    offered = enrolment.campaign.materials.offered_to(enrolment) | enrolment.materials.all()
    context = {
        "enrolment": enrolment,
        "campaign": enrolment.campaign,
        "lists": by_group(offered),
        "may_keep": may_record(request.user, enrolment),
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/material_list.html", context)


@requires(Permission.SET_UP_CAMPAIGN)
def material_create(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    rows = Campaign.objects.visible_to(request.user).select_related("organization")
    campaign = get_in_scope(request, rows, pk=campaign_pk)
    return material_page(request, MaterialForm(request.POST or None, campaign=campaign), campaign.organization)


@requires(Permission.RECORD_STUDY)
def branch_material_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """A branch may give its people something of its own."""
    enrolment = get_in_scope(request, visible_enrolments(request.user), pk=enrolment_pk)
    form = MaterialForm(request.POST or None, campaign=enrolment.campaign, enrolment=enrolment)
    return material_page(request, form, enrolment.organization)


@requires(Permission.RECORD_STUDY)
def material_edit(request: HttpRequest, pk: int) -> HttpResponse:
    material = kept(request, pk)
    form = MaterialForm(
        request.POST or None, instance=material, campaign=material.campaign, enrolment=material.enrolment
    )
    return material_page(request, form, material.scope)


def kept(request: HttpRequest, pk: int) -> Material:
    """A material out of what the user sees (else 404) that they keep (else 403)."""
    material: Material = get_object_or_404(visible(request), pk=pk)
    demand(request, material.scope, material.kept_with)
    return material


def material_page(request: HttpRequest, form: MaterialForm, at: Organization) -> HttpResponse:
    new = form.instance.pk is None
    if form.is_valid():
        material = actions.save(material=form.material(), by=request.user)
        messages.success(request, "学习材料已保存。可以在这里添加附件。" if new else "学习材料已保存。")
        return redirect("material-detail", material.pk)
    context = {"form": form, "material": None if new else form.instance, "trail": at.trail()}
    context |= {"campaign": form.instance.campaign, "enrolment": form.instance.enrolment}
    return render(request, "campaign/material_form.html", context)


@requires(Permission.RECORD_STUDY)
@require_POST
def material_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the list, or back into it."""
    material = kept(request, pk)
    back = material.withdrawn_on is not None
    actions.withdraw(material=material, back=back, by=request.user)
    messages.success(request, f"{'已恢复' if back else '已停用'}“{material}”，已读记录保留。")
    return redirect("material-detail", material.pk)


@signed_in
def material_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What it is; one's own mark; for those who see the study how many have not read it."""
    material: Material = get_object_or_404(visible(request), pk=pk)
    user: Any = request.user
    own = own_participation(user, material.campaign_id)
    mine = own is not None and material.campaign.materials.asked_of(own).filter(pk=material.pk).exists()
    context = {
        "material": material,
        "own": own,
        "mine": mine,
        "reading": own.readings.filter(material=material).first() if own else None,
        "may_keep": user.can(material.kept_with, at=material.scope),
        "counted_at": circle_of(material, user),
        "attachments": attached("material", material, user),
        "trail": material.scope.trail(),
    }
    return render(request, "campaign/material_detail.html", context)


@requires(Permission.VIEW_STUDY)
def material_unread(request: HttpRequest, pk: int, organization_pk: int) -> HttpResponse:
    """How many under a node have not read it; who they are, for those entitled to names."""
    material: Material = get_object_or_404(visible(request), pk=pk)
    node = get_in_scope(request, Organization.objects.visible_to(request.user), pk=organization_pk)
    if material.enrolment and not material.enrolment.organization.path.startswith(node.path):
        raise PermissionDenied
    people = unread(material, node)
    named = request.user.can(Permission.VIEW_NAMES, at=node)  # type: ignore[union-attr]
    order = ("enrolment__organization__path", "member_id", "pk")
    rows = people.select_related("member", "enrolment__organization")
    context = {
        "material": material,
        "node": node,
        "number": people.count(),
        "pager": paged(request, rows, order, 100) if named else None,
        "trail": node.trail(),
    }
    return render(request, "campaign/material_unread.html", context)
