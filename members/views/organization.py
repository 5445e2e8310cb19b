"""The tree of organisations, and one of them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from members import tree
from members.actions import organization as actions
from members.forms.organization import OrganizationForm
from members.models import Organization
from members.organization_page import page as organization_page
from members.permissions import Permission
from members.search import LONGEST, search, with_trails
from members.views.at_organization import form_page
from portal.access import get_in_scope, requires, signed_in
from portal.paging import Page, paged, words


def visible(request: HttpRequest) -> Any:
    return Organization.objects.visible_to(request.user)


@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """The tops of one's scopes with the level below each; or what a search finds, as one types where scripts run."""
    wanted = words(request)[:LONGEST]
    context: dict[str, Any] = {"words": wanted}
    if wanted:
        context |= found_page(request, wanted)
    else:
        tops = tree.with_rolls(visible(request).filter(pk__in=[top.pk for top in tree.tops(request.user)]))
        context["page"] = paged(request, tops, ["path", "pk"])
    template = "_organization_found" if request.htmx else "organization_list"  # type: ignore[attr-defined]
    return render(request, f"members/{template}.html", context)


def found_page(request: HttpRequest, wanted: str) -> dict[str, Any]:
    """What fits the words, after ``?after=`` (a path), each with the way down to it."""
    asked = request.GET.get("after", "")
    after = asked if asked.isascii() and asked.isalnum() else ""
    found = search(request.user, wanted, after)
    next_url = f"?{urlencode({'q': wanted, 'after': found.next_after})}" if found.next_after else ""
    first_url = f"?{urlencode({'q': wanted})}" if after else ""
    page = Page(with_trails(request.user, found.rows), next_url, first_url)
    return {"page": page, "is_partial": found.is_partial}


@signed_in
def children(request: HttpRequest, pk: int) -> HttpResponse:
    """The next level of the tree, as a part of the page that asks for it."""
    node = get_object_or_404(visible(request), pk=pk)
    page = paged(request, tree.below(request.user, node), ["path", "pk"], size=100)
    return render(request, "members/_organization_children.html", {"node": node, "page": page})


@signed_in
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What it is, what lies below it, who is appointed, and the ways on from here."""
    node = get_object_or_404(visible(request).select_related("overseer"), pk=pk)
    below = paged(request, tree.below(request.user, node), ["path", "pk"])
    return render(request, "members/organization_detail.html", organization_page(request.user, node) | {"page": below})


@requires(Permission.EDIT_ROLL)
def create(request: HttpRequest, parent_pk: int) -> HttpResponse:
    parent = get_in_scope(request, visible(request), pk=parent_pk)
    form = OrganizationForm(request.POST or None, parent=parent)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(parent=parent, by=request.user, **form.cleaned_data)
        except actions.Taken:
            form.add_error("code", "刚刚有人用同样的编码保存了组织，请核对后再保存一次。")
        else:
            messages.success(request, f"已新建{made}。")
            return redirect("organization-detail", made.pk)
    return form_page(request, parent, form, "organization_create")


@requires(Permission.EDIT_ROLL)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    node = get_in_scope(request, visible(request), pk=pk)
    form = OrganizationForm(request.POST or None, instance=visible(request).get(pk=pk), parent=node.parent())
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.change(organization=node, by=request.user, **form.cleaned_data)
        except actions.Taken:
            form.add_error("code", "刚刚有人用同样的编码保存了组织，请核对后再保存一次。")
        else:
            messages.success(request, "已保存。" if changed else "内容没有变化。")
            return redirect("organization-detail", node.pk)
    return form_page(request, node, form, "organization_edit")
