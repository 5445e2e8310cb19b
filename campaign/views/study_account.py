"""The account of study: of a person, of a branch's people, and in sums of a node."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from campaign.models import Campaign
from campaign.study.account import DayRule, accounts, entries, rule_for, sector_lines, years_of
from campaign.views.dashboard import children_page
from members.models import Member, Organization
from members.permissions import Permission
from portal.access import get_in_scope, requires, signed_in
from portal.paging import paged


def year_asked(request: HttpRequest) -> int:
    """``?year=``, else this one."""
    given = request.GET.get("year", "")
    return (
        int(given)
        if given.isascii() and given.isdigit() and 1990 <= int(given[:4]) == int(given) <= 2100
        else timezone.localdate().year
    )


@signed_in
def study_account(request: HttpRequest, member_pk: int) -> HttpResponse:
    """Everything one person studied in a year, wherever it was recorded."""
    user: Any = request.user
    member = get_object_or_404(Member.objects.visible_to(user).select_related("branch"), pk=member_pk)
    own = member.pk == user.member_id
    if not own and not user.can(Permission.VIEW_STUDY, at=member.branch):
        raise PermissionDenied
    year, rule = year_asked(request), rule_for(member.branch, year_asked(request))
    account = accounts([member.pk], year)[member.pk]
    days = account.collective_days(rule.day_hours)
    context = {
        "member": member,
        "own": own,
        "year": year,
        "years": years_of([member.pk]),
        "account": account,
        "rule": rule,
        "days": days,
        "met": rule.met(days),
        "may_enter": user.can(Permission.EDIT_ROLL, at=member.branch),
        "trail": member.branch.trail(),
        **entries(member, year),
    }
    return render(request, "campaign/study_account.html", context)


@requires(Permission.VIEW_STUDY)
def study_account_list(request: HttpRequest, org_pk: int) -> HttpResponse:
    """A branch: its people. Anything larger: sums by 领域, and the way on to each part."""
    node = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    year = year_asked(request)
    context: dict[str, Any] = {"node": node, "year": year, "trail": node.trail()}
    context["years"] = [timezone.localdate().year - n for n in range(6)]
    if node.is_branch:
        rule = rule_for(node, year)
        page = paged(request, node.members.on_roll(), ("pk",), 50)
        context |= {"pager": page, "rule": rule, "lines": lines(page.rows, year, rule)}
        return render(request, "campaign/study_account_list.html", context)
    children, next_url = children_page(request, node)
    context |= {
        "sectors": sector_lines(node, year, Campaign.objects.visible_to(request.user)),
        "children": children,
        "pager": {"next_url": next_url, "previous_url": ""},
    }
    return render(request, "campaign/study_account_sums.html", context)


def lines(people: list[Member], year: int, rule: DayRule) -> list[dict[str, Any]]:
    """People with their accounts, their days, and whether these suffice."""
    found = accounts([m.pk for m in people], year)
    rows = []
    for member in people:
        days = found[member.pk].collective_days(rule.day_hours)
        rows.append({"member": member, "account": found[member.pk], "days": days, "met": rule.met(days)})
    return rows
