"""Files of plans that are filed: seen with the plan, added and removed by the unit until it is answered."""

from typing import Any

from django.urls import reverse

from campaign.models import PlanFiling
from members.permissions import Permission
from portal.attachments import AttachmentOwner, attachment_owners


def may_change(user: Any, filing: PlanFiling) -> bool:
    """Who acts for the unit, while the plan waits: what was answered stays as it was."""
    asked = filing.enrolment.acted_for_with(Permission.PREPARE_ENROLMENT)
    return filing.is_waiting and bool(user.can(asked, at=filing.scope))


attachment_owners.register(
    AttachmentOwner(
        "plan-filing",
        "方案备案",
        PlanFiling,
        lambda user: PlanFiling.objects.visible_to(user).select_related(
            "enrolment__organization", "enrolment__campaign"
        ),
        may_change,
        lambda filing: reverse("filing-detail", args=[filing.pk]),
    )
)
