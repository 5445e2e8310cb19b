"""The roll, and one member on it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from members.actions import member as actions
from members.forms.member import MemberFilterForm, MemberForm
from members.models import Member, Organization
from members.permissions import Permission
from members.tree import visible_trail
from portal.access import get_in_scope, requires, signed_in
from portal.paging import paged

TAKEN = "刚刚有人用同样的身份证号或党员编号保存了另一位党员，请核对后再保存。"
SAME_NAME = "刚刚已有一位同名党员编入本支部，没有重复保存。确实是另一位的，请再按一次“保存”并说明。"


def visible(request: HttpRequest) -> Any:
    return Member.objects.visible_to(request.user).select_related("branch")


@requires(Permission.VIEW_NAMES)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """The roll of a branch or of everything below a node, in tree order."""
    node = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    form = MemberFilterForm(request.GET)
    members = form.narrow(visible(request).under(node)).with_traits().defer("identity", "phone")
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "page": paged(request, members, ["branch__path", "pk"]),
        "may_edit": request.user.can(Permission.EDIT_ROLL, at=node),  # type: ignore[union-attr]
        "may_import": request.user.can(Permission.IMPORT_ROSTER, at=node),  # type: ignore[union-attr]
    }
    return render(request, "members/member_list.html", context)


@signed_in
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What the roll says of one member, to themselves and to those who may see names."""
    return detail_page(request, get_object_or_404(visible(request), pk=pk))


@requires(Permission.VIEW_CONTACT)
@require_POST
@never_cache
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The same page with identity number and telephone in full; noted for the member to see."""
    member = get_in_scope(request, visible(request), pk=pk)
    actions.open_contact(member=member, by=request.user)
    return detail_page(request, member, in_full=True)


def detail_page(request: HttpRequest, member: Member, *, in_full: bool = False) -> HttpResponse:
    user: Any = request.user
    own = member.pk == user.member_id
    may_see_contact = user.can(Permission.VIEW_CONTACT, at=member.branch)
    may_edit = user.can(Permission.EDIT_ROLL, at=member.branch)
    context = {
        "member": member,
        "trail": visible_trail(user, member.branch),
        "own": own,
        "in_full": in_full,
        "may_see_contact": may_see_contact,
        "masked": own or may_see_contact or may_edit,
        "may_edit": may_edit,
        # Somebody who keeps one roll only has nowhere to move people to.
        "may_transfer": set(user.scopes(Permission.EDIT_ROLL)) != {member.branch.path},
        "tags": member.tags.order_by("kind"),
        "mobilities": member.mobilities.order_by("-since", "-pk"),
        "readings": member.contact_readings() if own else [],
    }
    return render(request, "members/member_detail.html", context)


def form_page(request: HttpRequest, branch: Organization, form: MemberForm, template: str) -> HttpResponse:
    context = {"branch": branch, "form": form, "member": form.instance, "trail": visible_trail(request.user, branch)}
    return render(request, f"members/{template}.html", context, status=422 if form.errors else 200)


def written(form: MemberForm) -> dict[str, Any]:
    return {"facts": form.facts, "contact": form.contact, "tags": form.cleaned_data["tags"]}


@requires(Permission.EDIT_ROLL)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Somebody new in a branch; only branches hold members."""
    branch = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    if not branch.is_branch:
        messages.error(request, "党员编在党支部里，请先打开所在的党支部，再新增党员。")
        return redirect("organization-detail", branch.pk)
    form = MemberForm(request.POST or None, branch=branch)
    if request.method == "POST" and form.is_valid():
        try:
            sure = bool(form.cleaned_data.get("same_name"))
            member = actions.create(branch=branch, by=request.user, namesake=sure, **written(form))
        except actions.Taken:
            form.add_error(None, TAKEN)
        except actions.SameName:
            form.add_error(None, SAME_NAME)
        else:
            messages.success(request, f"{member}已编入{branch}。")
            return redirect("member-detail", member.pk)
    return form_page(request, branch, form, "member_create")


@requires(Permission.EDIT_ROLL)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_in_scope(request, visible(request), pk=pk)
    if member.ended_on:
        messages.error(request, f"{member}已离开名册，恢复在册后才能修改。")
        return redirect("member-detail", member.pk)
    form = MemberForm(request.POST or None, branch=member.branch, instance=visible(request).get(pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.change(member=member, by=request.user, **written(form))
        except actions.Taken:
            form.add_error(None, TAKEN)
        else:
            messages.success(request, "已保存。" if changed else "内容没有变化。")
            return redirect("member-detail", member.pk)
    return form_page(request, member.branch, form, "member_edit")
