"""Units that a joint branch covers or that have no member yet, and who looks after them."""

from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from members.actions import covered as actions
from members.actions.committee import OrganizationClosed
from members.forms.covered import LiaisonEndForm, LiaisonForm, UnitForm
from members.models import CoveredUnit, Liaison, Organization
from members.permissions import Permission
from members.tree import visible_trail
from members.views.at_organization import form_page, organization_in_scope
from portal.access import get_in_scope, requires
from portal.sending import say_saved

TWICE = "这个单位已经列入，请核对名称。"


@requires(Permission.VIEW_NAMES)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    node = organization_in_scope(request, org_pk)
    user: Any = request.user
    context = {
        "node": node,
        "trail": visible_trail(user, node),
        "units": node.covered_units.all(),
        "liaisons": node.liaisons.select_related("unit").order_by(F("left_on").desc(nulls_first=True), "pk"),
        "may_edit": not node.closed_on and user.can(Permission.EDIT_ROLL, at=node),
    }
    return render(request, "members/covered_unit_list.html", context)


def refused(request: HttpRequest, node: Organization) -> HttpResponse:
    messages.error(request, f"没有登记：{node}已撤销，它的覆盖单位已移交，请在接续的组织登记。")
    return redirect("covered-unit-list", node.pk)


@requires(Permission.EDIT_ROLL)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    node = organization_in_scope(request, org_pk)
    form = UnitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            unit = actions.add_unit(organization=node, by=request.user, **form.cleaned_data)
        except actions.Listed:
            form.add_error("name", TWICE)
        except OrganizationClosed:
            return refused(request, node)
        else:
            messages.success(request, f"已列入{unit}。")
            return redirect("covered-unit-list", node.pk)
    return form_page(request, node, form, "covered_unit_create")


@requires(Permission.EDIT_ROLL)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    visible = CoveredUnit.objects.visible_to(request.user).select_related("organization")
    unit = get_in_scope(request, visible, pk=pk)
    form = UnitForm(request.POST or None, instance=unit)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_unit(unit=unit, by=request.user, **form.cleaned_data)
        except actions.Listed:
            form.add_error("name", TWICE)
        else:
            messages.success(request, "已保存。")
            return redirect("covered-unit-list", unit.organization_id)
    return form_page(request, unit.organization, form, "covered_unit_edit")


@requires(Permission.EDIT_ROLL)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    visible = CoveredUnit.objects.visible_to(request.user).select_related("organization")
    unit = get_in_scope(request, visible, pk=pk)
    actions.remove_unit(unit=unit, by=request.user)
    messages.success(request, f"已移出{unit}。")
    return redirect("covered-unit-list", unit.organization_id)


@requires(Permission.EDIT_ROLL)
def send(request: HttpRequest, org_pk: int) -> HttpResponse:
    node = organization_in_scope(request, org_pk)
    form = LiaisonForm(request.POST or None, organization=node, initial={"since": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            liaison, new = actions.send(organization=node, by=request.user, **form.cleaned_data)
        except OrganizationClosed:
            return refused(request, node)
        say_saved(request, f"已登记{liaison}。", new=new)
        return redirect("covered-unit-list", node.pk)
    return form_page(request, node, form, "liaison_create")


@requires(Permission.EDIT_ROLL)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Liaison.objects.visible_to(request.user).select_related("organization")
    liaison = get_in_scope(request, visible, pk=pk)
    form = LiaisonEndForm(request.POST, liaison=liaison)
    if not form.is_valid():
        messages.error(request, f"没有登记：{' '.join(str(error) for error in form.errors['on'])}")
        return redirect("covered-unit-list", liaison.organization_id)
    try:
        actions.end(liaison=liaison, on=form.cleaned_data["on"], by=request.user)
    except actions.AlreadyOver:
        messages.info(request, "此前已登记结束，没有改动。")
    else:
        messages.success(request, f"已登记{liaison}结束选派。")
    return redirect("covered-unit-list", liaison.organization_id)
