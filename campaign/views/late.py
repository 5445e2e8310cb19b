"""Who still owes what under a node; numbers only for those who may not see names."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from campaign.dashboards.late import Late, late_rows, mark, unmark
from campaign.models import Requirement
from campaign.reports.overview import main_phase, requirements_in, unit_of
from campaign.views.dashboard import place, rights
from members.permissions import Permission
from portal.access import requires

PAGE = 50


@requires(Permission.VIEW_PROGRESS)
def late_list(request: HttpRequest, campaign_pk: int, organization_pk: int) -> HttpResponse:
    """Keyset pages in tree order; ``requirement`` (primary key) narrows it, without one it is the main phase's."""
    campaign, node = place(request, campaign_pk, organization_pk)
    everything = requirements_in(campaign, None)
    chosen = chosen_requirement(request, everything)
    phase = chosen.step.phase if chosen else main_phase(campaign, node)
    asked = [chosen] if chosen else [r for r in everything if phase and r.step.phase_id == phase.pk]
    may = rights(request.user, node)
    rows = late_rows(
        campaign, node, asked, names=may["names"], limit=PAGE + 1, start=unmark(request.GET.get("after", ""))
    )
    context = {
        "campaign": campaign,
        "node": node,
        "trail": node.trail(),
        "requirements": everything,
        "chosen": chosen,
        "phase": phase,
        "names": may["names"],
        "rows": lines(rows[:PAGE], asked),
        "pager": {"next_url": next_url(request, rows), "previous_url": ""},
        "first_url": request.path + (f"?requirement={chosen.pk}" if chosen else "") if "after" in request.GET else "",
        "may": may,
    }
    return render(request, "campaign/late_list.html", context)


def chosen_requirement(request: HttpRequest, everything: Sequence[Requirement]) -> Requirement | None:
    """The requirement of ``?requirement=``; ``None`` for none or one that is not of this campaign."""
    given = request.GET.get("requirement", "")
    return next((r for r in everything if str(r.pk) == given), None)


def next_url(request: HttpRequest, rows: Sequence[Late]) -> str:
    if len(rows) <= PAGE:
        return ""
    query = request.GET.copy()
    query["after"] = mark(rows[PAGE - 1].position)
    return f"?{query.urlencode()}"


def lines(rows: Sequence[Late], requirements: Sequence[Requirement]) -> list[dict[str, Any]]:
    """What the table shows of each line."""
    today = timezone.localdate()
    return [
        {"row": row, "over": row.days_over(today), "unit": unit_of(requirements[row.position.order])} for row in rows
    ]
