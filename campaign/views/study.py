"""Study sessions: recorded in under two minutes, edited later, looked up."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from campaign.actions import study
from campaign.actions.study_plan import copy_of
from campaign.forms.attendance import AttendanceSheet
from campaign.forms.study import StudySessionForm, from_last_session
from campaign.models import Attendance, Enrolment, StudySession
from campaign.study.plans import may_record
from campaign.study.withdrawn import attendances_of
from campaign.views.enrolment import in_charge
from members.permissions import Permission
from portal.access import get_in_scope, requires, signed_in
from portal.attachments import attached
from portal.kept_text import kept_fields
from portal.paging import key_of, paged
from portal.sending import say_saved

WITHDRAWN = "这次学习记录已经作废，不能再修改。确实进行过的，请重新记一次。"
WITHDRAWN_SHOWN = 50


def visible_enrolments(user: Any) -> Any:
    return Enrolment.objects.visible_to(user).select_related("organization", "campaign", "batch")


def kept_sessions(user: Any) -> Any:
    """With those that were withdrawn, which can still be read."""
    rows = StudySession.everything.visible_to(user)
    return rows.select_related("enrolment__organization", "enrolment__campaign", "by", "withdrawn_by")


@requires(Permission.VIEW_STUDY)
def study_session_list(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """The branch's sessions, latest first."""
    enrolment = get_in_scope(request, visible_enrolments(request.user), pk=enrolment_pk)
    missed = Q(attendances__state__in=Attendance.MISSED_STATES)
    sessions = enrolment.sessions.annotate(
        present=Count("attendances", filter=Q(attendances__state__in=Attendance.PRESENT_STATES)),
        expected=Count("attendances", filter=~Q(attendances__state=Attendance.State.EXEMPT)),
        owing=Count("attendances", filter=missed & Q(attendances__make_up=None)),
    )
    form = request.GET.get("form", "")
    if form in StudySession.Form.values:
        sessions = sessions.filter(form=form)
    context = {
        "enrolment": enrolment,
        "pager": paged(request, sessions, ("-held_at", "-pk"), 30),
        "withdrawn": withdrawn_in(enrolment),
        "form": form,
        "forms": StudySession.Form.choices,
        "can_record": may_record(request.user, enrolment),
        "refusal": study.refusal(enrolment),
        "trail": enrolment.organization.trail(),
    }
    return render(request, "campaign/study_session_list.html", context)


def withdrawn_in(enrolment: Enrolment) -> list[StudySession]:
    """What was withdrawn here lately, to be read only."""
    rows = StudySession.everything.filter(enrolment=enrolment, withdrawn_at__isnull=False)
    return list(rows.select_related("withdrawn_by").order_by("-withdrawn_at")[:WITHDRAWN_SHOWN])


@requires(Permission.RECORD_STUDY)
def study_session_create(request: HttpRequest, enrolment_pk: int) -> HttpResponse:
    """Everything about one session in one page and one POST; the same sent twice is one session."""
    enrolment = in_charge(request, visible_enrolments(request.user), enrolment_pk)
    if why := study.refusal(enrolment):
        messages.warning(request, why)
        return redirect("enrolment-detail", enrolment.pk)
    kept = kept_fields(request, "materials")
    same = copied(request, enrolment)
    wanted = request.POST.get("form") or kept.get("form") or same.get("form") or request.GET.get("form", "")
    usual = StudySession.Form.CORE_GROUP if enrolment.is_committee else StudySession.Form.COLLECTIVE
    kind = wanted if wanted in StudySession.Form.values else usual
    initial = {**from_last_session(enrolment), **same, "form": kind, **kept}
    form = StudySessionForm(request.POST or None, enrolment=enrolment, initial=initial)
    sheet = AttendanceSheet(enrolment, form=kind, data=request.POST or kept)
    unrecorded = enrolment.planned_sessions.coming().filter(starts_at__lt=timezone.now()).order_by("-starts_at")[:3]
    return session_page(request, form, sheet, "campaign/study_session_create.html", unrecorded=unrecorded)


def copied(request: HttpRequest, enrolment: Enrolment) -> dict[str, Any]:
    """What is the same as at an earlier session of the unit (``?of=``): all but its day, its recorder and who was there."""
    if "of" not in request.GET:
        return {}
    here = kept_sessions(request.user).filter(enrolment=enrolment)
    session = here.filter(pk=key_of(request.GET.get("of", ""))).first()
    values = copy_of(session) if session else {}
    return {"held_from" if name == "from_time" else name: value for name, value in values.items() if name != "on"}


@requires(Permission.RECORD_STUDY)
def study_session_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what was recorded; make-ups are never dropped unasked."""
    session = in_charge(request, kept_sessions(request.user), pk)
    if why := WITHDRAWN if session.is_withdrawn else study.refusal(session.enrolment):
        messages.warning(request, why)
        return redirect("study-session-detail", session.pk)
    kept = kept_fields(request, "materials")
    form = StudySessionForm(request.POST or None, enrolment=session.enrolment, instance=session, initial=kept)
    sheet = AttendanceSheet(session.enrolment, form=session.form, session=session, data=request.POST or kept)
    return session_page(request, form, sheet, "campaign/study_session_edit.html")


def session_page(
    request: HttpRequest,
    form: StudySessionForm,
    sheet: AttendanceSheet,
    template: str,
    save: Any = study.record,
    **more: Any,
) -> HttpResponse:
    """Save and go to the session, or show the form with what is wrong and all that was typed. ``save``: the action that
    records; ``more``: what else the template shows."""
    if form.is_valid():
        states, later = sheet.states(form, request.POST)
        try:
            saved, new = save(
                session=form.session(),
                materials=form.cleaned_data["materials"],
                attendance=states,
                confirmed=form.cleaned_data["confirmed"],
                by=request.user,
            )
        except study.MakeUpsAtStake as at_stake:
            form.ask_about_make_ups(at_stake.attendances)
        except study.RecordedOtherwise:
            form.say_recorded()
        except study.SessionWithdrawn as withdrawn:
            form.add_error(None, str(withdrawn))
        else:
            if later:
                people = "、".join(f"{p}（{p.expected_from:%Y-%m-%d}参加）" for p in later)
                messages.info(request, f"以下党员在这次学习之后才参加活动，未计入应到：{people}。")
            say_saved(request, "学习记录已保存。", new=new)
            return redirect("study-session-detail", saved.pk)
    context = {
        "form": form,
        "sheet": sheet,
        "enrolment": form.enrolment,
        "session": sheet.session,
        "trail": form.enrolment.organization.trail(),
    }
    return render(request, template, context | more)


@signed_in
def study_session_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Minutes and attendance: by name for those entitled, one's own state for a member of the branch."""
    session = get_object_or_404(kept_sessions(request.user).select_related("lecturer__member"), pk=pk)
    at = session.enrolment.organization
    attendances = attendances_of(session)
    named = request.user.can(Permission.VIEW_STUDY, at=at)  # type: ignore[union-attr]
    own = request.user.member_id  # type: ignore[union-attr]
    context = {
        "session": session,
        "summary": summary(attendances, named),
        "expected": sum(a.state != Attendance.State.EXEMPT for a in attendances),
        "present": sum(a.state in Attendance.PRESENT_STATES for a in attendances),
        "named": named,
        "own": next((a for a in attendances if own and a.participation.member_id == own), None),
        "can_record": not session.is_withdrawn
        and may_record(request.user, session.enrolment)
        and not study.refusal(session.enrolment),
        "may_repeat": may_record(request.user, session.enrolment) and not study.refusal(session.enrolment),
        "attachments": attached("study-session", session, request.user)
        | {"title": "附件（签到表、讲稿、照片等，不是必须）"},
        "can_print": named and not session.is_withdrawn and request.user.can(Permission.PRINT_REPORT, at=at),  # type: ignore[union-attr]
        "trail": at.trail(),
    }
    return render(request, "campaign/study_session_detail.html", context)


def summary(attendances: list[Attendance], named: bool) -> list[dict[str, Any]]:
    """Per state: how many, and who."""
    found = []
    for state in Attendance.State:
        those = [a for a in attendances if a.state == state]
        if those:
            found.append(
                {
                    "state": state,
                    "count": len(those),
                    "people": those if named else [],
                    "missed": state in Attendance.MISSED_STATES,
                }
            )
    return found
