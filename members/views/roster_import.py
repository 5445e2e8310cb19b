"""Importing a roster: upload → preview, where columns and people can be corrected → confirmation → progress."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from members.actions import roster_import as actions
from members.forms.roster_columns import ColumnsForm
from members.forms.roster_import import RosterForm
from members.models import RosterImport, RosterRow
from members.permissions import Permission
from members.roster.rows import ABSENT, ASKED, CHANGED, CREATED, LISTED, REFUSED, UNCHANGED
from members.sample_roster import template
from members.views.at_organization import organization_in_scope
from portal.access import get_in_scope, requires
from portal.models import Job
from portal.paging import key_of, paged
from portal.paging import words as searched

PAGE = 50
State = RosterImport.State


@requires(Permission.IMPORT_ROSTER)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    organization = organization_in_scope(request, org_pk)
    form = RosterForm(request.POST or None, request.FILES or None) if request.method == "POST" else RosterForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        roster = actions.upload(organization=organization, name=file.name, content=file.read(), by=request.user)
        return redirect("roster-import-detail", roster.pk)
    recent = RosterImport.objects.visible_to(request.user).filter(organization=organization)
    context = {
        "organization": organization,
        "trail": organization.trail(),
        "form": form,
        "recent": recent.defer("report").select_related("by")[:10],
    }
    return render(request, "members/roster_import_create.html", context)


def find(request: HttpRequest, pk: int) -> RosterImport:
    """The import, if it is the user's to see."""
    visible = RosterImport.objects.visible_to(request.user).select_related("organization", "check_job", "write_job")
    return get_in_scope(request, visible, pk=pk)


@requires(Permission.IMPORT_ROSTER)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    roster = find(request, pk)
    form = ColumnsForm(roster.report.get("layouts", []))
    return render(request, "members/roster_import_detail.html", preview(request, roster, form))


def preview(request: HttpRequest, roster: RosterImport, form: ColumnsForm) -> dict[str, Any]:
    """The page's context: counts as filters, one page of rows, the columns, and what can be done now."""
    counts = {**roster.report.get("counts", {}), ABSENT: roster.report.get("absent", 0)}
    wanted = request.GET.get("outcome") or next((each for each in (ASKED, REFUSED) if counts.get(each)), "")
    wanted = wanted if wanted in LISTED else ""
    words = searched(request)
    pager = paged(request, fitting(roster, wanted, words), ["position"], PAGE)
    changes = any(counts.get(outcome) for outcome in (CREATED, CHANGED))
    return {
        "roster": roster,
        "trail": roster.organization.trail(),
        "counts": counts,
        "tabs": [(code, label, counts.get(code, 0)) for code, label in LISTED.items()],
        "rows": with_choices(roster, pager.rows),
        "pager": pager,
        "wanted": wanted,
        "words": words,
        "columns": form,
        "columns_open": form.is_bound or roster.state == State.REFUSED,
        "has_changes": changes,
    } | progress(roster)


def fitting(roster: RosterImport, outcome: str, words: str) -> QuerySet[RosterRow]:
    """Rows of one outcome (none: of all that change something), with the words in name or place or as row number."""
    rows = roster.rows.filter(outcome=outcome) if outcome else roster.rows.exclude(outcome__in=[UNCHANGED, ABSENT])
    if words:
        found = Q(name__contains=words) | Q(place__contains=words)
        rows = rows.filter(found | Q(number=key_of(words)) if 0 < key_of(words) < 10**9 else found)
    return rows


def with_choices(roster: RosterImport, rows: list[RosterRow]) -> list[RosterRow]:
    """The rows with ``label``, and where somebody was asked for with ``chosen``: the key of the member, or ``new``."""
    numbers = [row.number for row in rows if row.outcome == ASKED]
    kept = roster.choices.filter(number__in=numbers) if numbers else ()
    chosen = {(choice.sheet, choice.number): choice.member_id or "new" for choice in kept}
    for row in rows:
        row.label, row.chosen = LISTED[row.outcome], chosen.get((row.sheet, row.number))  # type: ignore[attr-defined]
    return rows


def progress(roster: RosterImport) -> dict[str, Any]:
    """The job under way, or what became of it when it ended without its end."""
    writing = roster.state == State.WRITING
    job = roster.write_job if writing or roster.state == State.CHECKED else roster.check_job
    under_way = roster.state in {State.CHECKING, State.WRITING} and not roster.is_stuck
    gave_up = job if job is not None and job.state in {Job.State.FAILED, Job.State.CANCELLED} else None
    open_state = roster.state in {State.CHECKED, State.REFUSED}
    return {
        "job": job if under_way else None,
        "failed": gave_up if roster.state != State.REFUSED else None,
        "can_confirm": roster.state == State.CHECKED or (writing and roster.is_stuck),
        "can_discard": open_state or roster.is_stuck,
        "can_correct": open_state and bool(roster.file),
    }


@requires(Permission.IMPORT_ROSTER)
@require_POST
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    roster = find(request, pk)
    form = ColumnsForm(roster.report.get("layouts", []), request.POST)
    if not form.is_valid():
        return render(request, "members/roster_import_detail.html", preview(request, roster, form))
    if not actions.say_columns(roster=roster, columns=form.cleaned_data["columns"], by=request.user):
        messages.warning(request, "现在不能改列的对应关系：正在核对，或文件已经导入、放弃。")
    return redirect("roster-import-detail", roster.pk)


@requires(Permission.IMPORT_ROSTER)
@require_POST
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    roster = find(request, pk)
    said = {key_of(name[4:]): request.POST.get(name, "") for name in request.POST if name.startswith("row-")}
    rows = roster.rows.filter(pk__in=list(said)[:PAGE], outcome=ASKED)
    chosen = [(row, None if said[row.pk] == "new" else key_of(said[row.pk])) for row in rows]
    kept = actions.choose(roster=roster, chosen=chosen, by=request.user)
    if request.POST.get("then") == "check":
        actions.check_again(roster=roster, by=request.user)
    else:
        messages.success(request, f"已记下{kept}行的选择。全部选好后请点“按选择重新核对”。")
    return redirect("roster-import-detail", roster.pk)


@requires(Permission.IMPORT_ROSTER)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    roster = find(request, pk)
    leaving = request.POST.get("leaving_refused") == "on"
    digest = request.POST.get("digest", "")
    if not actions.confirm(roster=roster, digest=digest, leaving_refused=leaving, by=request.user):
        messages.warning(
            request, "现在不能确认：可能已经确认过，预览有更新，或仍有被拒绝、待确认的行。请查看下面的最新结果。"
        )
    return redirect("roster-import-detail", roster.pk)


@requires(Permission.IMPORT_ROSTER)
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    roster = find(request, pk)
    if actions.discard(roster=roster, by=request.user):
        messages.success(request, "已放弃这次导入，没有写入任何数据。")
    return redirect("roster-import-create", roster.organization_id)


@requires(Permission.IMPORT_ROSTER, anywhere=True)
def roster_template(request: HttpRequest) -> HttpResponse:
    """The empty roster with its headings and a page of explanations."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''%E5%90%8D%E5%86%8C%E6%A8%A1%E6%9D%BF.xlsx"}
    return HttpResponse(template(), content_type=kind, headers=headers)
