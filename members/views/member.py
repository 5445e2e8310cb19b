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
from members.record import record_of, rights, told
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from portal.access import get_in_scope, requires, signed_in
from portal.paging import paged

HISTORY_ROWS = 20
TAKEN = "刚刚有人用同样的身份证号或党员编号保存了另一位党员，请核对后再保存。"
SAME_NAME = "刚刚已有一位同名党员编入本支部，没有重复保存。确实是另一位的，请再按一次“保存”并说明。"


def visible(request: HttpRequest) -> Any:
    return Member.objects.visible_to(request.user).select_related("branch")


@requires(Permission.VIEW_NAMES)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """The roll of a branch or of everything below a node, in tree order."""
    node = organization_in_scope(request, org_pk)
    form = MemberFilterForm(request.GET)
    members = form.narrow(visible(request).under(node)).with_traits().defer("identity", "phone")
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "page": paged(request, members, ["branch__path", "pk"]),
        "may_edit": request.user.can(Permission.EDIT_ROLL, at=node),  # type: ignore[union-attr]
        "may_count": request.user.can(Permission.VIEW_PROGRESS, at=node),  # type: ignore[union-attr]
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
    return render(request, "members/member_detail.html", record_of(member, request.user, in_full=in_full))


@signed_in
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """All that became of the record, the latest first."""
    return history_page(request, get_object_or_404(visible(request), pk=pk))


@requires(Permission.VIEW_CONTACT)
@require_POST
@never_cache
def history_in_full(request: HttpRequest, pk: int) -> HttpResponse:
    """The same page with identity numbers and telephones in full; noted for the member to see."""
    member = get_in_scope(request, visible(request), pk=pk)
    actions.open_contact(member=member, by=request.user)
    return history_page(request, member, in_full=True)


def history_page(request: HttpRequest, member: Member, *, in_full: bool = False) -> HttpResponse:
    may = rights(member, request.user)
    page = paged(request, member.history.select_related("by"), ["-pk"], HISTORY_ROWS)
    context = may | {
        "member": member,
        "trail": visible_trail(request.user, member.branch),
        "page": page,
        "history": told(page.rows, private=may["private"], in_full=in_full),
        "in_full": in_full,
    }
    return render(request, "members/member_history.html", context)


def form_page(request: HttpRequest, branch: Organization, form: MemberForm, template: str) -> HttpResponse:
    context = {"branch": branch, "form": form, "member": form.instance, "trail": visible_trail(request.user, branch)}
    return render(request, f"members/{template}.html", context, status=422 if form.errors else 200)


def written(form: MemberForm) -> dict[str, Any]:
    return {"facts": form.facts, "contact": form.contact, "tags": form.cleaned_data["tags"]}


@requires(Permission.EDIT_ROLL)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Somebody new in a branch; only branches hold members."""
    branch = organization_in_scope(request, org_pk)
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
        except actions.BranchClosed:
            form.add_error(None, f"{branch}已经撤销，请编入现在的支部。")
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
