"""Merging, splitting, moving, closing and reopening organisations: each is shown with its effects before it is done."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from members.actions import organization_reshape as actions
from members.forms.reshape import MergeForm, MoveForm, ReshapeForm, SplitForm
from members.models import Organization
from members.permissions import Permission
from members.registry import Reshaping, TreeChange, effects_of
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from portal.access import requires

LABELS = {
    Reshaping.MERGE: ("并入别的支部", "党员、党小组转到另一个支部，本支部撤销，记录保留。", "确认合并"),
    Reshaping.SPLIT: ("分立新支部", "把一部分党员分出去，成立一个新支部，接着参加活动。", "确认分立"),
    Reshaping.MOVE: ("调整隶属关系", "连同下级一起移到另一个上级组织之下。", "确认移动"),
    Reshaping.CLOSE: ("撤销", "没有党员、没有下级的组织可以撤销，记录保留。", "确认撤销"),
    Reshaping.REOPEN: ("恢复", "撤销有误，或需要重新设立。", "确认恢复"),
}


@requires(Permission.RESHAPE_TREE)
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """What can be done here."""
    node = organization_in_scope(request, pk)
    if node.closed_on:
        kinds = [Reshaping.REOPEN]
    else:
        kinds = [Reshaping.MERGE, Reshaping.SPLIT] if node.is_branch else []
        kinds += [Reshaping.MOVE, Reshaping.CLOSE]
    ways = [(f"organization-{kind}", *LABELS[kind][:2]) for kind in kinds]
    context = {"node": node, "ways": ways, "trail": visible_trail(request.user, node)}
    return render(request, "members/organization_reshape.html", context)


def step(
    request: HttpRequest, node: Organization, form: Any, kind: Reshaping, run: Callable[[], Organization | None]
) -> HttpResponse:
    """The form; then, once it is right, with the effects; then done, if it comes again unchanged and nothing blocks it."""
    effects = None
    if form.is_valid():
        effects = effects_of(TreeChange(kind, node, form.second, request.user))
        shown = request.POST.get("shown") == form.fingerprint
        if shown and not any(effect.blocks for effect in effects):
            try:
                made = run()
            except actions.ReshapeRefused as refusal:
                form.add_error(None, str(refusal))
            except actions.Taken:
                form.add_error("code", "刚刚有人用同样的编码保存了组织，请换一个编码。")
            else:
                messages.success(request, f"{node}：{LABELS[kind][0]}已办理。")
                return redirect("organization-detail", (made or node).pk)
    title, lead, confirm = LABELS[kind]
    context = {
        "node": node,
        "form": form,
        "effects": effects,
        "blocked": effects is not None and any(effect.blocks for effect in effects),
        "title": title,
        "lead": lead,
        "confirm": confirm,
        "trail": visible_trail(request.user, node),
    }
    return render(request, "members/organization_reshape_step.html", context, status=422 if form.errors else 200)


@requires(Permission.RESHAPE_TREE)
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Into another branch."""
    node = organization_in_scope(request, pk)
    form = MergeForm(request.POST or None, node=node, user=request.user)

    def run() -> Organization | None:
        actions.merge(node=node, other=form.cleaned_data["other"], by=request.user)
        return form.second

    return step(request, node, form, Reshaping.MERGE, run)


@requires(Permission.RESHAPE_TREE)
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """A new branch beside it, with chosen members."""
    node = organization_in_scope(request, pk)
    form = SplitForm(request.POST or None, node=node, user=request.user)

    def run() -> Organization | None:
        members = [member.pk for member in form.cleaned_data["members"]]
        return actions.split(node=node, members=members, by=request.user, **form.values)

    return step(request, node, form, Reshaping.SPLIT, run)


@requires(Permission.RESHAPE_TREE)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Below another parent, with everything under it."""
    node = organization_in_scope(request, pk)
    form = MoveForm(request.POST or None, node=node, user=request.user)

    def run() -> None:
        actions.move(node=node, parent=form.cleaned_data["other"], by=request.user)

    return step(request, node, form, Reshaping.MOVE, run)


@requires(Permission.RESHAPE_TREE)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """No more, if it is empty."""
    node = organization_in_scope(request, pk)
    form = ReshapeForm(request.POST, node=node, user=request.user)
    return step(request, node, form, Reshaping.CLOSE, lambda: actions.close(node=node, by=request.user))


@requires(Permission.RESHAPE_TREE)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """There again."""
    node = organization_in_scope(request, pk)
    form = ReshapeForm(request.POST, node=node, user=request.user)
    return step(request, node, form, Reshaping.REOPEN, lambda: actions.reopen(node=node, by=request.user))
