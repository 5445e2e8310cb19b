"""What a member's page shows, to whom."""

from typing import Any

from members.models import Appointment, Member, SearchAttempt
from members.permissions import Permission
from members.registry import member_panels, taking_part_in_words
from members.tree import visible_trail

LATEST = 5


def rights(member: Member, user: Any) -> dict[str, bool]:
    """``private``: numbers (masked), birth and contacts; for the member and those who keep the roll or may see contacts."""
    own = member.pk == user.member_id
    contact, edit = (user.can(p, at=member.branch) for p in (Permission.VIEW_CONTACT, Permission.EDIT_ROLL))
    return {
        "own": own,
        "may_see_contact": contact and not own,
        "private": own or contact or edit,
        "may_edit": edit,
        "may_decide": edit and not own,
        "may_see_account": own or edit or user.can(Permission.MANAGE_ACCOUNTS, at=member.branch),
    }


def told(changes: Any, *, private: bool, in_full: bool) -> list[dict[str, Any]]:
    """Changes with the lines that this reader may see."""
    return [{"change": each, "lines": each.lines(private=private, in_full=in_full)} for each in changes]


def record_of(member: Member, user: Any, *, in_full: bool = False) -> dict[str, Any]:
    """The whole page, in a number of queries that does not grow with what is recorded."""
    may = rights(member, user)
    latest = list(member.history.select_related("by")[: LATEST + 1])
    attempts = SearchAttempt.objects.filter(mobility__member=member).select_related("mobility", "by")
    mobilities = list(member.mobilities.select_related("host").order_by("-since", "-pk"))
    away = any(mobility.until is None for mobility in mobilities)
    panels = ((panel.template, panel.context(member, user)) for panel in member_panels)
    return may | {
        "member": member,
        "trail": visible_trail(user, member.branch),
        "in_full": in_full,
        "tags": member.tags.order_by("kind"),
        "mobilities": mobilities,
        "places": taking_part_in_words(member) if away and not member.ended_on else [],
        "attempts": attempts[:LATEST] if may["private"] else [],
        "account": getattr(member, "user", None),
        "hats": Appointment.objects.current().filter(user__member=member).select_related("organization"),
        "history": told(latest[:LATEST], private=may["private"], in_full=in_full),
        "more_history": len(latest) > LATEST,
        "panels": [{"template": template, "values": values} for template, values in panels if values is not None],
        "readings": member.contact_readings() if may["own"] else [],
    }
