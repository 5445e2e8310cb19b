"""Earlier versions of one's own words."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from evaluation.actions import self_analysis as actions
from evaluation.models import Revision
from evaluation.sections import sections_for
from evaluation.views.self_analysis import own_participation
from evaluation.writing import analysis_of
from portal.access import signed_in
from portal.paging import key_of

PAGE = 20


@signed_in
def history(request: HttpRequest, participation_pk: int, key: str) -> HttpResponse:
    """The versions of one section, newest first, a page at a time (``before`` = the last revision seen)."""
    participation = own_participation(request, participation_pk)
    spec = next((spec for spec in sections_for(participation) if spec.key == key), None)
    if spec is None:
        raise Http404
    rows = Revision.objects.visible_to(request.user).filter(
        section__analysis__participation=participation, section__key=key
    )
    if before := key_of(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    revisions = list(rows[: PAGE + 1])
    context = {
        "participation": participation,
        "spec": spec,
        "revisions": revisions[:PAGE],
        "older": revisions[PAGE - 1].pk if len(revisions) > PAGE else None,
        "can_write": analysis_of(participation).can_be_written,
        "current": rows.values_list("section__version", flat=True).first(),
    }
    template = "_self_analysis_history.html" if getattr(request, "htmx", False) else "self_analysis_history.html"
    return render(request, f"evaluation/{template}", context)


@signed_in
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Save an earlier version as the newest."""
    visible = Revision.objects.visible_to(request.user).select_related("section__analysis")
    revision = get_object_or_404(visible, pk=pk)
    participation = own_participation(request, revision.section.analysis.participation_id)
    revision.section.analysis.participation = participation
    saved = actions.restore(revision=revision, by=request.user)
    if saved.outcome == actions.Outcome.SAVED:
        messages.success(request, "已恢复为这一版；恢复前的文字仍在修改记录中。")
    else:
        messages.error(request, "现在不能修改：材料已提交，或另一个窗口刚刚保存过。文字没有改动。")
    return redirect("self-analysis-edit", participation.pk)
