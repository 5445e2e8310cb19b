"""Inspection teams 督导组、巡回检查组: who goes, since and until when, and which organisations they look after (S2 四)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from campaign.models.campaign import Campaign
from campaign.models.term import Term, TermQuerySet, in_order
from members.models import Appointment, Organization
from members.permissions import Permission
from members.scope import within


def line_of(paths: list[str]) -> set[str]:
    """The paths and everything above them."""
    return {path[:n] for path in paths for n in range(Organization.steplen, len(path) + 1, Organization.steplen)}


class InspectionTeamQuerySet(TermQuerySet["InspectionTeam"]):
    def visible_to(self, user: Any) -> "InspectionTeamQuerySet":
        """One's own teams; those sent by, or to, organisations whose supervision one may see."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        paths = user.scopes(Permission.VIEW_SUPERVISION)
        sent = TeamAssignment.objects.live().filter(
            within(paths, "organization__path") | Q(organization__path__in=line_of(paths)), team=OuterRef("pk")
        )
        return self.filter(within(paths, "organization__path") | Q(Exists(sent)) | Q(pk__in=teams_of(user)))

    def of(self, user: Any) -> "InspectionTeamQuerySet":
        """Current teams to which the user belongs today."""
        return self.current().filter(pk__in=teams_of(user))


def teams_of(user: Any) -> Any:
    return TeamMember.objects.current().filter(user=user.pk).values("team")


class InspectionTeam(Term):
    """A team that an organisation sends out for one campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="teams")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="inspection_teams", verbose_name="派出单位"
    )
    name = models.CharField("名称", max_length=60)
    phone = models.CharField("联系电话", max_length=40, blank=True)
    charge = models.CharField("任务", max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = InspectionTeamQuerySet.as_manager()

    class Meta:
        verbose_name = "督导组"
        ordering = ["organization__path", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "organization", "name"], condition=Q(ended_at=None), name="team_name_once"
            ),
            in_order("team_order"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Organization:
        return self.organization

    def may_work(self, user: Any) -> bool:
        """Plans tours and logs visits: its members of today, as long as the campaign is not over."""
        going_on = self.campaign.state != Campaign.State.CLOSED and self.is_current
        return going_on and self.members.current().filter(user=user.pk).exists()


class TeamMemberQuerySet(TermQuerySet["TeamMember"]):
    def visible_to(self, user: Any) -> "TeamMemberQuerySet":
        """Those of the teams one sees."""
        return self.filter(team__in=InspectionTeam.objects.visible_to(user))

    def leaders_first(self) -> "TeamMemberQuerySet":
        return self.order_by("-leads", "since", "pk")


class TeamMember(Term):
    """Somebody in a team, for a term; ``leads``: 组长."""

    team = models.ForeignKey(InspectionTeam, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="team_memberships")
    leads = models.BooleanField("组长", default=False)

    objects = TeamMemberQuerySet.as_manager()

    class Meta:
        verbose_name = "督导组成员"
        ordering = ["team", "-leads", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], condition=Q(ended_at=None), name="team_member_once"),
            models.UniqueConstraint(fields=["team"], condition=Q(ended_at=None, leads=True), name="team_one_leader"),
            in_order("team_member_order"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def scope(self) -> Organization:
        return self.team.organization


class TeamAssignmentQuerySet(TermQuerySet["TeamAssignment"]):
    def visible_to(self, user: Any) -> "TeamAssignmentQuerySet":
        """Those of the teams one sees."""
        return self.filter(team__in=InspectionTeam.objects.visible_to(user))

    def covering(self, node: Organization) -> "TeamAssignmentQuerySet":
        """Those at ``node`` or above it, the nearest first."""
        return self.filter(organization__path__in=line_of([node.path])).order_by("-organization__path", "-pk")


class TeamAssignment(Term):
    """An organisation, with everything below it, that a team looks after for a term."""

    team = models.ForeignKey(InspectionTeam, on_delete=models.CASCADE, related_name="assignments")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="inspections", verbose_name="督导单位"
    )

    objects = TeamAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = "督导任务"
        ordering = ["team", "organization__path", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "organization"], condition=Q(ended_at=None), name="team_assignment_once"
            ),
            in_order("team_assignment_order"),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.organization}"

    @property
    def scope(self) -> Organization:
        """Where it is decided upon: at the organisation that sends the team."""
        return self.team.organization


class TeamAccess(models.Model):
    """Marks an appointment that was written for a team's work, so that only these are ended with it."""

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="team_access")

    def __str__(self) -> str:
        return str(self.appointment)
