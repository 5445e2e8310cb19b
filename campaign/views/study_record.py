"""What was planned has been held: recorded on the page for sessions, or as it stands on the signed paper."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from campaign.actions import study
from campaign.actions import study_plan as actions
from campaign.forms.attendance import NOT_EXPECTED, AttendanceSheet
from campaign.forms.study import StudySessionForm
from campaign.models import Attendance, Participation, PlannedSession, StudyLeave
from campaign.study.plans import Line, in_columns, lines
from campaign.views.enrolment import in_charge
from campaign.views.study import session_page
from campaign.views.study_plan import visible_plans
from members.permissions import Permission
from portal.access import requires
from portal.kept_text import kept_fields

State = Attendance.State
# What is typed on the page that looks like the paper; nothing stands for present.
CODES: dict[str, str] = {
    "1": State.LATE,
    "2": State.LEFT_EARLY,
    "3": State.OFFICIAL_LEAVE,
    "4": State.SICK_LEAVE,
    "5": State.PERSONAL_LEAVE,
    "6": State.ABSENT,
    "7": State.EXEMPT,
    "0": NOT_EXPECTED,
}
LABELS = {code: State(state).label if state else "未要求参加" for code, state in CODES.items()}
Start = tuple[PlannedSession, list[Line], dict[str, Any]]


def begin(request: HttpRequest, pk: int) -> Start | HttpResponse:
    """The plan, who is on its paper, and what the form starts from; or the answer why it cannot be recorded now."""
    plan = in_charge(request, visible_plans(request.user).prefetch_related("materials"), pk)
    if plan.session_id:
        return redirect("study-session-detail", plan.session_id)
    start = timezone.localtime(plan.starts_at)
    why = study.refusal(plan.enrolment)
    if plan.is_cancelled:
        why = "这次学习已取消，不能记录。确实进行了的，请用“记一次学习”登记。"
    elif start.date() > timezone.localdate():
        why = f"这次学习安排在{start.month}月{start.day}日，进行之后再记录。"
    if why:
        messages.warning(request, why)
        return redirect("study-plan-detail", plan.pk)
    initial = {
        **{name: getattr(plan, name) for name in ("form", "topic", "minutes_long", "place", "chair")},
        "lecturer": plan.lecturer_id,
        "materials": [material.pk for material in plan.materials.all()],
        "held_on": start.date(),
        "held_from": start.time(),
        "recorder": last_recorder(plan),
        "group": plan.group,
    }
    return plan, lines(plan), initial | kept_fields(request, "materials")


def last_recorder(plan: PlannedSession) -> str:
    """Who kept the record of the branch's last session."""
    return plan.enrolment.sessions.order_by("-pk").values_list("recorder", flat=True).first() or ""


def known_states(plan: PlannedSession, people: list[Line]) -> dict[str, str]:
    """Attendance as it follows from sign-ins and leave: whoever did neither was there, as on any attendance list, until it
    is changed; whoever was not expected is not asked for."""
    everybody = plan.enrolment.participations.active().values_list("pk", flat=True)
    found = {f"state-{pk}": NOT_EXPECTED for pk in everybody}
    return found | {f"state-{line.participation.pk}": line.state or State.PRESENT for line in people}


def flag(sheet: AttendanceSheet, people: list[Line]) -> list[Participation]:
    """Notes beside the names; returns those who neither signed in nor have leave, where signing in was used at all."""
    by_person, used = {line.participation.pk: line for line in people}, any(line.sign_in for line in people)
    for row in sheet.rows:
        line = by_person.get(row.participation.pk)
        row.note = note_on(line, used) if line else ""
    return [line.participation for line in people if line.is_open] if used else []


def note_on(line: Line, used: bool) -> str:
    """What the secretary should look at before saving."""
    if line.sign_in is not None:
        parts = [f"{line.sign_in.by}代签" if line.sign_in.is_proxy else "", "同一设备" if line.shared else ""]
        return "、".join(part for part in parts if part)
    if line.leave is not None and line.leave.state == StudyLeave.State.ASKED:
        return "请假未批"
    return "未签到" if used and line.is_open else ""


@requires(Permission.RECORD_STUDY)
def study_plan_record(request: HttpRequest, pk: int) -> HttpResponse:
    """The page for a session, filled in from the plan, the sign-ins and the leave."""
    begun = begin(request, pk)
    if isinstance(begun, HttpResponse):
        return begun
    plan, people, initial = begun
    form = StudySessionForm(request.POST or None, enrolment=plan.enrolment, initial=initial)
    data = request.POST or known_states(plan, people) | initial
    sheet = AttendanceSheet(plan.enrolment, form=plan.form, data=data)
    missing = flag(sheet, people)
    return save_or_show(request, plan, form, sheet, "campaign/study_plan_record.html", unsigned=missing)


@requires(Permission.RECORD_STUDY)
def study_plan_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The same, laid out like the signed paper: one cell for each name, in the same place, filled by keyboard."""
    begun = begin(request, pk)
    if isinstance(begun, HttpResponse):
        return begun
    plan, people, initial = begun
    form = StudySessionForm(request.POST or None, enrolment=plan.enrolment, initial=initial)
    states = known_states(plan, people)
    wrong = []
    for number, line in enumerate(people, 1):
        typed = request.POST.get(f"cell-{line.participation.pk}", "").strip()
        if request.POST and typed not in {"", *CODES}:
            wrong.append(f"{number}号{line.participation}填了“{typed[:5]}”")
        if request.POST:
            states[f"state-{line.participation.pk}"] = CODES.get(typed, State.PRESENT)
    if wrong:
        form.add_error(None, f"{'；'.join(wrong)}，请改为下面列出的数字，出席的不填。")
    sheet = AttendanceSheet(plan.enrolment, form=plan.form, data=states)
    cells = [(line, cell_of(states[f"state-{line.participation.pk}"], line, request.POST)) for line in people]
    more = {"table": in_columns(cells), "codes": LABELS.items(), "posted": states}
    return save_or_show(request, plan, form, sheet, "campaign/study_plan_paper.html", **more)


def cell_of(state: str, line: Line, posted: Mapping[str, Any]) -> str:
    """What stands in the cell: as it was typed, or the digit of what is known already."""
    if posted:
        return str(posted.get(f"cell-{line.participation.pk}", ""))
    return next((code for code, each in CODES.items() if each == state), "")


def save_or_show(
    request: HttpRequest,
    plan: PlannedSession,
    form: StudySessionForm,
    sheet: AttendanceSheet,
    template: str,
    **more: Any,
) -> HttpResponse:
    save = partial(actions.record, planned=plan)
    try:
        return session_page(request, form, sheet, template, save=save, planned=plan, **more)
    except actions.PlanRefused as refused:
        messages.warning(request, str(refused))
        return redirect("study-plan-detail", plan.pk)
