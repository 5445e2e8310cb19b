"""A member's own study: attendance, hours, what is to be made up, notes."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from campaign.actions import study
from campaign.forms.study import StudyNoteForm
from campaign.models import Attendance, Campaign, Participation
from members.permissions import Permission
from portal.access import signed_in
from portal.kept_text import kept_fields
from portal.paging import paged


def find(request: HttpRequest, pk: int) -> Participation:
    rows = Participation.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("member", "campaign", "enrolment__organization"), pk=pk)


def is_own(request: HttpRequest, participation: Participation) -> bool:
    return bool(request.user.member_id) and participation.member_id == request.user.member_id  # type: ignore[union-attr]


@signed_in
def my_study(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """One's own page; those who may see the branch's study see the attendance, but no word of the notes."""
    participation = find(request, participation_pk)
    own = is_own(request, participation)
    if not own and not request.user.can(Permission.VIEW_STUDY, at=participation.enrolment.organization):  # type: ignore[union-attr]
        raise PermissionDenied
    rows = participation.attendances.select_related("session", "make_up")
    counted = rows.filter(Q(state__in=Attendance.PRESENT_STATES) | Q(make_up__isnull=False))
    minutes = counted.aggregate(n=Sum("session__minutes_long"))["n"] or 0
    context = {
        "participation": participation,
        "own": own,
        "pager": paged(request, rows, ("-session__held_at", "-pk"), 20),
        "hours": f"{minutes / 60:.1f}".removesuffix(".0"),
        "times": counted.count(),
        "owing": rows.filter(state__in=Attendance.MISSED_STATES, make_up=None).order_by("session__held_at"),
        "notes": participation.notes.all()[:50] if own else [],
        "note_count": participation.notes.count(),
        "can_write": own and participation.left_on is None and participation.campaign.state == Campaign.State.RUNNING,
        "trail": participation.enrolment.organization.trail(),
    }
    return render(request, "campaign/my_study.html", context)


@signed_in
def study_note_create(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """A note, by its author alone."""
    participation = find(request, participation_pk)
    if not is_own(request, participation):
        raise PermissionDenied
    if participation.left_on or participation.campaign.state != Campaign.State.RUNNING:
        messages.warning(request, "您现在不在进行中的活动里，不能撰写心得。")
        return redirect("my-study", participation.pk)
    form = StudyNoteForm(request.POST or None, initial=kept_fields(request))
    if form.is_valid():
        study.write_note(participation=participation, **form.cleaned_data, by=request.user)
        messages.success(request, "心得已保存。")
        return redirect("my-study", participation.pk)
    context = {"form": form, "participation": participation}
    return render(request, "campaign/study_note_create.html", context)
