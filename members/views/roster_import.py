"""Importing a roster: upload → preview → confirmation → progress."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from members.actions import roster_import as actions
from members.forms.roster_import import RosterForm
from members.models import Organization, RosterImport
from members.permissions import Permission
from members.roster.rows import CHANGED, CREATED, OUTCOMES, REFUSED, UNCHANGED
from members.sample_roster import template
from portal.access import get_in_scope, requires
from portal.models import Job
from portal.paging import key_of

PAGE = 50


@requires(Permission.IMPORT_ROSTER)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    organization = get_in_scope(request, Organization.objects.visible_to(request.user), pk=org_pk)
    form = RosterForm(request.POST or None, request.FILES or None) if request.method == "POST" else RosterForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        roster = actions.upload(organization=organization, name=file.name, content=file.read(), by=request.user)
        return redirect("roster-import-detail", roster.pk)
    recent = (
        RosterImport.objects.visible_to(request.user)
        .filter(organization=organization)
        .defer("report")
        .select_related("by")[:10]
    )
    context = {"organization": organization, "trail": organization.trail(), "form": form, "recent": recent}
    return render(request, "members/roster_import_create.html", context)


@requires(Permission.IMPORT_ROSTER)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    visible = RosterImport.objects.visible_to(request.user).select_related("organization", "check_job", "write_job")
    roster = get_in_scope(request, visible, pk=pk)
    context = preview(roster, request.GET) | {"trail": roster.organization.trail()}
    return render(request, "members/roster_import_detail.html", context)


def preview(roster: RosterImport, query: Any) -> dict[str, Any]:
    """The page's context: counts as filters, and one page of rows (all but the unchanged unless asked for)."""
    counts = roster.report.get("counts", {})
    wanted = query.get("outcome", "")
    wanted = wanted if wanted in OUTCOMES else (REFUSED if counts.get(REFUSED) else "")
    fitting = {wanted} if wanted else set(OUTCOMES) - {UNCHANGED}
    rows = [row for row in roster.report.get("rows", []) if row["outcome"] in fitting]
    start = min(key_of(query.get("from", "")), len(rows))
    tabs = [
        {"code": code, "label": label, "count": counts.get(code, 0), "current": code == wanted}
        for code, label in OUTCOMES.items()
    ]
    shown = [row | {"label": OUTCOMES[row["outcome"]]} for row in rows[start : start + PAGE]]
    return {
        "roster": roster,
        "counts": counts,
        "tabs": tabs,
        "rows": shown,
        "wanted": wanted,
        "total": len(rows),
        "first": start + 1,
        "last": start + len(shown),
        "next_start": start + PAGE if start + PAGE < len(rows) else None,
        "previous_start": max(0, start - PAGE) if start else None,
        "has_changes": any(counts.get(outcome) for outcome in (CREATED, CHANGED)),
    } | progress(roster)


def progress(roster: RosterImport) -> dict[str, Any]:
    """The job under way, or what became of it when it ended without its end."""
    writing = roster.state == RosterImport.State.WRITING
    job = roster.write_job if writing or roster.state == RosterImport.State.CHECKED else roster.check_job
    under_way = roster.state in {RosterImport.State.CHECKING, RosterImport.State.WRITING} and not roster.is_stuck
    gave_up = job if job is not None and job.state in {Job.State.FAILED, Job.State.CANCELLED} else None
    return {
        "job": job if under_way else None,
        "failed": gave_up if roster.state != RosterImport.State.REFUSED else None,
        "can_confirm": roster.state == RosterImport.State.CHECKED or (writing and roster.is_stuck),
        "can_discard": roster.state in {RosterImport.State.CHECKED, RosterImport.State.REFUSED} or roster.is_stuck,
    }


@requires(Permission.IMPORT_ROSTER)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    roster = get_in_scope(request, RosterImport.objects.visible_to(request.user), pk=pk)
    if not actions.confirm(roster=roster, digest=request.POST.get("digest", ""), by=request.user):
        messages.warning(request, "现在不能确认：可能已经确认过，预览有更新，或仍有被拒绝的行。请查看下面的最新结果。")
    return redirect("roster-import-detail", roster.pk)


@requires(Permission.IMPORT_ROSTER)
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    roster = get_in_scope(request, RosterImport.objects.visible_to(request.user), pk=pk)
    if actions.discard(roster=roster, by=request.user):
        messages.success(request, "已放弃这次导入，没有写入任何数据。")
    return redirect("roster-import-create", roster.organization_id)


@requires(Permission.IMPORT_ROSTER, anywhere=True)
def roster_template(request: HttpRequest) -> HttpResponse:
    """The empty roster with its headings and a page of explanations."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''%E5%90%8D%E5%86%8C%E6%A8%A1%E6%9D%BF.xlsx"}
    return HttpResponse(template(), content_type=kind, headers=headers)
