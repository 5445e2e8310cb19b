"""What a branch's page shows: its time line with 规定动作, and the ways on from there."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.urls import get_script_prefix, resolve, reverse
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Participation, PhaseRun, Progress, Requirement
from campaign.progress.writing import NOTHING, Figures
from campaign.units.gatekeeping import last_step
from campaign.units.unmet import names
from members.permissions import Permission
from portal.indicators import Subject


@dataclass
class RequirementLine:
    """One 规定动作 with its figures, who is missing (where names may be seen), and where it is done."""

    requirement: Requirement
    figures: Figures
    due: date
    who: list[str] = field(default_factory=list)
    url: str = ""
    paused: bool = False

    @property
    def met(self) -> bool:
        return self.figures.missing <= 0

    @property
    def late(self) -> bool:
        return not self.met and not self.paused and self.due < timezone.localdate()


@dataclass
class PhaseLine:
    """One phase of the unit."""

    run: PhaseRun
    requirements: list[RequirementLine]

    @property
    def active(self) -> bool:
        return self.run.state == PhaseRun.State.ACTIVE

    @property
    def met(self) -> int:
        return sum(line.met for line in self.requirements)


def phase_lines(enrolment: Enrolment, *, user: Any, named: bool, own: Participation | None) -> list[PhaseLine]:
    """The unit's phases; names are asked for only where something is missing in the present one."""
    figures = own_figures(enrolment)
    acts = user.can(enrolment.acted_for_with(Permission.RECORD_STUDY), at=enrolment.organization)
    paused = enrolment.state == Enrolment.State.POSTPONED
    requirements: dict[int, list[Requirement]] = {}
    asked = Requirement.objects.in_force().filter(campaign=enrolment.campaign_id)
    for requirement in asked.select_related("step__phase", "campaign"):
        requirements.setdefault(requirement.step.phase_id, []).append(requirement)
    lines = []
    for run in enrolment.runs.all():
        phase = PhaseLine(run, [])
        for requirement in requirements.get(run.phase_id, []):
            found = figures.get(requirement.pk, NOTHING)
            if not found.total and (enrolment.is_committee or requirement.subject == Subject.ORGANIZATION):
                continue
            line = RequirementLine(requirement, found, requirement.due_on(run), paused=paused)
            if phase.active and not line.met and (named or requirement.subject == Subject.ORGANIZATION):
                line.who = names(requirement, enrolment)
            line.url = link(requirement, enrolment, user=user, acts=acts, own=own)
            phase.requirements.append(line)
        lines.append(phase)
    return lines


def own_figures(enrolment: Enrolment) -> dict[int, Figures]:
    """The unit's own figures by requirement: of a committee those of its own work, not the sum below it."""
    rows = Progress.objects.filter(
        kind=Progress.Kind.BRANCH, organization=enrolment.organization_id, requirement__campaign=enrolment.campaign_id
    )
    return {row.requirement_id: Figures(row.done, row.waived, row.total, row.otherwise) for row in rows}


def page_for(requirement: Requirement, row: Any) -> str:
    """The indicator's page, with the form of study already chosen where the requirement names one."""
    page = requirement.indicator.link
    if page is None:
        return ""
    forms = requirement.params.get("forms") if requirement.subject == Subject.ORGANIZATION else None
    return f"{page(row)}?form={forms[0]}" if forms else page(row)


# What acting for a unit consists of; for a committee, its office holds it.
ACTING = {
    Permission.PREPARE_ENROLMENT,
    Permission.REQUEST_GATE,
    Permission.RECORD_STUDY,
    Permission.RECORD_EVALUATION,
}


def opens(page: str, user: Any, enrolment: Enrolment) -> bool:
    """Whether the page's own permission lets the user in there: a committee member keeps only some of the records."""
    access = resolve("/" + urlsplit(page).path.removeprefix(get_script_prefix())).func.access  # type: ignore[attr-defined]
    asked = enrolment.acted_for_with(access.permission) if access.permission in ACTING else access.permission
    return access.kind != "permission" or user.can(asked, at=enrolment.organization)


def link(requirement: Requirement, enrolment: Enrolment, *, user: Any, acts: bool, own: Participation | None) -> str:
    """Where the reader does it: the branch's page for those who keep its records, one's own page for a member."""
    if requirement.subject == Subject.ORGANIZATION:
        page = page_for(requirement, enrolment) if acts else ""
        return page if page and opens(page, user, enrolment) else ""
    here = own is not None and own.left_on is None and own.enrolment_id == enrolment.pk
    return page_for(requirement, own) if here else ""


def way(label: str, name: str, pk: int, icon: str) -> dict[str, str]:
    return {"label": label, "url": reverse(name, args=[pk]), "icon": icon, "name": name}


def unit_links(enrolment: Enrolment, user: Any) -> list[dict[str, str]]:
    """The ways on from the unit's page, as far as the reader may go: label, address, icon, name of the page."""
    at, running = enrolment.organization, enrolment.state == Enrolment.State.RUNNING
    people = not enrolment.is_committee
    asked = (Permission.REQUEST_GATE, Permission.RECORD_STUDY, Permission.RECORD_EVALUATION)
    ask, record, evaluate = (enrolment.acted_for_with(permission) for permission in asked)
    asks = running and user.can(ask, at=at)
    ways = [
        (record, running, "记一次学习" if people else "记一次中心组学习", "study-session-create", "book"),
        (Permission.VIEW_STUDY, True, "学习日历", "study-calendar", "calendar"),
        (Permission.VIEW_STUDY, people, "学习记录", "study-session-list", "list"),
        (Permission.VIEW_STUDY, people, "补课", "make-up-list", "clock"),
        (Permission.VIEW_STUDY, people, "学习材料", "branch-material-list", "file"),
        (Permission.VIEW_STUDY, people, "党员心得", "study-note-list", "pen"),
        (Permission.VIEW_STUDY, enrolment.is_committee, "中心组学习记录", "study-session-list", "list"),
        (evaluate, True, "征求意见、谈心和会议" if people else "征求意见和会议", "evaluation-records", "talk"),
        (Permission.REVIEW_ANALYSIS, people, "党性分析材料", "self-analysis-list", "pen"),
        (ask, asks, "申请结束" if asks and last_step(enrolment) else "申请转段", "gate-request", "gate"),
    ]
    links = [
        way(label, name, enrolment.pk, icon)
        for permission, shown, label, name, icon in ways
        if shown and user.can(permission, at=at)
    ]
    if user.can(Permission.VIEW_LEDGER, at=at):
        links.insert(
            -1 if len(links) > 1 else len(links),
            way("整改台账", "task-list", at.pk, "tools"),
        )
    if user.can(Permission.VIEW_STUDY, at=at):
        links.append(way("年度学习情况", "study-account-list", at.pk, "chart"))
        if not people:
            links.append(way("中心组成员", "core-group", at.pk, "users"))
    if people and user.can(Permission.SET_ROUTE, at=at):
        url = reverse("listing", args=[enrolment.campaign_id, at.pk, "alternatives"])
        links.append({"label": "灵活方式", "url": url, "icon": "users", "name": "listing"})
    return links


def office_links(enrolment: Enrolment, user: Any) -> list[dict[str, str]]:
    """What those who set the campaign up do about a unit: its batch, putting it off, taking it up again."""
    may = user.can(Permission.SET_UP_CAMPAIGN, at=enrolment.organization)
    if not may or enrolment.campaign.state == Campaign.State.CLOSED:
        return []
    postponed = enrolment.state == Enrolment.State.POSTPONED
    going = enrolment.state in {Enrolment.State.PREPARING, Enrolment.State.RUNNING}
    acts = user.can(enrolment.acted_for_with(Permission.PREPARE_ENROLMENT), at=enrolment.organization)
    ways = [
        (going and not acts, "调整时间", "enrolment-dates"),
        (postponed, "恢复", "enrolment-resume"),
        (going, "暂缓", "enrolment-postpone"),
        (enrolment.is_movable and not postponed, "改编批次", "enrolment-batch"),
    ]
    return [{"label": label, "url": reverse(name, args=[enrolment.pk])} for shown, label, name in ways if shown]
