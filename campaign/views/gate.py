"""Moving on (转段): request, list, decision."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from campaign.actions import gate as gates
from campaign.forms.gate import GateDecisionForm, GateRequestForm
from campaign.models import Campaign, Enrolment, Gate
from campaign.unmet import from_json, gaps
from campaign.views.enrolment import visible as visible_enrolments
from members.permissions import Permission
from members.scope import within
from portal.access import get_in_scope, requires
from portal.kept_text import kept_fields
from portal.paging import paged, words


@requires(Permission.REQUEST_GATE)
def gate_request(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """The branch's own assessment; what is unmet is listed by name and kept with the request."""
    enrolment = get_in_scope(request, visible_enrolments(request), pk=enrolment_pk)
    if enrolment.state != Enrolment.State.RUNNING or enrolment.gates.waiting().exists():
        why = (
            "已有一份转段申请正在等待审核。"
            if enrolment.state == Enrolment.State.RUNNING
            else "本单位不在活动进行中，不能申请转段。"
        )
        messages.info(request, why)
        return redirect("enrolment-detail", enrolment.pk)
    form = GateRequestForm(request.POST or None, initial=kept_fields(request))
    if form.is_valid():
        try:
            gate = gates.request(enrolment=enrolment, assessment=form.cleaned_data["assessment"], by=request.user)
        except gates.GateRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("enrolment-detail", enrolment.pk)
        messages.success(request, "转段申请已提交，请等上级审核。")
        return redirect("gate-detail", gate.pk)
    context = {
        "form": form,
        "enrolment": enrolment,
        "gaps": gaps(enrolment),
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/gate_request.html", context)


@requires(Permission.DECIDE_GATE, anywhere=True)
def gate_list(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    """Requests in the subtrees where one decides: the oldest waiting one first; decided ones latest first."""
    campaign = get_object_or_404(
        Campaign.objects.visible_to(request.user).select_related("organization"), pk=campaign_pk
    )
    mine = within(request.user.scopes(Permission.DECIDE_GATE), "enrolment__organization__path")  # type: ignore[union-attr]
    seen = Gate.objects.visible_to(request.user).filter(mine, enrolment__campaign=campaign)
    waiting = seen.waiting().count()
    state = request.GET.get("state", "")
    state = state if state in Gate.State.values else Gate.State.WAITING
    rows = named_like(seen.filter(state=state), words(request))
    order = ("requested_at", "pk") if state == Gate.State.WAITING else ("-decided_at", "-pk")
    context = {
        "campaign": campaign,
        "pager": paged(
            request, rows.select_related("enrolment__organization", "phase", "requested_by", "decided_by"), order, 30
        ),
        "state": state,
        "states": Gate.State.choices,
        "waiting": waiting,
        "q": words(request),
        "trail": campaign.organization.trail(),
    }
    return render(request, "campaign/gate_list.html", context)


def named_like(rows: QuerySet[Gate], q: str) -> QuerySet[Gate]:
    return rows.filter(enrolment__organization__name__icontains=q) if q else rows


@requires(Permission.VIEW_PROGRESS)
def gate_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The request with what was missing then and what is missing now; whoever may decide does it here."""
    rows = Gate.objects.visible_to(request.user)
    gate = get_in_scope(
        request,
        rows.select_related("enrolment__organization", "enrolment__campaign", "phase", "requested_by", "decided_by"),
        pk=pk,
    )
    at, waiting = gate.enrolment.organization, gate.state == Gate.State.WAITING
    now = gaps(gate.enrolment) if waiting else []
    may_decide = request.user.can(Permission.DECIDE_GATE, at=at)  # type: ignore[union-attr]
    kept = kept_fields(request)
    decisive = waiting and may_decide
    form = GateDecisionForm(request.POST or None, initial=kept, complete=not now) if decisive else None
    if request.method == "POST":
        return decide(request, gate, form) or page(request, gate, form, now)
    return page(request, gate, form, now)


def decide(request: HttpRequest, gate: Gate, form: GateDecisionForm | None) -> HttpResponse | None:
    """Carry the decision out; ``None`` where the form has to be shown again."""
    if not request.user.can(Permission.DECIDE_GATE, at=gate.enrolment.organization):  # type: ignore[union-attr]
        raise PermissionDenied
    if form is None:
        messages.info(request, "这份申请已经有人审核过了，本次操作没有生效。")
        return redirect("gate-detail", gate.pk)
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        gates.decide(
            gate=gate,
            approve=data["decision"] == "approve",
            remarks=data["remarks"],
            override_reason=data.get("override_reason", ""),
            by=request.user,
        )
    except gates.GateRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("gate-detail", gate.pk)
    messages.success(request, "已同意转段。" if data["decision"] == "approve" else "已退回补课。")
    return redirect("gate-list", gate.enrolment.campaign_id)


def page(request: HttpRequest, gate: Gate, form: GateDecisionForm | None, now: Any) -> HttpResponse:
    at = gate.enrolment.organization
    context = {
        "gate": gate,
        "form": form,
        "own_request": gate.requested_by_id == request.user.pk,
        "named": request.user.can(Permission.VIEW_NAMES, at=at),  # type: ignore[union-attr]
        "then": from_json(gate.missing),
        "now": now,
        "trail": at.trail(),
    }
    return render(request, "campaign/gate_detail.html", context)
