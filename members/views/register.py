"""The registers of members who need to be looked for, kept in contact with, or cared for."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from members.forms.register import RegisterForm
from members.permissions import Permission
from members.registers import entries, registers, rows_of
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from portal.access import requires
from portal.paging import paged


@requires(Permission.VIEW_NAMES)
def overview(request: HttpRequest, org_pk: int, kind: str) -> HttpResponse:
    """One register of a branch or of everything below a node, in tree order."""
    node = organization_in_scope(request, org_pk)
    register = registers.get(kind)
    if register is None:
        raise Http404
    form, today = RegisterForm(request.GET, register=register), timezone.localdate()
    page = paged(request, rows_of(register, node, request.user, today, **form.chosen), register.order)
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "register": register,
        "registers": registers,
        "form": form,
        "page": page,
        "entries": entries(register, page.rows, request.user, today),
        "may_edit": request.user.can(Permission.EDIT_ROLL, at=node),  # type: ignore[union-attr]
        "sheet_params": {"organization": str(node.pk), "kind": kind} | form.chosen,
    }
    return render(request, "members/register_list.html", context)
