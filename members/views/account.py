"""Accounts of a subtree: who has one, making them, and new passwords."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from members.actions import account as actions
from members.forms.account import AccountCreateForm, AccountFilterForm
from members.models import Member, Organization, User
from members.permissions import Permission
from members.tree import visible_trail
from members.views.at_organization import organization_in_scope
from portal.access import demand, requires
from portal.actions import second_factor
from portal.paging import paged

# Made in one request; more than this is done branch by branch.
AT_ONCE = 2000
OFFICES = 50


def members_of(request: HttpRequest, node: Organization) -> Any:
    return Member.objects.with_accounts_kept_by(request.user).under(node).on_roll()


@requires(Permission.MANAGE_ACCOUNTS)
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Members with and without an account, and the accounts of offices."""
    node = organization_in_scope(request, org_pk)
    form = AccountFilterForm(request.GET)
    members = form.narrow(members_of(request, node)).select_related("branch", "user").defer("identity", "phone")
    page = paged(request, members, ["branch__path", "pk"])
    offices = User.objects.visible_to(request.user).under(node).filter(member=None).order_by("username")[:OFFICES]
    accounts = [member.user for member in page.rows if hasattr(member, "user")] + list(offices)
    kept = User.objects.kept_by(request.user).filter(pk__in=[account.pk for account in accounts])
    context = {
        "node": node,
        "trail": visible_trail(request.user, node),
        "form": form,
        "page": page,
        "offices": offices,
        "kept": set(kept.values_list("pk", flat=True)),
        "with_factor": set(kept.filter(second_factor__confirmed_at__isnull=False).values_list("pk", flat=True)),
        "without": members_of(request, node).filter(user=None)[: AT_ONCE + 1].count(),
        "waiting": User.objects.kept_by(request.user).under(node).never_used()[: AT_ONCE + 1].count(),
        "at_once": AT_ONCE,
    }
    return render(request, "members/account_list.html", context)


@requires(Permission.MANAGE_ACCOUNTS)
@require_POST
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    """Accounts for those ticked, or for all who have none."""
    node = organization_in_scope(request, org_pk)
    members = members_of(request, node)
    form = AccountCreateForm(request.POST, among=members)
    if not form.is_valid():
        for problems in form.errors.values():
            messages.error(request, " ".join(str(problem) for problem in problems))
        return redirect("account-list", node.pk)
    chosen = members.filter(user=None) if form.cleaned_data["everyone"] else form.cleaned_data["members"]
    chosen = list(chosen.defer("identity", "phone")[: AT_ONCE + 1])
    if len(chosen) > AT_ONCE:
        messages.error(request, f"一次最多建立{AT_ONCE}个账号，这里的人更多，请按下级组织分别建立。")
        return redirect("account-list", node.pk)
    made = actions.create_missing(members=chosen, at=node, by=request.user)
    if made:
        messages.success(request, f"已建立{made}个账号。请打印首次登录单，分发给本人。")
    else:
        messages.info(request, "这些党员都已有账号，没有重复建立。")
    return redirect("account-list", node.pk)


def kept_account(request: HttpRequest, pk: int) -> User:
    """An account whose password the user may set (see ``kept_by``)."""
    account = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    demand(request, None)
    if not User.objects.kept_by(request.user).filter(pk=account.pk).exists():
        raise PermissionDenied
    return account


@requires(Permission.MANAGE_ACCOUNTS)
@require_POST
@never_cache
def reset(request: HttpRequest, user_pk: int) -> HttpResponse:
    """A fresh one-time password, shown on this page and never again."""
    account = kept_account(request, user_pk)
    password = actions.reset(account=account, by=request.user)
    return render(request, "members/account_reset.html", {"account": account, "password": password})


@requires(Permission.MANAGE_ACCOUNTS)
@require_POST
def reset_second_factor(request: HttpRequest, user_pk: int) -> HttpResponse:
    """For who lost their telephone: from now on the password alone opens, until they set up another."""
    account = kept_account(request, user_pk)
    if second_factor.reset(account=account, by=request.user):
        messages.success(request, f"已解除{account}的动态验证码，并通知本人。请提醒本人登录后重新设置。")
    else:
        messages.info(request, f"{account}没有启用动态验证码，没有改动。")
    member = account.member
    return redirect("account-list", member.branch_id) if member else redirect("home")
