"""The registers of weak organisations and of those in difficulties, and entering and leaving them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from members.actions import condition as actions
from members.forms.condition import GROUPS, ConditionFilterForm, ConditionForm, LiftForm
from members.models import OrganizationCondition
from members.permissions import Permission
from members.tree import visible_trail
from members.views.at_organization import form_page, organization_in_scope
from portal.access import get_in_scope, requires
from portal.paging import paged

LIFTED = "这一状态刚刚已由别人解除，没有改动。"


@requires(Permission.VIEW_NAMES)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """The register of one node: 整顿台账, or 困难单位 (``?group=difficulty``)."""
    node = organization_in_scope(request, org_pk)
    form = ConditionFilterForm(request.GET)
    records = OrganizationCondition.objects.visible_to(request.user).under(node).select_related("organization")
    page = paged(request, form.narrow(records), ["organization__path", "pk"])
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "groups": [(code, label) for code, (label, _) in GROUPS.items()],
        "page": page,
        "records": [(record, record.can_be_lifted_by(request.user)) for record in page.rows],
        "may_export": request.user.can(Permission.EXPORT, at=node),  # type: ignore[union-attr]
    }
    return render(request, "members/condition_list.html", context)


@requires(Permission.MANAGE_ORGANIZATIONS)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    node = organization_in_scope(request, org_pk)
    form = ConditionForm(request.POST or None, organization=node, initial={"since": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        record, _ = actions.set_condition(organization=node, by=request.user, **form.cleaned_data)
        messages.success(request, f"已登记：{node}为“{record.get_condition_display()}”。")
        return redirect("organization-detail", node.pk)
    return form_page(request, node, form, "condition_create")


@requires(Permission.MANAGE_ORGANIZATIONS)
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """End a condition, with a record; a blocking one only from above."""
    visible = OrganizationCondition.objects.visible_to(request.user).select_related("organization")
    record = get_in_scope(request, visible, pk=pk)
    if not record.can_be_lifted_by(request.user):
        raise PermissionDenied
    if record.lifted_on:
        messages.info(request, LIFTED)
        return redirect("organization-detail", record.organization_id)
    form = LiftForm(request.POST or None, record=record, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            actions.lift(record=record, by=request.user, **form.cleaned_data)
        except actions.AlreadyLifted:
            messages.info(request, LIFTED)
        else:
            messages.success(request, f"已解除{record.organization}的“{record.get_condition_display()}”状态。")
        return redirect("organization-detail", record.organization_id)
    return form_page(request, record.organization, form, "condition_lift", record=record)
