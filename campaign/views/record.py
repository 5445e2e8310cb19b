"""The records behind a number of the dashboard."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, resolve
from django.utils import timezone

from campaign.dashboards.late import unmark
from campaign.dashboards.outcomes import CATEGORIES, OUTCOMES, SECTORS, Wanted
from campaign.dashboards.records import how_many, records
from campaign.models import Requirement
from campaign.reports.overview import requirements_in, unit_of
from campaign.views.dashboard import place, rights
from campaign.views.late import PAGE, next_url
from members.models import Organization
from members.permissions import Permission
from portal.access import requires
from portal.indicators import Subject


@requires(Permission.VIEW_PROGRESS)
def record_list(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """``requirement`` and ``what`` say whose records; names for those entitled, numbers by unit for the others."""
    campaign, node = place(request, campaign_pk, organization_pk)
    everything = requirements_in(campaign, None)
    asked = request.GET.get("requirement", "")
    chosen = next((r for r in everything if asked in {"", str(r.pk)}), None)
    if chosen is None:
        raise Http404
    may = rights(request.user, node)
    wanted = wanted_from(request, chosen, names=may["names"])
    start = unmark(request.GET.get("after", ""))
    names = may["names"] and not wanted.by_unit
    rows = records(campaign, node, chosen, wanted, names=names, limit=PAGE + 1, start=start)
    context = {
        "campaign": campaign,
        "node": node,
        "trail": node.trail(),
        "requirements": everything,
        "chosen": chosen,
        "wanted": wanted,
        "unit": unit_of(chosen),
        "number": how_many(campaign, node, chosen, wanted),
        "names": names,
        "may_open": opens(request.user, node, next((row.record_url for row in rows if row.record_url), "")),
        "lines": [(row, row.days_over(timezone.localdate())) for row in rows[:PAGE]],
        "overdue": wanted.outcome.code in {"missing", "overdue"},
        "may": may,
        "sheet_params": {"campaign": campaign.pk, "organization": node.pk, "requirement": chosen.pk} | wanted.query,
        "pager": {"next_url": next_url(request, rows), "previous_url": ""},
        "first_url": first_url(request) if start else "",
    } | choices(chosen, names=may["names"])
    return render(request, "campaign/record_list.html", context)


def opens(user: Any, node: Organization, url: str) -> bool:
    """Whether the page's own permission lets the user in there."""
    if not url:
        return False
    access = resolve("/" + url.removeprefix(get_script_prefix())).func.access  # type: ignore[attr-defined]
    return access.kind != "permission" or user.can(access.permission, at=node)


def wanted_from(request: HttpRequest, requirement: Requirement, *, names: bool) -> Wanted:
    """A category is for people, and for those who may see which they are."""
    wanted = Wanted.read(request.GET.dict())
    return wanted if names and requirement.subject == Subject.PERSON else wanted.without_category()


def choices(requirement: Requirement, *, names: bool) -> dict[str, Any]:
    """What the list can be narrowed to."""
    people = requirement.subject == Subject.PERSON
    return {
        "outcomes": [o for o in OUTCOMES.values() if people or o.code != "otherwise"],
        "sectors": SECTORS.items(),
        "categories": CATEGORIES.values() if people and names else (),
    }


def first_url(request: HttpRequest) -> str:
    query = request.GET.copy()
    del query["after"]
    return f"?{query.urlencode()}"
