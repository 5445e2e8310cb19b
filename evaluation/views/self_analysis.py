"""Writing one's own self-analysis."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaign.models import Participation
from evaluation.actions import self_analysis as actions
from evaluation.actions.self_analysis import Outcome, Saved
from evaluation.forms.self_analysis import Written, cleaned, kept, version, written
from evaluation.models import SelfAnalysis
from evaluation.registry import links_from
from evaluation.reviewers import reviewers, title_of
from evaluation.sections import sections_for
from evaluation.states import COLOURS, due_on
from evaluation.writing import Part, analysis_of, parts_of, put_back, remarks_by_section, show_conflicts
from members.permissions import Permission
from portal.access import signed_in

ANSWERS = {
    Outcome.CONFLICT: "另一个窗口已保存了不同的内容，两份都保留着，请选择。",
    Outcome.CLOSED: "材料已提交或活动已结束，现在不能修改。您刚写的文字已存入修改记录。",
}


def own_participation(request: HttpRequest, pk: int) -> Participation:
    """One's own participation: 404 outside one's scope, 403 where it is somebody else's."""
    visible = Participation.objects.visible_to(request.user)
    related = visible.select_related("member__branch", "campaign", "enrolment__organization")
    participation = get_object_or_404(related.prefetch_related("member__tags"), pk=pk)
    if participation.member_id != request.user.member_id:  # type: ignore[union-attr]
        raise PermissionDenied
    return participation


@signed_in
def edit(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """The writing page. Its form also saves without scripts."""
    participation = own_participation(request, participation_pk)
    specs = sections_for(participation)
    if request.method == "POST":
        typed = written(request.POST, specs)
        saved = save_all(request, participation, typed)
        if is_settled(request, saved):
            messages.success(request, "已保存。")
            return redirect("self-analysis-edit", participation.pk)
        return writing_page(request, participation, typed=typed, saved=saved)
    return writing_page(request, participation, found=kept(request, participation, specs))


def save_all(request: HttpRequest, participation: Participation, typed: list[Written]) -> dict[str, Saved]:
    return {
        words.key: actions.save_section(
            participation=participation, key=words.key, base=words.base, text=words.text, by=request.user
        )
        for words in typed
    }


def is_settled(request: HttpRequest, saved: dict[str, Saved]) -> bool:
    """Whether everything was written; says what was not."""
    outcomes = {result.outcome for result in saved.values()}
    if Outcome.CLOSED in outcomes:
        messages.error(request, ANSWERS[Outcome.CLOSED])
    return outcomes <= {Outcome.SAVED}


def writing_page(
    request: HttpRequest,
    participation: Participation,
    *,
    typed: list[Written] | None = None,
    saved: dict[str, Saved] | None = None,
    found: list[Written] | None = None,
    missing: list[str] | None = None,
) -> HttpResponse:
    analysis = analysis_of(participation)
    remarks = remarks_by_section(analysis)
    parts = parts_of(analysis, remarks)
    can_write = analysis.can_be_written
    if can_write:
        show_conflicts(parts, typed or [], saved or {})
    context: dict[str, Any] = {
        "participation": participation,
        "analysis": analysis,
        "state_colour": COLOURS[analysis.state],
        "due": due_on(participation.enrolment),
        "parts": parts,
        "can_write": can_write,
        "found": can_write and put_back(parts, found or []),
        "conflicts": [part.spec.title for part in parts if part.other is not None],
        "missing": missing,
        "remarks": remarks.get("", []),
        "readers": [(hat.user, title_of(hat)) for hat in reviewers(participation)],
        "reviews_own_branch": request.user.can(Permission.REVIEW_ANALYSIS, at=analysis.scope),  # type: ignore[union-attr]
        "readings": analysis.readings()[:50] if analysis.pk else [],
        "links": links_from(analysis, request.user) if is_handed_in(analysis) else [],
        "file_days": settings.JOB_RESULT_DAYS,
    }
    return render(request, "evaluation/self_analysis_edit.html", context, status=status_of(parts, missing))


def status_of(parts: list[Part], missing: list[str] | None) -> int:
    if any(part.other is not None for part in parts):
        return 409
    return 422 if missing else 200


def is_handed_in(analysis: SelfAnalysis) -> bool:
    return analysis.state in {SelfAnalysis.State.SUBMITTED, SelfAnalysis.State.ACCEPTED}


@signed_in
@require_POST
def save(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """Autosave of one section; answers in JSON, with both texts where another window had saved first (409)."""
    participation = own_participation(request, participation_pk)
    key, text = request.POST.get("key", ""), cleaned(request.POST.get("text", ""))
    if key not in {spec.key for spec in sections_for(participation)}:
        return JsonResponse({"outcome": "invalid", "message": "没有这个部分，请刷新页面。"}, status=400)
    result = actions.save_section(
        participation=participation,
        key=key,
        base=version(request.POST.get("base")),
        text=text,
        by=request.user,
        typed=True,
    )
    answer = {"outcome": result.outcome, "version": result.version, "message": ANSWERS.get(result.outcome, "")}
    if result.saved_at:
        answer["saved_at"] = f"{timezone.localtime(result.saved_at):%H:%M}"
    if result.outcome != Outcome.SAVED:
        answer |= {"text": result.text, "yours": text}
    return JsonResponse(answer, status=200 if result.outcome == Outcome.SAVED else 409)


@signed_in
@require_POST
def submit(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """Save what the form carries, then hand it in."""
    participation = own_participation(request, participation_pk)
    typed = written(request.POST, sections_for(participation))
    saved = save_all(request, participation, typed)
    if not is_settled(request, saved):
        return writing_page(request, participation, typed=typed, saved=saved)
    try:
        actions.submit(participation=participation, by=request.user)
    except actions.Incomplete as problem:
        return writing_page(request, participation, missing=list(problem.titles))
    except actions.NotOpen:
        messages.error(request, "活动已结束或您已不在本单位参加，现在不能提交。文字已保存。")
        return redirect("self-analysis-edit", participation.pk)
    messages.success(request, "已提交，等待审阅。审阅前后，您都可以在本页看到谁读过。")
    return redirect("self-analysis-edit", participation.pk)
