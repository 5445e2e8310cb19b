"""Filing the implementation plan (备案), and answering."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import filing as filings
from campaign.actions.refusal import Refused
from campaign.forms.filing import FilingAnswerForm, FilingForm
from campaign.models import PlanFiling
from campaign.views.enrolment import in_charge, visible
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.attachments import attached
from portal.kept_text import kept_fields


@requires(Permission.PREPARE_ENROLMENT)
def filing_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """The unit's plan; one that came back is offered again, to be changed."""
    enrolment = in_charge(request, visible(request), enrolment_pk)
    last = enrolment.filings.first()
    again = {"title": last.title, "text": last.text} if last else {}
    form = FilingForm(request.POST or None, initial=again | kept_fields(request))
    if form.is_valid():
        try:
            filing = filings.file(enrolment=enrolment, **form.cleaned_data, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("enrolment-detail", enrolment.pk)
        messages.success(request, "方案已报送上级，请等待备案；全文可以在下面作为附件上传。")
        return redirect("filing-detail", filing.pk)
    context = {"form": form, "enrolment": enrolment, "last": last, "trail": enrolment.organization.trail()}
    return render(request, "campaign/filing_create.html", context)


@requires(Permission.VIEW_PROGRESS)
def filing_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan with every round before it; whoever may, answers here."""
    rows = PlanFiling.objects.visible_to(request.user).select_related("filed_by", "decided_by")
    filing = get_in_scope(request, rows.select_related("enrolment__organization", "enrolment__campaign"), pk=pk)
    may = filing.enrolment.decided_from_above(request.user) and filing.filed_by_id != request.user.pk
    form = FilingAnswerForm(request.POST or None, initial=kept_fields(request)) if may and filing.is_waiting else None
    if request.method == "POST":
        if not filing.enrolment.decided_from_above(request.user):
            raise PermissionDenied
        if form is None or form.is_valid():
            return answer(request, filing, form)
    own = request.user.can(filing.enrolment.acted_for_with(Permission.PREPARE_ENROLMENT), at=filing.scope)  # type: ignore[union-attr]
    context = {
        "filing": filing,
        "form": form,
        "may_withdraw": own and filing.is_waiting,
        "may_file": own and filing.state == PlanFiling.State.RETURNED,
        "others": filing.enrolment.filings.exclude(pk=filing.pk).select_related("filed_by", "decided_by"),
        "attachments": attached("plan-filing", filing, request.user) | {"title": "方案全文（附件）"},
        "trail": filing.scope.trail(),
    }
    return render(request, "campaign/filing_detail.html", context)


def answer(request: HttpRequest, filing: PlanFiling, form: FilingAnswerForm | None) -> HttpResponse:
    """Carry it out; what was answered meanwhile stays."""
    data = form.cleaned_data if form else {"decision": "return", "remarks": ""}
    try:
        filings.decide(
            filing=filing, acknowledge=data["decision"] == "acknowledge", remarks=data["remarks"], by=request.user
        )
        messages.success(request, "已同意备案。" if data["decision"] == "acknowledge" else "已退回修改。")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("filing-detail", filing.pk)


@requires(Permission.PREPARE_ENROLMENT)
@require_POST
def filing_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The unit takes its plan back before it is answered."""
    rows = PlanFiling.objects.visible_to(request.user).select_related("enrolment__organization", "enrolment__campaign")
    filing = in_charge(request, rows, pk)
    try:
        filings.withdraw(filing=filing, by=request.user)
        messages.success(request, "方案已撤回，修改后可以重新报送。")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("filing-detail", filing.pk)
