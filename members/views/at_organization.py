"""What every page that hangs on an organisation begins and ends with."""

from typing import Any

from django.forms import Form, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from members.models import Organization
from members.tree import visible_trail
from portal.access import get_in_scope


def organization_in_scope(request: HttpRequest, pk: int) -> Organization:
    """The organisation, if the user sees it and holds what the view demands there: otherwise 404, or 403."""
    return get_in_scope(request, Organization.objects.visible_to(request.user), pk=pk)


def form_page(
    request: HttpRequest, node: Organization, form: Form | ModelForm, template: str, **more: Any
) -> HttpResponse:
    """The form at ``node``; one that was sent and comes back has something wrong in it: status 422."""
    context = {"node": node, "form": form, "trail": visible_trail(request.user, node)} | more
    return render(request, f"members/{template}.html", context, status=422 if request.method == "POST" else 200)
