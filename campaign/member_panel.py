"""What a member's page says about the campaigns they take part in."""

from typing import Any

from django.urls import reverse

from campaign.entries import asked, owed, present
from campaign.models import Campaign, Participation
from members.models import Member
from members.permissions import Permission
from members.registry import MemberPanel, member_panels
from portal.indicators import Subject


def taking_part(member: Member, user: Any) -> dict[str, Any] | None:
    """Their participations that the user may see, and what they still owe in the present phases of those that run."""
    visible = Participation.objects.visible_to(user).filter(member=member)
    rows = list(visible.select_related("campaign", "enrolment__organization").order_by("-campaign__starts_on", "-pk"))
    if not rows:
        return None
    running = [row for row in rows if row.campaign.state == Campaign.State.RUNNING and row.left_on is None]
    phases = present(row.enrolment_id for row in running)
    missing = {
        row.pk: owed(visible, asked(phases.get(row.enrolment_id, {}), Subject.PERSON), row.pk) for row in running
    }
    seen = member.pk == user.member_id or user.can(Permission.VIEW_STUDY, at=member.branch)
    study_url = reverse("study-account", args=[member.pk]) if seen else ""
    return {
        "study_url": study_url,
        "participations": [{"row": row, "asked": row in running, "owed": missing.get(row.pk, [])} for row in rows],
    }


member_panels.register(MemberPanel("campaigns", "campaign/_member_panel.html", taking_part))
