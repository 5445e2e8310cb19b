"""阶段总结报告 of any node: dates, coverage, each step, study, what other rooms know, what remains, what comes next.
Every number is read
from the figures and the records; nobody types one in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from campaign.models import Campaign, Enrolment, Phase, PhaseRun, Requirement, Step, Waiver
from campaign.progress.ready import coverage_of
from campaign.progress.writing import NOTHING, Figures, figures_of, unmet
from campaign.reports.overview import requirements_in, unit_of
from campaign.reports.pictures import people_picture
from campaign.reports.place import Place
from campaign.reports.sections import report_sections
from campaign.reports.study import study_lines
from members.models import Organization
from members.permissions import Permission
from portal import charts
from portal.documents import Table
from portal.indicators import Subject

NUMERALS = "一二三四五六七八九十"
NAMED_AT_MOST = 200
# Parts one to three are the room's own: basics, requirements, study.
OWN_PARTS = 3


def numeral(number: int) -> str:
    """1–99 in Chinese."""
    tens, ones = divmod(number, 10)
    return f"{NUMERALS[tens - 1] if tens > 1 else ''}{'十' if tens else ''}{NUMERALS[ones - 1] if ones else ''}"


@dataclass(frozen=True)
class RequirementLine:
    """One requirement with its figures."""

    requirement: Requirement
    figures: Figures

    @property
    def unit(self) -> str:
        return unit_of(self.requirement)

    @property
    def percent(self) -> str:
        return f"{self.figures.percent}%" if self.figures.total else "—"


@dataclass(frozen=True)
class StepPart:
    """One step with its requirements, and their picture."""

    number: str
    step: Step
    lines: list[RequirementLine]
    picture: SafeString


@dataclass(frozen=True)
class Remaining:
    """What is still missing of one requirement: how many, in how many branches, and (a branch's report) who."""

    line: RequirementLine
    branches: int
    names: list[str]

    @property
    def is_personal(self) -> bool:
        return self.line.requirement.subject == Subject.PERSON

    @property
    def more(self) -> int:
        """How many are missing beyond those named."""
        return self.line.figures.missing - len(self.names) if self.names else 0


def phase_report(place: Place, user: Any) -> dict[str, Any]:
    """The report's template context."""
    campaign, node, phase = place.campaign, place.node, place.phase
    requirements = requirements_in(campaign, phase)
    figures = figures_of(campaign, node)
    lines = [RequirementLine(r, figures.get(r.pk, NOTHING)) for r in requirements]
    coverage = coverage_of(campaign, node)
    study = study_lines(campaign, node, phase)
    return {
        "place": place,
        "coverage": coverage,
        "people_picture": people_picture(coverage),
        "dates": dates(place),
        "steps": step_parts(lines),
        "study": study,
        "study_picture": study_picture(study),
        "sections": other_sections(campaign, node, phase),
        "tail": [numeral(OWN_PARTS + len(report_sections) + n) for n in (1, 2)],
        "remaining": remaining(place, lines, user),
        "waivers": waivers(place, user),
        "postponed": Enrolment.objects.filter(campaign=campaign, state=Enrolment.State.POSTPONED).under(node).count(),
        "next": next_phase(place),
        "anything": any(f.total for f in figures.values()) or coverage.enrolled,
        "today": timezone.localdate(),
    }


def dates(place: Place) -> dict[str, Any]:
    """First and last day of the phase (of all phases) over the organisations under the node, and how many stand
    where."""
    runs = PhaseRun.objects.filter(
        enrolment__campaign=place.campaign, enrolment__organization__path__startswith=place.node.path
    )
    if place.phase:
        runs = runs.filter(phase=place.phase)
    if place.node.closed_on is None:
        runs = runs.exclude(enrolment__state=Enrolment.State.CLOSED)
    state = PhaseRun.State
    return runs.aggregate(
        first=Min("starts_on"),
        last=Max("ends_on"),
        completed=Max("completed_on"),
        all=Count("pk"),
        done=Count("pk", filter=Q(state=state.DONE)),
        active=Count("pk", filter=Q(state=state.ACTIVE)),
        waiting=Count("pk", filter=Q(state=state.WAITING)),
    )


def step_parts(lines: Sequence[RequirementLine]) -> list[StepPart]:
    """The requirements by step, in order."""
    steps: dict[int, list[RequirementLine]] = {}
    for line in lines:
        steps.setdefault(line.requirement.step_id, []).append(line)
    parts = []
    for n, own in enumerate(steps.values(), 1):
        step = own[0].requirement.step
        bars = [charts.Bar(x.requirement.label, x.figures.done, x.figures.waived, x.figures.total, x.unit) for x in own]
        drawn = (
            charts.stacked_bars(f"{step.phase.name}：{step.name}完成情况", bars)
            if any(b.total for b in bars)
            else SafeString()
        )
        parts.append(StepPart(numeral(n), step, own, drawn))
    return parts


def study_picture(lines: Sequence[Any]) -> SafeString:
    rows = [(line.label, line.sessions) for line in lines[:-1]]
    return charts.category_bars("各形式学习次数", rows, "次") if len(rows) > 1 else SafeString()


def other_sections(campaign: Campaign, node: Organization, phase: Phase | None) -> list[dict[str, Any]]:
    """Parts that other rooms fill in, rendered; one without data keeps its heading and says so."""
    parts = []
    for position, section in enumerate(sorted(report_sections, key=lambda s: s.order), OWN_PARTS + 1):
        data = section.build(campaign, node, phase)
        context = {"campaign": campaign, "node": node, "phase": phase} | (data or {})
        parts.append(
            {
                "number": numeral(position),
                "heading": section.heading,
                "body": render_to_string(section.template, context) if data is not None else "",
            }
        )
    return parts


def remaining(place: Place, lines: Sequence[RequirementLine], user: Any) -> list[Remaining]:
    """What is missing; by name in a branch's report for those entitled to names, by numbers for larger nodes."""
    open_lines = [line for line in lines if line.figures.missing > 0]
    named = place.node.is_branch and place.enrolment is not None and user.can(Permission.VIEW_NAMES, at=place.node)
    return [
        Remaining(line, line.figures.behind, names(line.requirement, place.enrolment) if named else [])
        for line in open_lines
    ]


def names(requirement: Requirement, enrolment: Enrolment | None) -> list[str]:
    """Who in the branch still owes it (persons only)."""
    if requirement.subject != Subject.PERSON:
        return []
    rows = unmet(requirement).filter(enrolment=enrolment).order_by("member_id")
    return list(rows.values_list("member__name", flat=True)[:NAMED_AT_MOST])


def waivers(place: Place, user: Any) -> dict[str, Any]:
    """How many were waived, and in a branch's report for which reasons (without names)."""
    rows = Waiver.objects.in_force().filter(
        requirement__campaign=place.campaign, enrolment__organization__path__startswith=place.node.path
    )
    if place.phase:
        rows = rows.filter(requirement__step__phase=place.phase)
    reasons: list[Any] = []
    if place.node.is_branch and user.can(Permission.VIEW_NAMES, at=place.node):
        reasons = list(rows.order_by("requirement__label").values_list("requirement__label", "reason").distinct()[:50])
    return {"number": rows.count(), "reasons": reasons}


def next_phase(place: Place) -> dict[str, Any] | None:
    """The phase that follows in number, with its dates under the node and what it asks; ``None`` after the last."""
    if place.phase is None:
        return None
    following = Phase.objects.filter(campaign=place.campaign, number__gt=place.phase.number).first()
    if following is None:
        return None
    coming = dates(Place(place.campaign, place.node, following, place.enrolment))
    asked = [r.label for r in requirements_in(place.campaign, following)]
    return {"phase": following, "first": coming["first"], "last": coming["last"], "requirements": asked}


def report_tables(place: Place) -> list[Table]:
    """The report's figures as sheets of a workbook."""
    figures = figures_of(place.campaign, place.node)
    lines = [RequirementLine(r, figures.get(r.pk, NOTHING)) for r in requirements_in(place.campaign, place.phase)]
    head = ["阶段", "环节", "规定动作", "单位", "应完成", "完成", "其中灵活方式", "免除", "未完成"]
    rows = [
        [x.requirement.step.phase.name, x.requirement.step.name, x.requirement.label, x.unit]
        + [x.figures.total, x.figures.done, x.figures.otherwise, x.figures.waived, x.figures.missing]
        for x in lines
    ]
    study_head = ["学习形式", "次数", "学时", "应到人次", "实到人次", "缺课人次", "已补课人次", "免于参加人次"]
    study = [
        [s.label, s.sessions, s.hours, s.expected, s.present, s.missed, s.made_up, s.exempt]
        for s in study_lines(place.campaign, place.node, place.phase)
    ]
    return [Table("规定动作", head, rows), Table("学习情况", study_head, study)]
