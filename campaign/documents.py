"""The room's printed sheets."""

from typing import Any

import segno
from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from campaign.dashboards.late import Late, late_rows
from campaign.models import Attendance, Gate, Requirement, StudySession
from campaign.progress.writing import NOTHING, count
from campaign.reports.overview import requirements_in, unit_of
from campaign.reports.phase_report import RequirementLine, phase_report, report_tables
from campaign.reports.place import Place, find_phase, find_place, number
from campaign.reports.statistics import sheets, statistics, workbook
from campaign.units.gatekeeping import earlier, open_demands, word_on
from campaign.units.unmet import from_json
from members.permissions import Permission
from portal.documents import Document, Params, Table, documents

# A sheet on paper ends somewhere; what is cut off is said on it.
LATE_AT_MOST = 5000
EMPTY_LINES = 3


def report_title(place: Place) -> str:
    return f"{place.heading}总结报告"


def late_title(place: Place) -> str:
    return f"{place.heading}未完成名单"


def statistics_title(place: Place) -> str:
    return f"{place.heading}情况统计表"


def statistics_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    return {"place": place, "sheets": sheets(statistics(place)), "today": timezone.localdate()}


def late_asked(place: Place) -> list[Requirement]:
    return [place.requirement] if place.requirement else requirements_in(place.campaign, place.phase)


def late_lines(place: Place, user: Any) -> tuple[list[tuple[Late, str]], bool]:
    """The lines with their units, as far as a sheet goes, and whether there are names on them."""
    asked, names = late_asked(place), user.can(Permission.VIEW_NAMES, at=place.node)
    rows = late_rows(place.campaign, place.node, asked, names=names, limit=LATE_AT_MOST + 1)
    return [(row, unit_of(asked[row.position.order])) for row in rows], names


def late_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    lines, names = late_lines(place, user)
    today = timezone.localdate()
    return {
        "place": place,
        "names": names,
        "lines": [(row, unit, row.days_over(today)) for row, unit in lines[:LATE_AT_MOST]],
        "cut": LATE_AT_MOST if len(lines) > LATE_AT_MOST else 0,
    }


def late_tables(place: Place, params: Params, user: Any) -> list[Table]:
    lines, names = late_lines(place, user)
    today = timezone.localdate()
    head = ["组织", "姓名" if names else "未完成", "规定动作", "期限", "已过天数"]
    rows: list[list[Any]] = [
        [
            row.organization,
            row.name if names else f"{row.missing}{unit}",
            row.requirement,
            row.due,
            row.days_over(today) or None,
        ]
        for row, unit in lines[:LATE_AT_MOST]
    ]
    if len(lines) > LATE_AT_MOST:
        rows.append([f"仅列前{LATE_AT_MOST}行，其余请按下级单位分别导出", None, None, None, None])
    return [Table("未完成名单", head, rows)]


def find_session(params: Params, user: Any) -> StudySession:
    """The session ``session`` (primary key) out of what the user sees."""
    visible = StudySession.objects.visible_to(user).select_related("enrolment__organization", "enrolment__campaign")
    return get_object_or_404(visible, pk=number(params, "session"))


def session_title(session: StudySession, sheet: str) -> str:
    day = timezone.localtime(session.held_at)
    return f"{session.enrolment.organization.name}{day:%Y年%-m月%-d日}{session.get_form_display()}{sheet}"


def attendances(session: StudySession) -> list[Attendance]:
    rows = session.attendances.select_related("participation__member", "make_up")
    return list(rows.order_by("participation__member_id"))


def qr(path: str) -> SafeString:
    """A QR code of a page of the portal."""
    return mark_safe(segno.make(f"{settings.SITE_URL}{path}", error="m").svg_inline(scale=2, border=0))  # noqa: S308 - drawn by segno from our own address


def sign_in_sheet(session: StudySession, params: Params, user: Any) -> dict[str, Any]:
    """Who is expected; empty to sign before the session, with what was recorded after it."""
    known = {a.participation_id: a for a in attendances(session)}
    expected = session.enrolment.participations.active().select_related("member").order_by("member_id")
    people = [a.participation for a in known.values()] or list(expected)
    recorded = bool(known) and session.held_at <= timezone.now()
    rows = [(p.member, remark(known[p.pk]) if recorded else "") for p in people]
    return {
        "session": session,
        "rows": rows,
        "spare": range(EMPTY_LINES),
        "expected": len([a for a in known.values() if a.state != Attendance.State.EXEMPT]) if recorded else len(people),
        "present": len([a for a in known.values() if a.state in Attendance.PRESENT_STATES]) if recorded else None,
        "qr": qr(reverse("study-session-detail", args=[session.pk])),
    }


def remark(attendance: Attendance) -> str:
    """What the sheet says of an attendance: nothing of one that was simply there."""
    if attendance.state == Attendance.State.PRESENT:
        return ""
    made_up = "，已补课" if hasattr(attendance, "make_up") else ""
    return f"{attendance.get_state_display()}{made_up}"


def study_minutes(session: StudySession, params: Params, user: Any) -> dict[str, Any]:
    """The session's record with who was there and who was not, and why; names only for those entitled."""
    rows = attendances(session)
    names = user.can(Permission.VIEW_NAMES, at=session.scope)
    missed = [a for a in rows if a.state in Attendance.MISSED_STATES]
    return {
        "session": session,
        "named": names,
        "present": [a.participation.member.name for a in rows if a.state in Attendance.PRESENT_STATES],
        "missed": [(a.participation.member.name, remark(a)) for a in missed],
        "exempt": [a.participation.member.name for a in rows if a.state == Attendance.State.EXEMPT],
        "expected": len([a for a in rows if a.state != Attendance.State.EXEMPT]),
        "materials": [m.title for m in session.materials.all()],
        "late_entry": session.is_late_entry,
    }


def find_gate(params: Params, user: Any) -> Gate:
    """The request ``gate`` (primary key) out of what the user sees."""
    visible = Gate.objects.visible_to(user).select_related(
        "enrolment__organization", "enrolment__campaign", "enrolment__batch", "phase", "requested_by", "decided_by"
    )
    return get_object_or_404(visible, pk=number(params, "gate"))


def gate_title(gate: Gate) -> str:
    return f"{gate.enrolment.organization.name}{gate.heading}申请审批表"


def gate_form(gate: Gate, params: Params, user: Any) -> dict[str, Any]:
    """Each requirement as it is now, what was missing when the request was made, and the words of both sides."""
    requirements = requirements_in(gate.enrolment.campaign, gate.phase)
    found = [count(r, [gate.enrolment_id]).get(gate.enrolment_id, NOTHING) for r in requirements]
    return {
        "gate": gate,
        "lines": [RequirementLine(r, f) for r, f in zip(requirements, found, strict=True) if f.total],
        "missing": from_json(gate.missing),
        "named": user.can(Permission.VIEW_NAMES, at=gate.scope),
        "run": gate.enrolment.runs.filter(phase=gate.phase).first(),
        "words": gate.words.select_related("team", "by"),
        "team": word_on(gate).team,
        "demands": gate.demands.all(),
        "made_up": gate.made_up.all(),
        "still_open": open_demands(gate.enrolment) if gate.is_waiting else [],
        "earlier": earlier(gate),
        "waiting": gate.state == Gate.State.WAITING,
    }


def report_sheet(place: Place, params: Params, user: Any) -> dict[str, Any]:
    return phase_report(place, user)


documents.register(
    Document(
        code="phase-report",
        label="阶段总结报告",
        find=find_place,
        title=report_title,
        permission=Permission.PRINT_REPORT,
        template="campaign/print/phase_report.html",
        data=report_sheet,
        tables=lambda place, params, user: report_tables(place),
        look="official",
    )
)
documents.register(
    Document(
        code="statistics",
        label="情况统计表",
        find=find_phase,
        title=statistics_title,
        permission=Permission.EXPORT,
        template="campaign/print/statistics.html",
        data=statistics_sheet,
        tables=lambda place, params, user: workbook(place),
        landscape=True,
    )
)
documents.register(
    Document(
        code="late-list",
        label="未完成名单",
        find=find_phase,
        title=late_title,
        permission=Permission.EXPORT,
        template="campaign/print/late_list.html",
        data=late_sheet,
        tables=late_tables,
    )
)
documents.register(
    Document(
        code="sign-in-sheet",
        label="签到表",
        find=find_session,
        title=lambda session: session_title(session, "签到表"),
        permission=Permission.VIEW_NAMES,
        template="campaign/print/sign_in_sheet.html",
        data=sign_in_sheet,
    )
)
documents.register(
    Document(
        code="study-minutes",
        label="学习记录",
        find=find_session,
        title=lambda session: session_title(session, "记录"),
        permission=Permission.VIEW_STUDY,
        template="campaign/print/study_minutes.html",
        data=study_minutes,
    )
)
documents.register(
    Document(
        code="gate-form",
        label="转段申请审批表",
        find=find_gate,
        title=gate_title,
        permission=Permission.PRINT_REPORT,
        template="campaign/print/gate_form.html",
        data=gate_form,
    )
)
