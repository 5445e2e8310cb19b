"""Planning visits, writing down how they were, and what was found."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaign.actions.inspection import hold
from campaign.findings import take_up
from campaign.models import ContactPoint, Enrolment, Finding, InspectionTeam, TeamMember, Visit
from campaign.progress import recording
from campaign.supervision import runs
from members.models import Appointment, Organization
from members.permissions import Role
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.notices import Draft

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
            visit.people.set(goers)
            audit(by=by, verb="安排走访", target=visit, on=str(on))
            planned.append(visit)
            tell(visit, f"{team}将于{day_of(visit)}到{organization}走访。{visit.purpose}", "planned")
    return planned


@transaction.atomic
def replan(*, visit: Visit, people: Iterable[TeamMember], by: Any, **fields: Any) -> None:
    """Another day, another focus, other people. Raises ``VisitRefused``."""
    goers = list(people)
    refuse_own(visit.organization, goers, by)
    move(visit, (State.PLANNED,), **fields)
    visit.people.set(goers)
    audit(by=by, verb="调整走访安排", target=visit, on=str(fields["on"]))
    tell(visit, f"{visit.team}到{visit.organization}走访改在{day_of(visit)}。{visit.purpose}", f"moved-{visit.on}")


@transaction.atomic
def cancel(*, visit: Visit, why: str, by: Any) -> None:
    """It will not take place. Raises ``VisitRefused``."""
    move(visit, (State.PLANNED,), state=State.CANCELLED, cancelled_why=why)
    audit(by=by, verb="取消走访", target=visit)
    tell(visit, f"{visit.team}原定{day_of(visit)}到{visit.organization}的走访取消：{why}", "cancelled")


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
) -> Visit:
    """A visit that was not planned, of a team or of a cadre; the same ``submission`` is the same visit. Raises
    ``VisitRefused``."""
    goers = list(people)
    campaign = team.campaign if team else contact_point.campaign  # type: ignore[union-attr]
    with recording(counted_in(contact_point)):
        if team:
            hold(team)
            refuse_own(organization, goers, by)
        known = Visit.objects.filter(submission=submission).first() if submission else None
        if known is not None and known.by_id == by.pk:
            return known
        visit = Visit.objects.create(
            campaign=campaign,
            organization=organization,
            team=team,
            contact_point=contact_point,
            state=State.DONE,
            recorded_at=timezone.now(),
            submission=None if known else submission,
            by=by,
            **fields,
        )
        visit.people.set(goers)
        audit(by=by, verb="记录走访", target=visit)
    return visit


def find(
    *, visit: Visit, enrolment: Enrolment, submission: UUID | None, by: Any, **fields: Any
) -> tuple[Finding, bool]:
    """A problem that was found; it goes into the unit's ledger at once. Returns the finding, and whether it is there:
    it waits as long as nobody in the unit can be responsible. The same ``submission`` is the same finding."""
    with recording([enrolment.pk]):
        known = Finding.objects.filter(submission=submission).first() if submission else None
        if known is not None and known.by_id == by.pk:
            return known, True
        finding = Finding.objects.create(
            visit=visit, enrolment=enrolment, submission=None if known else submission, by=by, **fields
        )
        audit(by=by, verb="登记督导发现的问题", target=finding.visit)
        return finding, take_up(finding, by)


def counted_in(contact_point: ContactPoint | None) -> list[int]:
    """Whose figures a visit may change: those of the cadre's unit."""
    return [contact_point.participation.enrolment_id] if contact_point else []


def refuse_own(organization: Organization, goers: Iterable[TeamMember], by: Any) -> None:
    """Nobody inspects what is their own."""
    people = {goer.user_id: goer.user for goer in goers} | {by.pk: by}
    for person in people.values():
        if why := runs(person, organization):
            raise VisitRefused(f"{why}，不能督导本单位。请由组内其他同志负责。")


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


def day_of(visit: Visit) -> str:
    return f"{visit.on:%-m月%-d日}{visit.get_part_display()}"


def tell(visit: Visit, text: str, about: str) -> None:
    """The secretaries of a branch learn what is announced to them."""
    if not visit.announced:
        return
    hats = Appointment.objects.current().filter(organization=visit.organization_id, role=Role.SECRETARY)
    people = hats.order_by("user").values_list("user_id", flat=True).distinct()
    url = reverse("visit-detail", args=[visit.pk])
    notify([Draft(person, f"visit-{visit.pk}-{about}-{person}", "督导走访", text, url) for person in people])
