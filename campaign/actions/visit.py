"""Planning visits, writing down how they were, and what was found."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from campaign.actions.inspection import hold
from campaign.models import ContactPoint, Enrolment, Finding, InspectionTeam, TeamMember, Visit
from campaign.progress.writing import recording
from campaign.supervision.findings import take_up
from campaign.supervision.teams import runs
from campaign.supervision.visit_notices import day_of, tell, tell_cancelled
from members.models import Organization
from portal.actions.log import audit
from portal.sending import keep_once

State = Visit.State


class VisitRefused(Exception):
    """It cannot be done; the message (Chinese) says why and what to do."""


def plan(
    *,
    team: InspectionTeam,
    organizations: Iterable[Organization],
    people: Iterable[TeamMember],
    on: date,
    by: Any,
    **fields: Any,
) -> list[Visit]:
    """Put visits to these organisations on the team's tour plan; those planned for that day already are left alone.
    Raises ``VisitRefused`` where somebody who goes belongs there."""
    goers, planned = list(people), []
    with transaction.atomic():
        hold(team)
        for organization in organizations:
            refuse_own(organization, goers, by)
            if team.visits.planned().filter(organization=organization, on=on).exists():
                continue
            visit = Visit.objects.create(
                campaign_id=team.campaign_id, team=team, organization=organization, on=on, by=by, **fields
            )
            refuse_out_of_term(visit)
            visit.people.set(goers)
            audit(by=by, verb="安排走访", target=visit, on=str(on))
            planned.append(visit)
            tell(visit, f"{team}将于{day_of(visit)}到{organization}走访。{visit.purpose}", "planned")
    return planned


@transaction.atomic
def replan(*, visit: Visit, people: Iterable[TeamMember], by: Any, **fields: Any) -> None:
    """Another day, another focus, other people; each change of the day is announced. Raises ``VisitRefused``."""
    goers = list(people)
    refuse_own(visit.organization, goers, by)
    before = Visit.objects.select_for_update().get(pk=visit.pk)
    move(visit, (State.PLANNED,), **fields)
    refuse_out_of_term(visit)
    visit.people.set(goers)
    audit(by=by, verb="调整走访安排", target=visit, on=str(fields["on"]))
    if (before.on, before.part) != (visit.on, visit.part) or visit.announced > before.announced:
        text = f"{visit.team}到{visit.organization}走访改在{day_of(visit)}。{visit.purpose}"
        tell(visit, text, f"moved-{timezone.now():%Y%m%d%H%M%S%f}")


@transaction.atomic
def cancel(*, visit: Visit, why: str, by: Any) -> None:
    """It will not take place. Raises ``VisitRefused``."""
    move(visit, (State.PLANNED,), state=State.CANCELLED, cancelled_why=why)
    audit(by=by, verb="取消走访", target=visit)
    tell_cancelled(visit, why)


def record(*, visit: Visit, people: Iterable[TeamMember] = (), by: Any, **fields: Any) -> Visit:
    """Write down how a planned visit was, or correct what was written. Raises ``VisitRefused``."""
    goers = list(people)
    with recording(counted_in(visit.contact_point)):
        refuse_own(visit.organization, goers, by)
        recorded = {} if visit.is_done else {"recorded_at": timezone.now()}
        move(visit, (State.PLANNED, State.DONE), state=State.DONE, **recorded, **fields)
        visit.people.set(goers)
        audit(by=by, verb="记录走访", target=visit)
    return visit


def log(
    *,
    organization: Organization,
    team: InspectionTeam | None = None,
    contact_point: ContactPoint | None = None,
    people: Iterable[TeamMember] = (),
    submission: UUID | None,
    by: Any,
    **fields: Any,
) -> tuple[Visit, bool]:
    """A visit that was not planned, of a team or of a cadre, and whether it is new: what is sent again is the same visit,
    with the people who were named last. Raises ``VisitRefused``."""
    goers = list(people)
    campaign = team.campaign if team else contact_point.campaign  # type: ignore[union-attr]
    with recording(counted_in(contact_point)):
        if team:
            hold(team)
            refuse_own(organization, goers, by)
        rows = Visit.objects.done().filter(campaign=campaign, team=team, contact_point=contact_point)
        content = {"campaign": campaign, "organization": organization, "team": team, "contact_point": contact_point}
        visit, new = once(rows, by=by, submission=submission, state=State.DONE, **content, **fields)
        visit.people.set(goers)
        if new:
            Visit.objects.filter(pk=visit.pk).update(recorded_at=timezone.now())
            audit(by=by, verb="记录走访", target=visit)
    return visit, new


def once(rows: Any, *, by: Any, submission: UUID | None, **content: Any) -> tuple[Any, bool]:
    """As ``keep_once``. A mark is unique here: other content under a used one (some browsers go back to the very page)
    gets a mark of its own."""
    if submission and rows.model.objects.filter(submission=submission).exists():
        if known := rows.filter(submission=submission, by=by, **content).first():
            return known, False
        submission = uuid4()
    return keep_once(rows, by=by, submission=submission, **content)


def find(
    *, visit: Visit, enrolment: Enrolment, submission: UUID | None, by: Any, **fields: Any
) -> tuple[Finding, bool]:
    """A problem that was found, and whether it is new: what is sent again is the same finding. It goes into the unit's
    ledger at once, or waits as long as nobody in the unit can be responsible."""
    with recording([enrolment.pk]):
        content = {"visit": visit, "enrolment": enrolment, **fields}
        finding, new = once(Finding.objects.filter(visit=visit), by=by, submission=submission, **content)
        if new:
            audit(by=by, verb="登记督导发现的问题", target=finding.visit)
            take_up(finding, by)
        return finding, new


def counted_in(contact_point: ContactPoint | None) -> list[int]:
    """Whose figures a visit may change: those of the cadre's unit."""
    return [contact_point.participation.enrolment_id] if contact_point else []


def refuse_own(organization: Organization, goers: Iterable[TeamMember], by: Any) -> None:
    """Nobody inspects what is their own."""
    people = {goer.user_id: goer.user for goer in goers} | {by.pk: by}
    for person in people.values():
        if why := runs(person, organization):
            raise VisitRefused(f"{why}，不能督导本单位。请由组内其他同志负责。")


def refuse_out_of_term(visit: Visit) -> None:
    """Nobody is sent to a place that the team will no longer look after on that day."""
    if Visit.objects.lapsed().filter(pk=visit.pk).exists():
        raise VisitRefused(
            f"{visit.on:%Y-%m-%d}超出{visit.team}在{visit.organization}的督导期限。请改在期限之内，或请派出单位先延长期限。"
        )


def move(visit: Visit, allowed: tuple[str, ...], **fields: Any) -> None:
    """One conditional update that must hit one row."""
    row = Visit.objects.filter(pk=visit.pk, state=visit.state)
    if visit.state not in allowed or row.update(**fields) != 1:
        raise VisitRefused("这次走访刚刚有了变动，您的操作没有生效。请看清现在的情况再办理。")
    for name, value in fields.items():
        setattr(visit, name, value)


def bring_to_ledger(*, finding: Finding, by: Any) -> bool:
    """Try again what could not be done when it was found."""
    with recording([finding.enrolment_id]):
        return take_up(finding, by)
