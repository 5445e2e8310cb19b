"""Waiving a requirement, with a reason."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaign.actions import enrolment as enrolments
from campaign.forms.enrolment import WaiverForm
from campaign.views.enrolment import visible
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.kept_text import kept_fields


@requires(Permission.WAIVE)
def waiver_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """Counted apart from what was done, with the reason and who allowed it."""
    enrolment = get_in_scope(request, visible(request), pk=enrolment_pk)
    form = WaiverForm(
        request.POST or None,
        enrolment=enrolment,
        initial={"requirement": request.GET.get("requirement", "")} | kept_fields(request, "participations"),
    )
    if form.is_valid():
        enrolments.waive(enrolment=enrolment, **form.cleaned_data, by=request.user)
        messages.success(request, f"已免除“{form.cleaned_data['requirement']}”，理由随名单保留。")
        return redirect("enrolment-detail", enrolment.pk)
    context = {"form": form, "enrolment": enrolment, "trail": enrolment.organization.trail()}
    return render(request, "campaign/waiver_create.html", context)
