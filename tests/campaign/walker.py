"""Somebody who does, through the actions that the pages call, whatever a unit still owes."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from campaign.actions import contact_point as contact_points
from campaign.actions import enrolment as enrolments
from campaign.actions import filing as filings
from campaign.actions import gate as gates
from campaign.actions import study
from campaign.actions import training as trainings
from campaign.models import Attendance, Enrolment, Participation, PlanFiling, Requirement, StudySession, Training
from campaign.progress.writing import unmet
from campaign.units.unmet import current_phases, gaps, requirements_of
from evaluation.actions import record, review, self_analysis
from evaluation.models import Meeting, SelfAnalysis
from evaluation.sections import sections_for
from members.models import User
from portal.indicators import Subject
from rectification.actions import task as tasks
from rectification.models import Task

TODAY = timezone.localdate


class Walker:
    """``secretary`` keeps the unit's records, ``office`` is above it, ``leader`` is responsible where the unit has no people."""

    def __init__(
        self, enrolment: Enrolment, secretary: User, office: User, leader: Participation | None = None
    ) -> None:
        self.enrolment, self.secretary, self.office, self.leader = enrolment, secretary, office, leader

    def fresh(self) -> Enrolment:
        return Enrolment.objects.select_related("campaign", "organization", "phase").get(pk=self.enrolment.pk)

    def people(self) -> list[Participation]:
        return list(self.enrolment.participations.active().select_related("member", "enrolment").order_by("member_id"))

    def to_the_end(self) -> list[str]:
        """From preparation through every gate; returns the phases it went through, in order."""
        if self.fresh().campaign.settings["preparation"]:
            self.meet_all()
        assert enrolments.start(enrolment=self.fresh(), by=self.secretary) == ([], [])
        phases = []
        while self.fresh().state == Enrolment.State.RUNNING:
            phases += list(self.fresh().runs.filter(state="active").values_list("phase__name", flat=True))
            self.meet_all()
            gate = gates.request(enrolment=self.fresh(), assessment="都做到了", by=self.secretary)
            assert gate.missing == []
            gates.decide(gate=gate, approve=True, remarks="同意", by=self.office)
        return phases

    def meet_all(self) -> None:
        """Everything that the present phases ask."""
        unit = self.fresh()
        for requirement in requirements_of(unit, current_phases(unit)):
            rows = unmet(requirement).filter(
                **{"enrolment" if requirement.subject == Subject.PERSON else "pk": unit.pk}
            )
            if owing := list(rows):
                MEET[requirement.indicator_code](self, requirement, owing)
        assert gaps(self.fresh()) == []


def day_of(walker: Walker) -> date:
    """Yesterday, or the last day of a unit's time that is over, never before it began."""
    unit = walker.fresh()
    return max(unit.starts_on, min(TODAY() - timedelta(1), unit.ends_on))


def prepare(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
    values = {"head": "书记", "office_members": "李强", "survey_note": "走访座谈，摸清底数。"}
    enrolments.prepare(enrolment=walker.fresh(), values=values, by=walker.secretary)


def file_plan(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
    filing = filings.file(enrolment=walker.fresh(), title="实施方案", text="方案", by=walker.secretary)
    filings.decide(filing=PlanFiling.objects.get(pk=filing.pk), acknowledge=True, remarks="同意备案", by=walker.office)


def hold(walker: Walker, form: str, lecturer: Participation | None = None, days_ago: int = 0) -> None:
    day = day_of(walker) - timedelta(days_ago)
    held = datetime.combine(day, time(9), timezone.get_current_timezone())
    session = StudySession(
        enrolment=walker.fresh(),
        form=form,
        topic=f"{form}{lecturer or ''}",
        held_at=held,
        minutes_long=480,
        lecturer=lecturer,
    )
    present = {p.pk: Attendance.State.PRESENT for p in walker.people()}
    study.record(session=session, materials=[], attendance=present, by=walker.secretary)


def study_together(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
    hold(walker, (requirement.params.get("forms") or ["collective"])[0])


def study_for_days(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
    """A whole day after another, as many as are asked."""
    for number in range(requirement.params["days"]):
        hold(walker, "collective", days_ago=number)


def train(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    day = day_of(walker) - timedelta(200)
    fields = {
        "subject": "支部书记培训班",
        "organiser": "区委党校",
        "starts_on": day,
        "ends_on": day,
        "days": 1,
        "hours": 8,
    }
    trainings.enter(trainings=[Training(member=person.member, **fields) for person in owing], by=walker.office)


def lecture(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    for person in owing:
        hold(walker, StudySession.Form.LECTURE, person)


def look_after(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    for person in owing:
        contact_points.give(
            participation=person,
            organization=walker.enrolment.organization,
            since=TODAY(),
            purpose="联系指导",
            by=walker.office,
        )


def seek_opinions(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
    opinions, _ = record.record_opinions(
        enrolment=walker.fresh(),
        submission=uuid4(),
        by=walker.secretary,
        held_on=day_of(walker),
        asked=9,
        received=3,
        channel="forum",
    )
    record.pass_on(opinions=opinions, on=day_of(walker), by=walker.secretary)


def talk(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    one, *others = walker.people()
    record.record_talks(
        enrolment=walker.fresh(),
        one=one,
        others=others,
        held_on=day_of(walker),
        submission=uuid4(),
        by=walker.secretary,
    )


def meet(kind: str) -> Callable[[Walker, Requirement, list[Any]], None]:
    def do(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
        record.record_meeting(
            enrolment=walker.fresh(),
            submission=uuid4(),
            by=walker.secretary,
            kind=kind,
            held_on=day_of(walker),
            place="会议室",
            chair="书记",
            expected=3,
            present=3,
        )

    return do


def write_analysis(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    for person in owing:
        if SelfAnalysis.objects.filter(participation=person, state="submitted").exists():
            continue
        for spec in sections_for(person):
            self_analysis.save_section(
                participation=person, key=spec.key, base=0, text="对照检查，分析根源，明确方向。", by=walker.office
            )
        self_analysis.submit(participation=person, by=walker.office)


def accept_analysis(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    write_analysis(walker, requirement, owing)
    for person in owing:
        review.accept(analysis=SelfAnalysis.objects.get(participation=person), remarks={}, by=walker.office)


def done(walker: Walker, task: Task) -> None:
    for code, by in (("start", walker.secretary), ("report", walker.secretary), ("confirm", walker.office)):
        task = tasks.move(task=task, code=code, text="已办理", by=by)


ENTRY: dict[str, Any] = {
    "problem": "学习不够",
    "measure": "每周学习",
    "category": "belief",
    "kind": Task.Kind.DATED,
}


def plan_measures(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    for person in owing:
        tasks.add_own(participation=person, by=walker.secretary, due_on=walker.enrolment.ends_on, **ENTRY)


def do_measures(walker: Walker, requirement: Requirement, owing: list[Participation]) -> None:
    for task in Task.objects.filter(subject__in=owing).open():
        done(walker, task)


def open_ledger(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
    responsible = walker.leader or walker.people()[0]
    tasks.add(
        enrolment=walker.fresh(), by=walker.secretary, responsible=responsible, due_on=walker.enrolment.ends_on, **ENTRY
    )


def close_ledger(walker: Walker, requirement: Requirement, owing: list[Any]) -> None:
    for task in Task.objects.filter(enrolment=walker.enrolment, subject=None).open():
        done(walker, task)


MEET: dict[str, Callable[[Walker, Requirement, list[Any]], None]] = {
    "surveyed": prepare,
    "leading-group-named": prepare,
    "plan-filed": file_plan,
    "sessions-held": study_together,
    "study-attended": study_together,
    "study-days": study_for_days,
    "trained-within": train,
    "lecture-given": lecture,
    "contact-point": look_after,
    "opinions-passed-on": seek_opinions,
    "talk-held": talk,
    "analysis-submitted": write_analysis,
    "analysis-accepted": accept_analysis,
    "analysis-within": accept_analysis,
    "life-meeting-held": meet(Meeting.Kind.ORGANIZATION_LIFE),
    "democratic-meeting-held": meet(Meeting.Kind.DEMOCRATIC_LIFE),
    "measures-planned": plan_measures,
    "measures-done": do_measures,
    "ledger-opened": open_ledger,
    "ledger-closed": close_ledger,
}
