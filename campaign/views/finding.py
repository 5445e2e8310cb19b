"""What was found on a visit."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from campaign.actions import visit as actions
from campaign.forms.visit import FindingForm
from campaign.models import Finding
from campaign.supervision import findings
from campaign.views.team import form_page
from campaign.views.visit import visible
from members.permissions import Permission
from portal.access import signed_in
from portal.kept_text import kept_fields
from portal.sending import say_saved

NOBODY = "已登记。该支部现在没有参加活动的书记或委员，问题暂未进入整改台账；上级登记书记任职后，请在本页转入。"


@signed_in
def create(request: HttpRequest, visit_pk: int) -> HttpResponse:
    """One problem; it goes into the unit's ledger at once."""
    visit = get_object_or_404(visible(request), pk=visit_pk)
    if not visit.is_of(request.user):
        raise PermissionDenied
    form = FindingForm(request.POST or None, visit=visit, initial=kept_fields(request))
    if refusal := obstacle(form):
        messages.warning(request, refusal)
        return redirect("visit-detail", visit.pk)
    if form.is_valid():
        submission = form.cleaned_data["submission"]
        finding, new = actions.find(
            visit=visit, enrolment=form.enrolment, submission=submission, by=request.user, **form.told
        )
        ((_, standing),) = findings.with_standings([finding])
        say_saved(
            request, f"已登记，并列入{finding.enrolment.organization}的整改台账。" if standing else NOBODY, new=new
        )
        return redirect("finding-create" if "more" in request.POST else "visit-detail", visit.pk)
    return form_page(request, form, "finding_create", visit=visit)


def obstacle(form: FindingForm) -> str:
    """Why nothing can be noted here yet."""
    if not form.visit.is_done:
        return "请先登记这次走访的情况，再登记发现的问题。"
    if form.own is None and not form.below.exists():
        return "该单位及下级还没有编入活动，发现的问题无处落实整改。请活动办公室先编入批次。"
    return ""


@require_POST
@signed_in
def take_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a finding that waits into the ledger, now that somebody can be responsible."""
    found = Finding.objects.visible_to(request.user).select_related("visit__organization", "enrolment__organization")
    finding = get_object_or_404(found, pk=pk)
    keeps = request.user.can(Permission.EDIT_LEDGER, at=finding.enrolment.organization)  # type: ignore[union-attr]
    if not keeps and not finding.visit.is_of(request.user):
        raise PermissionDenied
    if actions.bring_to_ledger(finding=finding, by=request.user):
        messages.success(request, "已转入整改台账。")
    else:
        messages.warning(request, "该支部仍没有参加活动的书记或委员，请先由上级登记书记任职。")
    return redirect("visit-detail", finding.visit_id)
