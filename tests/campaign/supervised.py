"""A district with two branches in a campaign, its office, and an inspection team."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from campaign.actions import inspection as inspections
from campaign.actions import visit as visits
from campaign.models import Campaign, Enrolment, InspectionTeam, TeamMember, Visit
from members.models import Organization, User
from members.permissions import Role
from tests import factories as make


def today() -> date:
    return timezone.localdate()


@dataclass
class District:
    """``home`` and ``away`` are branches under ``general`` and ``other``; ``inspector`` leads the team."""

    root: Organization
    general: Organization
    home: Organization
    away: Organization
    campaign: Campaign
    unit: Enrolment
    far_unit: Enrolment
    office: User
    secretary: User
    outsider: User
    inspector: User
    team: InspectionTeam

    @property
    def leader(self) -> TeamMember:
        return self.team.members.get(user=self.inspector)

    def assign(self, place: Organization | None = None, **span: Any) -> Any:
        """The team looks after ``place`` (the general branch)."""
        at = place or self.general
        return inspections.assign(team=self.team, organization=at, since=today(), until=None, by=self.office, **span)

    def log(self, place: Organization | None = None, **fields: Any) -> Visit:
        """A visit of the team that took place today."""
        values: dict[str, Any] = {
            "on": today(),
            "part": "morning",
            "way": "visit",
            "looked_at": "看了学习笔记",
            "people": [self.leader],
        } | fields
        by, at = self.fresh_inspector(), place or self.home
        return visits.log(organization=at, team=self.team, submission=None, by=by, **values)[0]

    def fresh_inspector(self) -> User:
        """As at a new request."""
        return User.objects.get(pk=self.inspector.pk)


def district(requirements: tuple[tuple[str, str], ...] = ()) -> District:
    root = make.organization("区委")
    general = make.organization("机关党总支", root, kind=Organization.Kind.GENERAL_BRANCH)
    home, away = make.branch(general, "第一党支部"), make.branch(root, "第二党支部")
    root = Organization.objects.get(pk=root.pk)
    span = {"starts_on": today() - timedelta(60), "ends_on": today() + timedelta(90)}
    secretary, outsider, office = make.secretary(home), make.secretary(away), make.hat(Role.OFFICE, root)
    campaign = make.campaign(root, requirements, **span)
    unit, far_unit = make.enrolment(campaign, home), make.enrolment(campaign, away)
    team = inspections.set_up(campaign=campaign, organization=root, name="第一督导组", since=today(), by=office)
    inspector = make.user(username="inspector")
    inspections.add_member(team=team, person=inspector, leads=True, since=today(), until=None, by=office)
    return District(
        root,
        Organization.objects.get(pk=general.pk),
        home,
        away,
        campaign,
        unit,
        far_unit,
        office,
        secretary,
        outsider,
        inspector,
        team,
    )
