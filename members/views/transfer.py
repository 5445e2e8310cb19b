"""Transfers of the organisation relation: asking, deciding, and where each stands."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from members.actions import member as member_actions
from members.actions import transfer as actions
from members.forms.transfer import OutForm, ReasonForm, TransferFilterForm, TransferForm, TransferInForm
from members.models import Member, Organization, Transfer
from members.permissions import Permission
from members.transfer_lists import LISTS, listed
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from members.views.member import SAME_NAME, TAKEN
from members.views.mobility import member_in_scope
from portal.access import demand, get_in_scope, requires, signed_in
from portal.paging import paged


def visible(request: HttpRequest) -> Any:
    return Transfer.objects.visible_to(request.user).with_ends()


def form_page(request: HttpRequest, at: Organization, form: Form, template: str, **context: Any) -> HttpResponse:
    context |= {"form": form, "branch": at, "trail": visible_trail(request.user, at)}
    return render(request, f"members/{template}.html", context, status=422 if form.errors else 200)


def ask(request: HttpRequest, member: Member, form: Form, send: Callable[[], Transfer], template: str) -> HttpResponse:
    """The common way of both requests: refuse for who has left, send, or show the form with what is wrong."""
    if member.ended_on:
        messages.error(request, f"{member}已离开名册，不能办理转接。")
        return redirect("member-detail", member.pk)
    if request.method == "POST" and form.is_valid():
        try:
            transfer = send()
        except actions.TransferRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            done = (
                "已办结" if not transfer.is_waiting else "已提出，接收以前仍在原支部" if transfer.target else "已登记"
            )
            messages.success(request, f"{member}的组织关系转接{done}。")
            return redirect("transfer-detail", transfer.pk)
    waiting = member.transfers.waiting().with_ends().first()
    return form_page(request, member.branch, form, template, member=member, waiting=waiting)


@requires(Permission.EDIT_ROLL)
def create(request: HttpRequest, member_pk: int) -> HttpResponse:
    """To another branch of the portal, found by name or code."""
    member = member_in_scope(request, member_pk)
    form = TransferForm(request.POST or None, member=member, user=request.user)

    def send() -> Transfer:
        way = actions.at_once if form.cleaned_data.get("at_once") else actions.request
        return way(member=member, target=form.cleaned_data["target"], letter=form.letter, by=request.user)

    return ask(request, member, form, send, "transfer_create")


@requires(Permission.EDIT_ROLL)
def create_out(request: HttpRequest, member_pk: int) -> HttpResponse:
    """Out of the portal; the member stays on the roll until the receipt comes."""
    member = member_in_scope(request, member_pk)
    form = OutForm(request.POST or None)

    def send() -> Transfer:
        return actions.request(member=member, place=form.cleaned_data["place"], letter=form.letter, by=request.user)

    return ask(request, member, form, send, "transfer_out_create")


@requires(Permission.EDIT_ROLL)
def create_in(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Into a branch, from outside the portal."""
    branch = organization_in_scope(request, org_pk)
    if not branch.is_branch or branch.closed_on:
        messages.error(request, "党员转入党支部，请先打开转入的党支部（已撤销的不能转入）。")
        return redirect("organization-detail", branch.pk)
    form = TransferInForm(request.POST or None, branch=branch)
    if request.method == "POST" and form.is_valid():
        try:
            person = bring(form, branch, request.user)
        except member_actions.Taken:
            form.add_error(None, TAKEN)
        except member_actions.SameName:
            form.add_error(None, SAME_NAME)
        except member_actions.BranchClosed:
            form.add_error(None, f"{branch}已经撤销，请转入现在的支部。")
        except actions.TransferRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{person}的组织关系已转入{branch}。")
            return redirect("member-detail", person.pk)
    return form_page(request, branch, form, "transfer_in_create")


def bring(form: TransferInForm, branch: Organization, by: Any) -> Member:
    """The old record again, or a new one."""
    arrival: dict[str, Any] = {
        "branch": branch,
        "place": form.cleaned_data["place"],
        "letter": form.letter,
        "by": by,
    }
    if form.known is not None:
        actions.bring_back(member=form.known, **arrival)
        return form.known
    own = {"facts": form.facts, "contact": form.contact, "tags": form.cleaned_data["tags"]}
    return actions.bring_in(**own, **arrival, namesake=bool(form.cleaned_data.get("same_name")))


@requires(Permission.VIEW_NAMES)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Waiting to come in, on the way out, and all that is settled, at or below an organisation."""
    node = organization_in_scope(request, org_pk)
    shown = request.GET.get("list", "")
    shown = shown if shown in LISTS else "in"
    form = TransferFilterForm(request.GET)
    rows = form.narrow(listed(Transfer.objects.visible_to(request.user), node, shown)).with_ends()
    user: Any = request.user
    context = {
        "node": node,
        "trail": visible_trail(user, node),
        "form": form,
        "shown": shown,
        "tabs": [(code, label, code == shown) for code, label in LISTS.items()],
        "page": paged(request, rows, ["-pk"]),
        "may_bring_in": node.is_branch and not node.closed_on and user.can(Permission.EDIT_ROLL, at=node),
        "own_path": node.path,
    }
    return render(request, "members/transfer_list.html", context)


@signed_in
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One transfer, to both ends and the member; with what the reader may do about it."""
    return detail_page(request, get_object_or_404(visible(request), pk=pk))


def detail_page(
    request: HttpRequest, transfer: Transfer, form: ReasonForm | None = None, failed: str = ""
) -> HttpResponse:
    user: Any = request.user
    place = transfer.origin if transfer.origin and user.sees(transfer.origin) else transfer.target
    context = {
        "transfer": transfer,
        "trail": visible_trail(user, place) if place and user.sees(place) else [],
        "may_accept": transfer.may_accept(user),
        "may_return": transfer.may_return(user),
        "may_withdraw": transfer.may_withdraw(user),
        "may_print": transfer.origin and user.can(Permission.EDIT_ROLL, at=transfer.origin),
        "sees_member": Member.objects.visible_to(user).filter(pk=transfer.member_id).exists(),
        "return_form": form if failed == "return" else ReasonForm(auto_id="return-%s"),
        "withdraw_form": form if failed == "withdraw" else ReasonForm(auto_id="withdraw-%s"),
        "failed": failed,
    }
    return render(request, "members/transfer_detail.html", context, status=422 if failed else 200)


@requires(Permission.EDIT_ROLL)
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Taken in; or the receipt from outside has come. Nobody confirms their own way out."""
    transfer = get_in_scope(request, visible(request), pk=pk)
    if transfer.is_waiting and not transfer.may_accept(request.user):
        raise PermissionDenied("不能为自己办理转出，请由上级活动办公室办理。")
    try:
        actions.accept(transfer=transfer, by=request.user)
    except actions.TransferRefused as refusal:
        messages.error(request, str(refusal))
    else:
        done = f"已接收，现在是{transfer.target}的党员" if transfer.target else "已转出，离开名册，记录保留"
        messages.success(request, f"{transfer.member}{done}。")
    return redirect("transfer-detail", transfer.pk)


def decide(
    request: HttpRequest, transfer: Transfer, action: Callable[..., None], failed: str, done: str
) -> HttpResponse:
    """Returning and withdrawing both need a reason."""
    form = ReasonForm(request.POST, auto_id=f"{failed}-%s")
    if transfer.is_waiting and not form.is_valid():
        return detail_page(request, transfer, form, failed)
    try:
        action(
            transfer=transfer, reason=form.cleaned_data.get("reason", "") if form.is_valid() else "", by=request.user
        )
    except actions.TransferRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{transfer.member}的组织关系转接{done}，仍在{transfer.origin_name}。")
    return redirect("transfer-detail", transfer.pk)


@requires(Permission.EDIT_ROLL)
@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    return decide(request, get_in_scope(request, visible(request), pk=pk), actions.send_back, "return", "已退回")


@requires(Permission.EDIT_ROLL)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """By the sender; what came from outside the portal has none."""
    transfer = get_object_or_404(visible(request), pk=pk)
    demand(request, transfer.origin or transfer.target)
    return decide(request, transfer, actions.withdraw, "withdraw", "已撤回")


@signed_in
def of_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Every move of one member, the latest first."""
    member = get_object_or_404(Member.objects.visible_to(request.user).select_related("branch"), pk=pk)
    moves = member.transfers.with_ends().order_by("-pk")
    context = {"member": member, "moves": moves, "trail": visible_trail(request.user, member.branch)}
    return render(request, "members/member_moves.html", context)
