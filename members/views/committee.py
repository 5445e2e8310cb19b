"""The committee of an organisation, and those below a node that are not complete or whose term has ended."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from members.actions import committee as actions
from members.actions.appointment import AlreadyAppointed
from members.committee import COMMITTEE_FROM, standing_of
from members.committee_list import CommitteeFilterForm, page_of
from members.forms.committee import ElectionForm, PostEndForm, PostForm, Seats, suggestions
from members.models import Appointment, CommitteePost, Organization
from members.permissions import Permission, Role
from members.tree import visible_trail
from members.views.at_organization import form_page, organization_in_scope
from portal.access import get_in_scope, requires


def post_in_scope(request: HttpRequest, pk: int) -> CommitteePost:
    visible = CommitteePost.objects.visible_to(request.user).select_related("organization", "member")
    return get_in_scope(request, visible, pk=pk)


@requires(Permission.VIEW_NAMES)
def detail(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Who is on the committee, who was, and what it lacks."""
    node = organization_in_scope(request, org_pk)
    user: Any = request.user
    posts = node.committee_posts.select_related("member")
    hats = Appointment.objects.visible_to(user).current().filter(organization=node, role=Role.SECRETARY)
    context = {
        "node": node,
        "trail": visible_trail(user, node),
        "standing": None if node.closed_on else standing_of(node),
        "posts": posts.held().in_rank(),
        "former": posts.exclude(left_on=None).order_by("-left_on", "-pk")[:100],
        "secretaries": {*hats.values_list("user__member", flat=True)},
        "may_edit": not node.closed_on and user.can(Permission.EDIT_ROLL, at=node),
        "may_appoint": node.is_branch and user.can(Permission.MANAGE_APPOINTMENTS, at=node),
    }
    return render(request, "members/committee_detail.html", context)


def closed(request: HttpRequest, node: Organization) -> HttpResponse:
    messages.error(request, f"{node}已撤销，班子情况只供查阅。")
    return redirect("committee-detail", node.pk)


@requires(Permission.EDIT_ROLL)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    """One more post."""
    node = organization_in_scope(request, org_pk)
    if node.closed_on:
        return closed(request, node)
    standing = standing_of(node)
    initial = {"since": timezone.localdate(), "until": standing.term_end if standing and not standing.is_over else None}
    form = PostForm(request.POST or None, organization=node, initial=initial)
    if request.method == "POST" and form.is_valid():
        term = {name: form.cleaned_data[name] for name in ("since", "until")}
        try:
            post = actions.add(organization=node, seat=form.seat, by=request.user, **term)
        except actions.OrganizationClosed:
            return closed(request, node)
        except actions.Occupied:
            form.add_error("person", "这一职务已由这位同志担任，或书记已另有他人，请核对。")
        else:
            messages.success(request, f"已登记{post}。")
            return redirect("committee-detail", node.pk)
    return form_page(request, node, form, "committee_post_create", people=suggestions(node))


@requires(Permission.EDIT_ROLL)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    post = post_in_scope(request, pk)
    form = PostEndForm(request.POST or None, post=post, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            actions.end(post=post, on=form.cleaned_data["on"], by=request.user)
        except actions.AlreadyLeft:
            messages.info(request, f"{post.name}此前已登记卸任，没有改动。")
        else:
            messages.success(request, f"已登记{post}卸任。系统中的职责不会随之撤销，需要时请在组织页面撤销。")
        return redirect("committee-detail", post.organization_id)
    return form_page(request, post.organization, form, "committee_post_end", post=post)


@requires(Permission.EDIT_ROLL)
def elect(request: HttpRequest, org_pk: int) -> HttpResponse:
    """A whole new committee at once."""
    node = organization_in_scope(request, org_pk)
    if node.closed_on:
        return closed(request, node)
    form = ElectionForm(request.POST or None, organization=node)
    standing, present = standing_of(node), node.committee_posts.held().in_rank()
    small = node.is_branch and standing is not None and standing.full_members < COMMITTEE_FROM
    seats = Seats(
        request.POST or None, prefix="seats", form_kwargs={"organization": node}, present=present, small=small
    )
    if request.method == "POST" and form.is_valid() and seats.is_valid():
        try:
            actions.elect(organization=node, seats=seats.seats, by=request.user, **form.cleaned_data)
        except actions.OrganizationClosed:
            return closed(request, node)
        messages.success(request, f"已登记{node}换届选举，共{len(seats.seats)}个职务。")
        return redirect("committee-detail", node.pk)
    more = {"seats": seats, "people": suggestions(node), "standing": standing}
    return form_page(request, node, form, "committee_elect", **more)


@requires(Permission.MANAGE_APPOINTMENTS)
@require_POST
def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    """The secretary of the committee gets the role of branch secretary in the portal."""
    post = post_in_scope(request, pk)
    if post.member is None or not post.organization.is_branch or post.title != CommitteePost.Title.SECRETARY:
        messages.error(request, "只有党支部在册的书记才能这样授予职责。其他人员请在组织页面“增加任职”。")
        return redirect("committee-detail", post.organization_id)
    try:
        hat = actions.make_secretary(post=post, person=post.member, by=request.user)
    except AlreadyAppointed:
        messages.info(request, f"{post.name}已有支部书记职责，没有改动。")
    else:
        messages.success(request, f"已授予{post.name}支部书记职责（账号 {hat.user.username}）。")
    return redirect("committee-detail", post.organization_id)


@requires(Permission.VIEW_NAMES)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Below a node: committees that are not complete, or whose term has ended or soon ends."""
    node = organization_in_scope(request, org_pk)
    form = CommitteeFilterForm(request.GET)
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "page": page_of(request, node, form),
        "may_export": request.user.can(Permission.EXPORT, at=node),  # type: ignore[union-attr]
    }
    return render(request, "members/committee_list.html", context)
