"""Setting up inspection teams. Access follows from it: appointments as 督导组 are written and ended here."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from campaign.models import Campaign, InspectionTeam, TeamAccess, TeamAssignment, TeamMember, Visit
from campaign.models.visit import VisitQuerySet
from campaign.supervision.visit_notices import tell_cancelled
from members.actions.appointment import account_of, make_room
from members.models import Appointment, Member, Organization, User
from members.permissions import Role
from members.scope import within
from portal.actions.log import audit

Span = tuple[date, date | None]
FAR = date.max


class TeamRefused(Exception):
    """It cannot be done; the message (Chinese) says why and what to do."""


def set_up(*, campaign: Campaign, organization: Organization, by: Any, **fields: Any) -> InspectionTeam:
    """A new team of ``organization``. Raises ``TeamRefused`` when there is one of this name."""
    InspectionTeam.objects.filter(campaign=campaign, organization=organization, name=fields["name"]).make_room()
    try:
        with transaction.atomic():
            team = InspectionTeam.objects.create(campaign=campaign, organization=organization, by=by, **fields)
            audit(by=by, verb="成立督导组", target=team, at=organization.name)
    except IntegrityError as error:
        raise TeamRefused(f"{organization}已有名为“{fields['name']}”的督导组，请换一个名称。") from error
    return team


def change(*, team: InspectionTeam, by: Any, **fields: Any) -> None:
    """New name, telephone, charge or term; access follows the term. Raises ``TeamRefused``."""
    try:
        with transaction.atomic():
            hold(team)
            InspectionTeam.objects.filter(pk=team.pk).update(**fields)
            give_access(pairs_of(team), by=by)
            audit(by=by, verb="修改督导组", target=team)
    except IntegrityError as error:
        raise TeamRefused(f"已有名为“{fields['name']}”的督导组，请换一个名称。") from error


@transaction.atomic
def dissolve(*, team: InspectionTeam, by: Any) -> None:
    """The team is no more, with its members, assignments, planned visits and everybody's access, from the next request on."""
    hold(team)
    if not InspectionTeam.objects.filter(pk=team.pk).end():
        raise TeamRefused("该督导组已经撤销，没有改动。")
    pairs = pairs_of(team)
    team.members.end()
    team.assignments.end()
    call_off(team.visits.all(), "督导组已撤销")
    give_access(pairs, by=by)
    audit(by=by, verb="撤销督导组", target=team)


def dissolve_all(*, campaign: Campaign, by: Any) -> None:
    """The campaign is over: nobody inspects for it any longer."""
    for team in campaign.teams.live().order_by("pk"):
        dissolve(team=team, by=by)


def add_member(
    *, team: InspectionTeam, person: Member | User, leads: bool, since: date, until: date | None, by: Any
) -> TeamMember:
    """Somebody joins; a member of the Party without an account gets one. Raises ``TeamRefused``."""
    try:
        with transaction.atomic():
            hold(team)
            user = account_of(person, at=team.organization, by=by) if isinstance(person, Member) else person
            TeamMember.objects.filter(team=team, user=user).make_room()
            if leads:
                team.members.filter(leads=True).update(leads=False)
            joined = TeamMember.objects.create(team=team, user=user, leads=leads, since=since, until=until)
            give_access(pairs_of(team, user=user), by=by)
            audit(by=by, verb="加入督导组", target=team, person=str(user))
    except IntegrityError as error:
        raise TeamRefused("这位同志已经在本组，不必重复登记；要改任期，请先办理离组再重新加入。") from error
    return joined


@transaction.atomic
def remove_member(*, member: TeamMember, by: Any) -> None:
    """Somebody leaves the team; their access through it ends at their next request. Raises ``TeamRefused``."""
    hold(member.team)
    if not TeamMember.objects.filter(pk=member.pk).end():
        raise TeamRefused("这位同志已经离组，没有改动。")
    give_access(pairs_of(member.team, user=member.user), by=by)
    audit(by=by, verb="离开督导组", target=member.team, person=str(member.user))


def assign(
    *, team: InspectionTeam, organization: Organization, since: date, until: date | None, by: Any
) -> TeamAssignment:
    """The team looks after ``organization`` and everything below. Raises ``TeamRefused``, also when another team of the
    campaign looks after the same organisation: one team answers for a unit."""
    try:
        with transaction.atomic():
            hold(team)
            others = TeamAssignment.objects.live().filter(
                organization=organization, team__campaign=team.campaign_id, team__ended_at=None
            )
            if other := others.exclude(team=team).select_related("team").first():
                raise TeamRefused(f"{organization}已由{other.team}督导，请先结束那里的安排。")
            TeamAssignment.objects.filter(team=team, organization=organization).make_room()
            given = TeamAssignment.objects.create(team=team, organization=organization, since=since, until=until)
            give_access(pairs_of(team, organization=organization), by=by)
            audit(by=by, verb="分配督导单位", target=team, at=organization.name)
    except IntegrityError as error:
        raise TeamRefused(f"{organization}已经由本组督导，不必重复登记。") from error
    return given


@transaction.atomic
def end_assignment(*, assignment: TeamAssignment, by: Any) -> None:
    """The team no longer looks after it; access there ends at the next request, and visits planned there are called off.
    Raises ``TeamRefused``."""
    hold(assignment.team)
    if not TeamAssignment.objects.filter(pk=assignment.pk).end():
        raise TeamRefused("这项督导任务已经结束，没有改动。")
    give_access(pairs_of(assignment.team, organization=assignment.organization), by=by)
    left = within(assignment.team.assignments.live().values_list("organization__path", flat=True), "organization__path")
    call_off(assignment.team.visits.under(assignment.organization).exclude(left), "督导任务已结束")
    audit(by=by, verb="结束督导任务", target=assignment.team, at=assignment.organization.name)


def call_off(visits: VisitQuerySet, why: str) -> None:
    """These planned visits will not take place; whoever they were announced to is told."""
    for visit in visits.planned().with_people():
        if Visit.objects.planned().filter(pk=visit.pk).update(state=Visit.State.CANCELLED, cancelled_why=why):
            tell_cancelled(visit, why)


def hold(team: InspectionTeam) -> None:
    """Lock the team's row, so that two changes of it do not write access past each other."""
    InspectionTeam.objects.select_for_update().get(pk=team.pk)


def pairs_of(team: InspectionTeam, user: Any = None, organization: Any = None) -> list[tuple[int, int]]:
    """Everybody who was or is in the team × everything it looked or looks after, as far as not over before this change."""
    people = [user.pk] if user else list(team.members.order_by("user").values_list("user", flat=True).distinct())
    places = (
        [organization.pk]
        if organization
        else list(team.assignments.order_by("organization").values_list("organization", flat=True).distinct())
    )
    return [(person, place) for person in people for place in places]


def wanted(user: int, organization: int) -> Span | None:
    """From when until when this person goes there for a team: the first stretch that is not over."""
    spans = []
    for assignment in TeamAssignment.objects.live().filter(organization=organization).select_related("team"):
        for member in assignment.team.members.live().filter(user=user):
            terms = (assignment, member, assignment.team)
            since = max(term.since for term in terms)
            until = min(term.until or FAR for term in terms)
            if assignment.team.is_live and since <= until:
                spans.append((since, until))
    if not spans:
        return None
    spans.sort()
    since, until = spans[0]
    for begin, end in spans[1:]:
        if begin > until:
            raise TeamRefused("同一人在同一单位的两段督导任期不相连，请待前一段结束后再登记后一段。")
        until = max(until, end)
    return since, None if until == FAR else until


def give_access(pairs: Iterable[tuple[int, int]], *, by: Any) -> None:
    """Bring the appointments as 督导组 in line with the teams: written, given another term, or ended at once.

    What was given by hand stays as it is; where it is in force, nothing more is needed.
    """
    for user, organization in pairs:
        span = wanted(user, organization)
        role: dict[str, Any] = {"user_id": user, "organization_id": organization, "role": Role.INSPECTOR}
        own = Appointment.objects.filter(**role, revoked_at=None, team_access__isnull=False).first()
        if own is not None and span == (own.since, own.until):
            continue
        if own is not None:
            own.end()
            audit(by=by, verb="收回督导组任职", target=own.organization, person=str(own.user))
        if span is not None:
            appoint(role, span, by)


def appoint(role: dict[str, Any], span: Span, by: Any) -> None:
    """One appointment for the team's work. Raises ``TeamRefused`` if one given by hand is in the way."""
    since, until = span
    person = User.objects.get(pk=role["user_id"])
    other = make_room(person, Organization.objects.get(pk=role["organization_id"]), role["role"]).first()
    if other is not None:
        if other.since <= max(since, timezone.localdate()) and (other.until or FAR) >= (until or FAR):
            return
        raise TeamRefused(
            f"{other.user}在{other.organization}已另有督导组任职（{other.since:%Y-%m-%d}起），"
            "请先在该单位的任职名单中撤销，再登记。"
        )
    hat = Appointment.objects.create(**role, since=since, until=until)
    TeamAccess.objects.create(appointment=hat)
    audit(by=by, verb="任命督导组", target=hat.organization, person=str(hat.user), since=str(since))
