"""Who looks after whom: the team of a unit, whose own work it is, and what a team has not seen yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from campaign.models import Campaign, Enrolment, InspectionTeam, TeamAssignment, TeamMember, Visit
from campaign.models.enrolment import EnrolmentQuerySet
from campaign.models.inspection import line_of
from campaign.models.visit import in_term
from members.models import Appointment, Organization
from members.permissions import Permission, Role
from members.scope import within

# Whoever wears one of these at a place runs it, and does not inspect it.
RUNNING = (Role.OFFICE, Role.LEADING_GROUP, Role.SECRETARY, Role.COMMITTEE)


def team_at(campaign_id: int, node: Organization) -> InspectionTeam | None:
    """The team that looks after ``node`` today: of several the one assigned nearest to it."""
    return teams_at(campaign_id, [node]).get(node.pk)


def teams_at(campaign_id: int, nodes: Iterable[Organization]) -> dict[int, InspectionTeam]:
    """The same for several, by organisation (id), in one query; those that nobody looks after are left out."""
    paths = {node.pk: node.path for node in nodes}
    given = TeamAssignment.objects.current().filter(
        organization__path__in=line_of([*paths.values()]), team__campaign=campaign_id
    )
    given = given.filter(team__in=InspectionTeam.objects.current()).select_related("team__organization", "organization")
    nearest_last = list(given.order_by("organization__path", "pk"))
    return {
        pk: assignment.team
        for assignment in nearest_last
        for pk, path in paths.items()
        if path.startswith(assignment.organization.path)
    }


def team_for(enrolment: Enrolment) -> InspectionTeam | None:
    """The team whose word is asked when this unit wants to move on (S2 四); ``None`` where none is assigned."""
    return team_at(enrolment.campaign_id, enrolment.organization)


def own_teams(user: Any) -> list[InspectionTeam]:
    """Teams of running campaigns in which the user works today and has access to something; asked once per request."""
    if not hasattr(user, "teams_today"):
        running = InspectionTeam.objects.of(user).filter(campaign__state=Campaign.State.RUNNING)
        works = user.can(Permission.LOG_VISIT)
        user.teams_today = list(running.select_related("campaign", "organization")) if works else []
    found: list[InspectionTeam] = user.teams_today
    return found


def speaks_for(user: Any, enrolment: Enrolment) -> bool:
    """Whether the user may give the team's word on this unit: a member of its team today, and not of the unit itself."""
    team = team_for(enrolment)
    return team is not None and team.may_work(user) and not runs(user, enrolment.organization)


def runs(user: Any, node: Organization) -> str:
    """Why this person cannot inspect ``node``: it is their own branch, or they run it themselves. Empty: they can."""
    if user.member is not None and user.member.branch_id == node.pk:
        return f"{user}是{node}的党员"
    hat = user.appointments.current().filter(role__in=RUNNING, organization=node).first()
    return f"{user}现任{node}{hat.title}" if hat else ""


def ties(user: Any, node: Organization) -> list[str]:
    """What ties this person to ``node`` or to something below it: their own branch, and what they run there."""
    found = []
    if user.member is not None and node.contains(user.member.branch):
        found.append(f"{user}是{user.member.branch}的党员")
    if user.pk is None:
        return found
    below = user.appointments.current().filter(role__in=RUNNING, organization__path__startswith=node.path)
    return found + [f"{user}现任{hat.organization}{hat.title}" for hat in below.select_related("organization")[:5]]


def units_of(team: InspectionTeam) -> EnrolmentQuerySet:
    """The units that take part and that the team looks after today, in tree order."""
    places = team.assignments.current().values_list("organization__path", flat=True)
    units = Enrolment.objects.counted().filter(within(places, "organization__path"), campaign=team.campaign_id)
    return units.select_related("organization").order_by("organization__path", "pk")


def seen_by(team_id: Any) -> Exists:
    """Whether the team has visited the unit (``OuterRef`` of an enrolment)."""
    return Exists(Visit.objects.done().filter(team=team_id, organization=OuterRef("organization")))


def unseen(team: InspectionTeam) -> EnrolmentQuerySet:
    """Units that the team has not visited yet."""
    return units_of(team).exclude(seen_by(team.pk))


@dataclass(frozen=True)
class Round:
    """How far a team has come: units it looks after, those it has visited, visits made, planned, and past their day."""

    units: int
    seen: int
    done: int
    planned: int
    overdue: int

    @property
    def unseen(self) -> int:
        return self.units - self.seen


def with_rounds(campaign: Campaign, teams: Sequence[InspectionTeam]) -> list[tuple[InspectionTeam, Round]]:
    """Each of these teams with how far it has come: three statements, whatever the number of teams and units."""
    places: dict[int, list[str]] = {team.pk: [] for team in teams}
    given = TeamAssignment.objects.current().filter(team__in=teams).select_related("organization")
    for assignment in given:
        places[assignment.team_id].append(assignment.organization.path)
    everywhere = within([path for paths in places.values() for path in paths], "organization__path")
    counts: dict[str, Any] = {}
    for team in teams:
        own = within(places[team.pk], "organization__path")
        counts[f"units_{team.pk}"] = Count("pk", filter=own)
        counts[f"seen_{team.pk}"] = Count("pk", filter=own & Q(seen_by(team.pk)))
    units = Enrolment.objects.counted().filter(everywhere, campaign=campaign).order_by().aggregate(**counts)
    waiting = Q(state=Visit.State.PLANNED) & in_term()
    visits = (
        Visit.objects.filter(team__in=teams)
        .order_by()
        .values("team")
        .annotate(
            done=Count("pk", filter=Q(state=Visit.State.DONE)),
            planned=Count("pk", filter=waiting),
            overdue=Count("pk", filter=waiting & Q(on__lt=timezone.localdate())),
        )
    )
    made = {row["team"]: (row["done"], row["planned"], row["overdue"]) for row in visits}
    return [
        (team, Round(units[f"units_{team.pk}"], units[f"seen_{team.pk}"], *made.get(team.pk, (0, 0, 0))))
        for team in teams
    ]


def round_of(team: InspectionTeam) -> Round:
    """How far one team has come."""
    return with_rounds(team.campaign, [team])[0][1]


def with_plans(team: InspectionTeam, units: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """Each unit with the next day for which the team plans to come (``planned_on``)."""
    waiting = Visit.objects.expected().filter(team=team, organization=OuterRef("organization")).order_by("on")
    return units.annotate(planned_on=Subquery(waiting.values("on")[:1]))


def without_access(team: InspectionTeam) -> list[tuple[TeamMember, TeamAssignment]]:
    """Members of today who have no access to an organisation assigned today: somebody took their appointment away."""
    members = list(team.members.current().select_related("user"))
    assignments = list(team.assignments.current().select_related("organization"))
    given = set(
        Appointment.objects.current()
        .filter(
            user__in=[m.user_id for m in members],
            role=Role.INSPECTOR,
            organization__in=[a.organization_id for a in assignments],
        )
        .values_list("user_id", "organization_id")
    )
    return [(m, a) for m in members for a in assignments if (m.user_id, a.organization_id) not in given]
