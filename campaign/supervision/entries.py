"""Supervision in the menu, and on the own page of inspectors and leading cadres."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign, ContactPoint, Finding, Gate, InspectionTeam, TeamAssignment, Visit
from campaign.supervision import findings
from campaign.supervision.teams import own_teams, round_of, team_for
from members.permissions import GRANTS, Permission, Role
from members.scope import within
from portal.menu import Duty, MenuEntry, Panel, duties, menu, panels

SHOWN, OWED = 5, 20


def supervises(user: Any) -> bool:
    """Whoever looks after more than a branch of their own, whose page says who leads and visits it."""
    return any(
        Permission.VIEW_SUPERVISION in GRANTS[hat.role]
        and (hat.role == Role.INSPECTOR or not hat.organization.is_branch)
        for hat in user.hats
    )


menu.register(
    MenuEntry(
        "supervision",
        "督导",
        lambda user: reverse("supervision"),
        supervises,
        icon="search",
        order=28,
        areas=("/teams/", "/visits/", "/contact-points/"),
    )
)


@duties.register
def visits_to_make(user: Any) -> Iterator[Duty]:
    """Visits for which one is on the list, and those past their day that nobody has written down."""
    teams = own_teams(user)
    if not teams:
        return
    mine = Visit.objects.visible_to(user).expected().filter(team__in=teams, people__user=user)
    mine = mine.select_related("organization", "team")
    for visit in mine.order_by("on", "pk")[:OWED]:
        text = f"{'登记走访情况' if visit.is_overdue else '走访'}：{visit.organization.name}"
        note = "、".join(part for part in (visit.get_part_display(), visit.purpose) if part)
        yield Duty(text, reverse("visit-detail", args=[visit.pk]), due=visit.on, group=str(visit.team), note=note)


def gates_to_speak_on(teams: list[InspectionTeam], user: Any) -> list[Gate]:
    """Requests to move on from units whose team one is in and on which it has not spoken; the longest waiting first."""
    given = TeamAssignment.objects.current().filter(team__in=teams)
    places = within(given.values_list("organization__path", flat=True), "enrolment__organization__path")
    waiting = (
        Gate.objects.visible_to(user).waiting().filter(places, enrolment__campaign__in=[t.campaign_id for t in teams])
    )
    unsaid = waiting.exclude(words__team__in=teams).select_related("enrolment__organization", "phase")
    return [gate for gate in unsaid.order_by("requested_at", "pk")[: 2 * SHOWN] if team_for(gate.enrolment) in teams]


def team_panel(user: Any) -> dict[str, Any] | None:
    """What to visit next, whose request waits for the team's word, which findings are overdue, who was not seen yet."""
    teams = own_teams(user)
    if not teams:
        return None
    today = timezone.localdate()
    found = Finding.objects.visible_to(user).filter(visit__team__in=teams)
    late = findings.overdue(found).select_related("visit", "enrolment__organization").order_by("due_on", "pk")
    # Those for which one is on the list oneself are among one's duties.
    others = Visit.objects.visible_to(user).expected().filter(team__in=teams).exclude(people__user=user)
    planned = others.with_people()
    return {
        "teams": [(team, round_of(team)) for team in teams],
        "planned": planned.filter(on__gte=today).order_by("on", "pk")[:SHOWN],
        "forgotten": planned.filter(on__lt=today).order_by("on", "pk")[:SHOWN],
        "gates": gates_to_speak_on(teams, user)[:SHOWN],
        "late": findings.with_standings(list(late[:SHOWN])),
    }


def cadre_panel(user: Any) -> dict[str, Any] | None:
    """A leading cadre's own contact points, with the last visit."""
    if not user.member_id:
        return None
    running = ContactPoint.objects.held().filter(
        participation__member=user.member_id, participation__campaign__state=Campaign.State.RUNNING
    )
    points = list(running.with_people().prefetch_related("visits"))
    return {"points": points} if points else None


panels.register(Panel("inspection-team", "campaign/_team_panel.html", team_panel, order=12))
panels.register(Panel("contact-points", "campaign/_contact_panel.html", cadre_panel, order=20))
