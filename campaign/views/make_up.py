"""Making up for what was missed (补课)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from campaign.actions import study
from campaign.forms.study import MakeUpForm, MakeUpManyForm
from campaign.models import Attendance
from campaign.views.enrolment import in_charge
from campaign.views.study import may_record, visible_enrolments
from members.permissions import Permission
from portal.access import demand, get_in_scope, requires
from portal.paging import key_of, paged


@requires(Permission.VIEW_STUDY)
def make_up_list(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """Who has still to make up for what, and the latest make-ups."""
    enrolment = get_in_scope(request, visible_enrolments(request.user), pk=enrolment_pk)
    owing = paged(request, study.missed(enrolment), ("participation__member_id", "session__held_at", "pk"), 50)
    people: dict[int, dict[str, Any]] = {}
    for attendance in owing.rows:
        person = attendance.participation
        people.setdefault(person.pk, {"person": person, "missed": []})["missed"].append(attendance)
    context = {
        "enrolment": enrolment,
        "people": people.values(),
        "pager": owing,
        "done": study.made_up(enrolment)[:20],
        "can_record": may_record(request.user, enrolment) and not study.refusal(enrolment),
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/make_up_list.html", context)


@requires(Permission.RECORD_STUDY)
def make_up_create(request: HttpRequest, attendance_pk: int) -> HttpResponse:
    """Note a make-up, for one person or several who missed the same session."""
    rows = Attendance.objects.visible_to(request.user).select_related(
        "session__enrolment__organization", "session__enrolment__campaign"
    )
    attendance = get_object_or_404(rows.select_related("participation__member"), pk=attendance_pk)
    session = attendance.session
    demand(request, session.scope, session.enrolment.acted_for_with(Permission.RECORD_STUDY))
    if why := study.refusal(session.enrolment):
        messages.warning(request, why)
        return redirect("make-up-list", session.enrolment_id)
    if not attendance.is_missed or study.has_make_up(attendance):
        messages.info(request, f"{attendance.participation}的这次学习不需要补课，或已登记过补课。")
        return redirect("make-up-list", session.enrolment_id)
    initial = {"attendances": [attendance.pk], "on": timezone.localdate(), "checked_by": request.user.name}  # type: ignore[union-attr]
    form = MakeUpForm(request.POST or None, attendance=attendance, initial=initial)
    if form.is_valid():
        count = study.make_up(**form.cleaned_data, by=request.user)
        messages.success(request, f"已登记 {count} 人补课。")
        return redirect("make-up-list", session.enrolment_id)
    context = {
        "form": form,
        "attendance": attendance,
        "session": session,
        "trail": session.enrolment.organization.trail(),
    }
    return render(request, "campaign/make_up_create.html", context)


@requires(Permission.RECORD_STUDY)
def make_up_create_many(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """One make-up session for several people and several sessions that they missed."""
    enrolment = in_charge(request, visible_enrolments(request.user), enrolment_pk)
    if why := study.refusal(enrolment):
        messages.warning(request, why)
        return redirect("make-up-list", enrolment.pk)
    chosen = [key_of(pk) for pk in request.GET.getlist("a")]
    initial = {"attendances": chosen, "on": timezone.localdate(), "checked_by": request.user.name}  # type: ignore[union-attr]
    form = MakeUpManyForm(request.POST or None, enrolment=enrolment, initial=initial)
    if form.is_valid():
        count = study.make_up(**form.cleaned_data, by=request.user)
        messages.success(request, f"已登记 {count} 人次补课。")
        return redirect("make-up-list", enrolment.pk)
    context = {"form": form, "enrolment": enrolment, "trail": enrolment.organization.trail()}
    return render(request, "campaign/make_up_create_many.html", context)
