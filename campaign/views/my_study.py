"""A member's own study in one campaign: attendance, hours, what is to be made up, personal study, notes."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaign.actions import self_study as actions
from campaign.forms.self_study import SelfStudyForm
from campaign.models import Campaign, Participation, SelfStudy
from members.permissions import Permission
from portal.access import signed_in
from portal.kept_text import kept_fields
from portal.paging import paged

NOT_NOW = "您现在不在进行中的活动里，不能登记学习。"


def find(request: HttpRequest, pk: int) -> Participation:
    rows = Participation.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("member", "campaign", "enrolment__organization"), pk=pk)


def find_own(request: HttpRequest, pk: int) -> Participation:
    """One's own (else 403, or 404 where it is not seen at all)."""
    participation = find(request, pk)
    if not is_own(request, participation):
        raise PermissionDenied
    return participation


def is_own(request: HttpRequest, participation: Participation) -> bool:
    return bool(request.user.member_id) and participation.member_id == request.user.member_id  # type: ignore[union-attr]


def is_going_on(participation: Participation) -> bool:
    """Whether the person can still write down study here."""
    return participation.left_on is None and participation.campaign.state == Campaign.State.RUNNING


@signed_in
def my_study(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """One's own page; those who may see the branch's study see the attendance, but no word of the notes."""
    participation = find(request, participation_pk)
    own = is_own(request, participation)
    if not own and not request.user.can(Permission.VIEW_STUDY, at=participation.enrolment.organization):  # type: ignore[union-attr]
        raise PermissionDenied
    rows = participation.attendances.select_related("session", "make_up")
    counted = rows.counted()
    minutes = counted.aggregate(n=Sum("session__minutes_long"))["n"] or 0
    alone = participation.self_studies.all()
    context = {
        "participation": participation,
        "own": own,
        "pager": paged(request, rows, ("-session__held_at", "-pk"), 20),
        "hours": in_hours(minutes),
        "times": counted.count(),
        "owing": rows.owed().order_by("session__held_at"),
        "self_hours": in_hours(alone.aggregate(n=Sum("minutes"))["n"] or 0),
        "self_studies": alone.select_related("material")[:20],
        "lectures": participation.lectures.select_related("enrolment__organization")[:50],
        "notes": participation.notes.all()[:50] if own else [],
        "note_count": participation.notes.count(),
        "can_write": own and is_going_on(participation),
        "trail": participation.enrolment.organization.trail(),
    }
    return render(request, "campaign/my_study.html", context)


def in_hours(minutes: int) -> str:
    """150 → 2.5."""
    return f"{minutes / 60:.1f}".removesuffix(".0")


@signed_in
def self_study_create(request: HttpRequest, participation_pk: int) -> HttpResponse:
    """What one studied on one's own, as one says oneself."""
    participation = find_own(request, participation_pk)
    if not is_going_on(participation):
        messages.warning(request, NOT_NOW)
        return redirect("my-study", participation.pk)
    form = SelfStudyForm(request.POST or None, participation=participation, initial=kept_fields(request))
    if form.is_valid():
        _, new = actions.log(participation=participation, **form.cleaned_data, by=request.user)
        if new:
            messages.success(request, "自学已登记。")
        else:
            messages.info(request, "这一天的同一项自学已经登记过，没有重复登记。")
        return redirect("my-study", participation.pk)
    return render(request, "campaign/self_study_create.html", {"form": form, "participation": participation})


@signed_in
@require_POST
def self_study_remove(request: HttpRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(SelfStudy.objects.visible_to(request.user).select_related("participation"), pk=pk)
    actions.unlog(entry=entry, by=request.user)
    messages.success(request, "已撤销这项自学。")
    return redirect("my-study", entry.participation_id)
