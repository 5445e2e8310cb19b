"""Withdrawing a session that was recorded by mistake (作废)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from campaign.actions import study
from campaign.actions.study_withdrawal import withdraw
from campaign.forms.study import WithdrawalForm
from campaign.models import StudySession
from campaign.views.enrolment import in_charge
from campaign.views.study import kept_sessions
from members.permissions import Permission
from portal.access import requires
from portal.kept_text import kept_fields


def said_before(session: StudySession) -> str:
    """Who withdrew it and when."""
    when = timezone.localtime(session.withdrawn_at)
    return f"这次学习记录已由{session.withdrawn_by}于{when:%Y-%m-%d %H:%M}作废，没有重复办理。"


@requires(Permission.RECORD_STUDY)
def study_session_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """What will no longer count (GET); with a reason it is withdrawn (POST). A second time it is said that it was."""
    session: Any = in_charge(request, kept_sessions(request.user), pk)
    if session.is_withdrawn:
        messages.info(request, said_before(session))
        return redirect("study-session-detail", session.pk)
    if why := study.refusal(session.enrolment):
        messages.warning(request, why)
        return redirect("study-session-detail", session.pk)
    form = WithdrawalForm(request.POST or None, initial=kept_fields(request))
    if form.is_valid():
        try:
            withdraw(session=session, why=form.cleaned_data["why"], by=request.user)
            messages.success(request, "这次学习记录已作废，不再计入任何统计。记录本身仍保留，可以查看。")
        except study.SessionWithdrawn as refused:
            messages.info(request, str(refused))
        return redirect("study-session-detail", session.pk)
    context = {
        "form": form,
        "session": session,
        "people": session.attendances.count(),
        "made_up": session.attendances.filter(make_up__isnull=False).count(),
        "plan": getattr(session, "plan", None),
        "trail": session.scope.trail(),
    }
    return render(request, "campaign/study_session_withdraw.html", context)
