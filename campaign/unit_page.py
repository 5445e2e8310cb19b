"""What a branch's page shows: its time line with 规定动作, and the ways on from there."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.urls import get_script_prefix, resolve, reverse
from django.utils import timezone

from campaign.models import Enrolment, Participation, PhaseRun, Requirement
from campaign.progress import NOTHING, Figures, figures_of
from campaign.unmet import names
from members.models import Organization
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

    @property
    def met(self) -> bool:
        return self.figures.missing <= 0

    @property
    def late(self) -> bool:
        return not self.met and self.due < timezone.localdate()


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
    figures = figures_of(enrolment.campaign, enrolment.organization)
    acts = user.can(Permission.RECORD_STUDY, at=enrolment.organization)
    requirements: dict[int, list[Requirement]] = {}
    for requirement in Requirement.objects.filter(campaign=enrolment.campaign_id).select_related(
        "step__phase", "campaign"
    ):
        requirements.setdefault(requirement.step.phase_id, []).append(requirement)
    lines = []
    for run in enrolment.runs.all():
        phase = PhaseLine(run, [])
        for requirement in requirements.get(run.phase_id, []):
            line = RequirementLine(
                requirement, figures.get(requirement.pk, NOTHING), run.ends_on + timedelta(days=requirement.due_offset)
            )
            if phase.active and not line.met and (named or requirement.subject == Subject.ORGANIZATION):
                line.who = names(requirement, enrolment)
            line.url = link(requirement, enrolment, user=user, acts=acts, own=own)
            phase.requirements.append(line)
        lines.append(phase)
    return lines


def page_for(requirement: Requirement, row: Any) -> str:
    """The indicator's page, with the form of study already chosen where the requirement names one."""
    page = requirement.indicator.link
    if page is None:
        return ""
    forms = requirement.params.get("forms") if requirement.subject == Subject.ORGANIZATION else None
    return f"{page(row)}?form={forms[0]}" if forms else page(row)


def opens(page: str, user: Any, at: Organization) -> bool:
    """Whether the page's own permission lets the user in there: a committee member keeps only some of the records."""
    access = resolve("/" + urlsplit(page).path.removeprefix(get_script_prefix())).func.access  # type: ignore[attr-defined]
    return access.kind != "permission" or user.can(access.permission, at=at)


def link(requirement: Requirement, enrolment: Enrolment, *, user: Any, acts: bool, own: Participation | None) -> str:
    """Where the reader does it: the branch's page for those who keep its records, one's own page for a member."""
    if requirement.subject == Subject.ORGANIZATION:
        page = page_for(requirement, enrolment) if acts else ""
        return page if page and opens(page, user, enrolment.organization) else ""
    here = own is not None and own.left_on is None and own.enrolment_id == enrolment.pk
    return page_for(requirement, own) if here else ""


def unit_links(enrolment: Enrolment, user: Any) -> list[dict[str, str]]:
    """The ways on from the branch's page, as far as the reader may go: label, address, icon."""
    at, running = enrolment.organization, enrolment.state == Enrolment.State.RUNNING
    ways = [
        (Permission.RECORD_STUDY, running, "记一次学习", "study-session-create", "book"),
        (Permission.VIEW_STUDY, True, "学习记录", "study-session-list", "list"),
        (Permission.VIEW_STUDY, True, "补课", "make-up-list", "clock"),
        (Permission.RECORD_EVALUATION, True, "征求意见、谈心和会议", "evaluation-records", "talk"),
        (Permission.REVIEW_ANALYSIS, True, "党性分析材料", "self-analysis-list", "pen"),
        (Permission.REQUEST_GATE, running, "申请转段", "gate-request", "gate"),
    ]
    links = [
        {"label": label, "url": reverse(name, args=[enrolment.pk]), "icon": icon}
        for permission, shown, label, name, icon in ways
        if shown and user.can(permission, at=at)
    ]
    if user.can(Permission.VIEW_LEDGER, at=at):
        links.insert(
            -1 if len(links) > 1 else len(links),
            {"label": "整改台账", "url": reverse("task-list", args=[at.pk]), "icon": "tools"},
        )
    return links
