"""What waits for review, and reviewing it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaign.models import Enrolment
from evaluation.actions import review as actions
from evaluation.forms.review import ReviewForm
from evaluation.models import SelfAnalysis
from evaluation.registry import links_from
from evaluation.sections import sections_for
from evaluation.states import COLOURS, states_of
from evaluation.writing import remarks_by_section
from members.permissions import Permission
from portal.access import get_in_scope, requires
from portal.kept_text import kept_fields


@requires(Permission.REVIEW_ANALYSIS)
def overview(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """Who has handed in and who has not; never a word of the texts."""
    visible = Enrolment.objects.visible_to(request.user).select_related("campaign", "organization")
    enrolment = get_in_scope(request, visible, pk=enrolment_pk)
    return render(
        request,
        "evaluation/self_analysis_list.html",
        {"enrolment": enrolment, "trail": enrolment.organization.trail(), **states_of(enrolment, request)},
    )


@requires(Permission.REVIEW_ANALYSIS)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Read what was handed in; accept it or send it back. Each opening is noted for the author to see."""
    analysis = get_in_scope(request, SelfAnalysis.objects.visible_to(request.user).with_author(), pk=pk)
    if analysis.is_own(request.user):
        raise PermissionDenied
    form = ReviewForm(request.POST or None, initial=kept_fields(request), specs=sections_for(analysis.participation))
    if request.method == "POST" and form.is_valid():
        if decide(request, analysis, form):
            return redirect("self-analysis-list", analysis.participation.enrolment_id)
        analysis.refresh_from_db(fields=["state", "decided_at", "decided_by"])
    return review_page(request, analysis, form)


def decide(request: HttpRequest, analysis: SelfAnalysis, form: ReviewForm) -> bool:
    """Carry out the pressed button; ``False`` when it could not be done, with the reason told."""
    author = analysis.participation.member
    try:
        if request.POST.get("decision") == "accept":
            actions.accept(analysis=analysis, remarks=form.remarks, by=request.user)
            messages.success(request, f"已通过{author}的党性分析材料，并通知本人。")
        else:
            actions.send_back(analysis=analysis, remarks=form.remarks, by=request.user)
            messages.success(request, f"已退回{author}的党性分析材料，意见已送达本人。")
    except actions.RemarksMissing:
        form.add_error("remark-", "退回时请至少写一条意见，让本人知道改什么。")
        return False
    except actions.AlreadyDecided:
        messages.error(
            request, f"这份材料刚刚已被处理（“{analysis.get_state_display()}”），您的操作没有生效，意见仍在下面。"
        )
        return False
    return True


def review_page(request: HttpRequest, analysis: SelfAnalysis, form: ReviewForm) -> HttpResponse:
    actions.note_opening(analysis=analysis, by=request.user)
    texts, remarks = analysis.handed_in(), remarks_by_section(analysis)
    context = {
        "analysis": analysis,
        "state_colour": COLOURS[analysis.state],
        "author": analysis.participation.member,
        "parts": [(spec, texts.get(spec.key, ""), remarks.get(spec.key, []), box) for spec, box in form.by_section()],
        "overall": remarks.get("", []),
        "form": form,
        "can_decide": analysis.can_be_decided_by(request.user),
        "links": links_from(analysis, request.user),
        "trail": analysis.scope.trail(),
    }
    return render(request, "evaluation/self_analysis_review.html", context, status=422 if form.errors else 200)
