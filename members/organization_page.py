"""What the page of one organisation shows to one person."""

from typing import Any

from django.urls import reverse

from members.committee import standing_of
from members.models import Appointment, Organization
from members.permissions import Permission
from members.tree import roll_size, visible_trail

# Not offered where the organisation is closed.
GROWING = ("edit_roll", "import_roster", "manage_organizations", "manage_appointments")


def page(user: Any, node: Organization) -> dict[str, Any]:
    """The organisation's own facts; what lies below it comes apart, since it pages."""
    may = {p.name.lower(): user.can(p, at=node) for p in Permission}
    if node.closed_on:
        may |= dict.fromkeys(GROWING, False)
    hats = Appointment.objects.visible_to(user).filter(organization=node).current().with_people()
    seen = may["view_names"]
    records = node.conditions.visible_to(user).select_related("by", "lifted_by").order_by("-since", "-pk")
    return {
        "node": node,
        "trail": visible_trail(user, node),
        "above": [step for step in node.trail() if step.pk != node.pk],
        "roll_size": roll_size(node),
        "hats": hats if seen or may["manage_appointments"] else None,
        "may": may,
        "registers": registers(node) if seen else [],
        "standing": standing_of(node) if seen and not node.closed_on else None,
        "posts": node.committee_posts.held().in_rank() if seen else None,
        "conditions": [(record, record.can_be_lifted_by(user)) for record in records] if seen else [],
        "oversees": may["view_progress"] and Organization.objects.visible_to(user).overseen_from(node).exists(),
    }


def registers(node: Organization) -> list[tuple[str, str]]:
    """Lists about the subtree: label and address."""
    below = [
        ("整顿台账", reverse("condition-list", args=[node.pk])),
        ("困难单位", f"{reverse('condition-list', args=[node.pk])}?group=difficulty"),
        ("班子不齐或届满", reverse("committee-list", args=[node.pk])),
    ]
    own = [("覆盖单位与指导员", reverse("covered-unit-list", args=[node.pk]))]
    return own if node.is_branch or node.kind == Organization.Kind.GROUP else below + own
