"""The members of a subtree in figures."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from members.forms.statistics import StatisticsForm
from members.permissions import Permission
from members.statistics import picture
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from portal.access import requires


@requires(Permission.VIEW_PROGRESS)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """One table, crossed as one likes, with its picture; figures only, so that no names are needed to see it."""
    node = organization_in_scope(request, org_pk)
    form = StatisticsForm(request.GET, node=node)
    table = form.table()
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "table": table,
        "picture": picture(table),
        "sheet_params": {"organization": str(node.pk)} | form.chosen,
        "may_list": request.user.can(Permission.VIEW_NAMES, at=node),  # type: ignore[union-attr]
    }
    return render(request, "members/member_statistics.html", context)
