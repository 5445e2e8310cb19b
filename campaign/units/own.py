"""Where the user themselves stands in the latest running campaign: as one who takes part, and as one who leads a unit."""

from typing import Any

from campaign.models import Campaign, Enrolment, Participation
from members.permissions import Role

LATEST = 3


def running_campaigns(user: Any) -> list[Campaign]:
    """The latest running campaigns that the user sees; asked once per request."""
    if not hasattr(user, "latest_running_campaigns"):
        rows = Campaign.objects.visible_to(user).running().select_related("organization")
        user.latest_running_campaigns = list(rows[:LATEST])
    found: list[Campaign] = user.latest_running_campaigns
    return found


def own_participation(user: Any) -> Participation | None:
    """Where the user takes part in a running campaign, the latest one; asked once per request."""
    if not user.member_id:
        return None
    if not hasattr(user, "own_running_participation"):
        own = Participation.objects.filter(member=user.member_id, campaign__state=Campaign.State.RUNNING).active()
        user.own_running_participation = own.order_by("-campaign__starts_on", "-pk").first()
    found: Participation | None = user.own_running_participation
    return found


def own_branch(user: Any) -> Enrolment | None:
    """The unit that the user leads as secretary or committee member, in the latest running campaign; asked once."""
    if not hasattr(user, "own_running_branch"):
        roles = {Role.SECRETARY, Role.COMMITTEE}
        places = [h.organization_id for h in user.hats if h.role in roles and h.organization.is_branch]
        units = Enrolment.objects.filter(organization__in=places, campaign__state=Campaign.State.RUNNING)
        rows = units.select_related("organization", "campaign", "phase", "batch").order_by(
            "-campaign__starts_on", "-pk"
        )
        user.own_running_branch = rows.first() if places else None
    found: Enrolment | None = user.own_running_branch
    return found


def own_committees(user: Any) -> list[Enrolment]:
    """Committees in running campaigns that take part themselves and that the user leads by an appointment right there; asked once."""
    if not hasattr(user, "own_running_committees"):
        roles = {Role.OFFICE, Role.SECRETARY}
        places = [h.organization_id for h in user.hats if h.role in roles and not h.organization.is_branch]
        units = Enrolment.objects.counted().filter(organization__in=places, campaign__state=Campaign.State.RUNNING)
        rows = units.select_related("organization", "campaign", "phase").order_by("-campaign__starts_on", "-pk")
        user.own_running_committees = list(rows[:5]) if places else []
    found: list[Enrolment] = user.own_running_committees
    return found
