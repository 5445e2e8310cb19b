"""Moving on (转段): request, list, the inspection team's word, decision."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import gate as gates
from campaign.forms.gate import GateDecisionForm, GateRequestForm, GateWordForm
from campaign.models import Campaign, Enrolment, Gate, InspectionTeam
from campaign.supervision.teams import speaks_for, team_for, teams_at
from campaign.units.gatekeeping import earlier, last_step, open_demands, steps, word_on
from campaign.units.unmet import from_json, gaps
from campaign.views.enrolment import in_charge
from campaign.views.enrolment import visible as visible_enrolments
from members.permissions import Permission
from members.scope import within
from portal.access import get_in_scope, requires
from portal.kept_text import kept_fields
from portal.paging import paged, words


@requires(Permission.REQUEST_GATE)
def gate_request(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """The unit's own assessment, and what it made up for; what is unmet is listed by name and kept with the request."""
    enrolment = in_charge(request, visible_enrolments(request), enrolment_pk)
    if why := cannot_ask(enrolment):
        messages.info(request, why)
        return redirect("enrolment-detail", enrolment.pk)
    form = GateRequestForm(request.POST or None, initial=kept_fields(request), demands=open_demands(enrolment))
    if form.is_valid():
        asked = {"assessment": form.cleaned_data["assessment"], "made_up": form.made_up()}
        try:
            gate = gates.request(enrolment=enrolment, **asked, by=request.user)
        except gates.GateRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("enrolment-detail", enrolment.pk)
        messages.success(request, f"{gate.heading}申请已提交，请等上级审核。")
        return redirect("gate-detail", gate.pk)
    context = {
        "form": form,
        "enrolment": enrolment,
        "closes": last_step(enrolment),
        "team": team_for(enrolment),
        "gaps": gaps(enrolment),
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/gate_request.html", context)


def cannot_ask(enrolment: Enrolment) -> str:
    """Why it cannot ask now; empty when it can."""
    if enrolment.state != Enrolment.State.RUNNING:
        return "本单位不在活动进行中，不能申请转段。"
    return "已有一份转段申请正在等待审核。" if enrolment.gates.waiting().exists() else ""


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
    listed = rows.select_related("enrolment__organization", "phase", "requested_by", "decided_by")
    pager = paged(request, listed.prefetch_related("words__team"), order, 30)
    context = {
        "campaign": campaign,
        "pager": pager,
        "lines": with_teams(campaign, pager.rows),
        "state": state,
        "states": Gate.State.choices,
        "waiting": waiting,
        "q": words(request),
        "trail": campaign.organization.trail(),
    }
    return render(request, "campaign/gate_list.html", context)


def with_teams(campaign: Campaign, rows: list[Gate]) -> list[tuple[Gate, InspectionTeam | None]]:
    """Each with the team that looks after the unit, for whose word it waits until it has been given; one query."""
    teams = teams_at(campaign.pk, [gate.scope for gate in rows if gate.is_waiting])
    return [(gate, teams.get(gate.scope.pk)) for gate in rows]


def named_like(rows: QuerySet[Gate], q: str) -> QuerySet[Gate]:
    return rows.filter(enrolment__organization__name__icontains=q) if q else rows


@requires(Permission.VIEW_PROGRESS)
def gate_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The request with what was missing then and what is missing now, every step, and the decision for whoever may."""
    gate = get_in_scope(request, visible_gates(request), pk=pk)
    unit = gate.enrolment
    now = gaps(unit) if gate.is_waiting else []
    form = None
    if gate.is_waiting and unit.decided_from_above(request.user):
        form = GateDecisionForm(
            request.POST or None,
            initial=kept_fields(request, "gaps"),
            missing=now,
            demands=list(open_demands(unit)),
            word=word_on(gate),
            closes=gate.closes,
        )
    if request.method == "POST":
        return decide(request, gate, form) or page(request, gate, form, now)
    return page(request, gate, form, now)


def visible_gates(request: HttpRequest) -> QuerySet[Gate]:
    rows = Gate.objects.visible_to(request.user)
    return rows.select_related(
        "enrolment__organization", "enrolment__campaign", "enrolment__batch", "phase", "requested_by", "decided_by"
    )


def decide(request: HttpRequest, gate: Gate, form: GateDecisionForm | None) -> HttpResponse | None:
    """Carry the decision out; ``None`` where the form has to be shown again."""
    if not gate.enrolment.decided_from_above(request.user):
        raise PermissionDenied
    if form is None:
        messages.info(request, "这份申请已经有人审核过了，本次操作没有生效。")
        return redirect("gate-detail", gate.pk)
    if not form.is_valid():
        return None
    data, approve = form.cleaned_data, form.cleaned_data["decision"] == "approve"
    try:
        gates.decide(
            gate=gate,
            approve=approve,
            remarks=data["remarks"],
            override_reason=data.get("override_reason", ""),
            word_reason=data.get("word_reason", ""),
            demands=form.demanded(),
            by=request.user,
        )
    except gates.GateRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("gate-detail", gate.pk)
    messages.success(request, f"已同意{'结束' if gate.closes else '转段'}。" if approve else "已退回补课。")
    return redirect("gate-list", gate.enrolment.campaign_id)


def page(request: HttpRequest, gate: Gate, form: GateDecisionForm | None, now: Any) -> HttpResponse:
    at, user, word = gate.enrolment.organization, request.user, word_on(gate)
    own = user.can(gate.enrolment.acted_for_with(Permission.REQUEST_GATE), at=at)  # type: ignore[union-attr]
    context = {
        "gate": gate,
        "form": form,
        "word": word,
        "steps": steps(gate),
        "earlier": earlier(gate),
        "demands": gate.demands.select_related("made_up_in"),
        "made_up": gate.made_up.all(),
        "still_open": open_demands(gate.enrolment) if gate.is_waiting else [],
        "own_request": gate.requested_by_id == user.pk,
        "may_withdraw": own and gate.is_waiting,
        "may_ask_again": own
        and gate.state in {Gate.State.RETURNED, Gate.State.WITHDRAWN}
        and not cannot_ask(gate.enrolment),
        "may_speak": gate.is_waiting and word.is_awaited and may_speak(gate, user),
        "may_print": user.can(Permission.PRINT_REPORT, at=at),  # type: ignore[union-attr]
        "named": user.can(Permission.VIEW_NAMES, at=at),  # type: ignore[union-attr]
        "then": from_json(gate.missing),
        "now": now,
        "trail": at.trail(),
    }
    return render(request, "campaign/gate_detail.html", context)


def may_speak(gate: Gate, user: Any) -> bool:
    """Whether the inspection team's word on this request is the user's to give."""
    return gate.requested_by_id != user.pk and speaks_for(user, gate.enrolment)


@requires(Permission.SPEAK_AT_GATE)
def gate_word(request: HttpRequest, pk: int) -> HttpResponse:
    """The inspection team's word, once, before the decision (S2 四)."""
    gate = get_in_scope(request, visible_gates(request), pk=pk)
    if not may_speak(gate, request.user):
        raise PermissionDenied
    if request.method == "GET" and not (gate.is_waiting and word_on(gate).is_awaited):
        messages.info(request, "这份申请已经审核或已提出过意见，不能再提出。")
        return redirect("gate-detail", gate.pk)
    form = GateWordForm(request.POST or None, initial=kept_fields(request))
    team = team_for(gate.enrolment)
    if form.is_valid() and team is not None:
        said = {"agrees": form.cleaned_data["verdict"] == "agree", "text": form.cleaned_data["text"]}
        try:
            gates.speak(gate=gate, team=team, **said, by=request.user)
            messages.success(request, "督导组意见已提交，上级审核时可见。")
        except gates.GateRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("gate-detail", gate.pk)
    context = {
        "form": form,
        "gate": gate,
        "team": team,
        "gaps": gaps(gate.enrolment),
        "named": request.user.can(Permission.VIEW_NAMES, at=gate.scope),  # type: ignore[union-attr]
        "trail": gate.scope.trail(),
    }
    return render(request, "campaign/gate_word.html", context)


@requires(Permission.REQUEST_GATE)
@require_POST
def gate_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The unit takes its request back before it is decided; what was ticked off is open again."""
    gate = in_charge(request, visible_gates(request), pk)
    try:
        gates.withdraw(gate=gate, by=request.user)
        messages.success(request, "申请已撤回，准备好后可以重新申请。")
    except gates.GateRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("gate-detail", gate.pk)
