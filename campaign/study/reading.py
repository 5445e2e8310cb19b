"""Who has read what."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.query import QuerySet

from campaign.models import Enrolment, Material, Participation, Reading
from campaign.models.material import groups
from members.models import Organization
from members.permissions import Permission


def own_participation(user: Any, campaign: int) -> Participation | None:
    """Where the user takes part in this campaign."""
    rows = Participation.objects.filter(member=user.member_id or 0, campaign=campaign)
    return rows.select_related("enrolment__organization", "campaign").first()


def by_group(materials: QuerySet[Material]) -> list[tuple[str, list[Material]]]:
    """Lists by the group they are for, required ones first; withdrawn ones in a list at the end."""
    rows = list(materials.select_related("enrolment__organization").order_by("-required", "position", "pk"))
    found = []
    for group in groups():
        own = [m for m in rows if m.audience_code == group.code and m.withdrawn_on is None]
        found += [(group.label, own)] if own else []
    gone = [m for m in rows if m.withdrawn_on is not None]
    return found + ([("已停用", gone)] if gone else [])


def readers(material: Material, node: Organization) -> QuerySet[Participation]:
    """The people under ``node`` for whom it is."""
    group = next(g for g in groups() if g.code == material.audience_code)
    rows = Participation.objects.active().filter(
        group.applies(), campaign=material.campaign_id, enrolment__organization__path__startswith=node.path
    )
    if material.enrolment_id:
        rows = rows.filter(enrolment=material.enrolment_id)
    return rows.filter(enrolment__organization__sector__in=material.sectors) if material.sectors else rows


def unread(material: Material, node: Organization) -> QuerySet[Participation]:
    """Of them those who have not said that they read it."""
    read = Reading.objects.filter(participation=OuterRef("pk"), material=material)
    return readers(material, node).exclude(Exists(read)).exclude(enrolment__state=Enrolment.State.CLOSED)


def circle_of(material: Material, user: Any) -> list[dict[str, Any]]:
    """The places where the user may see who has not read it; counted here for a branch only (of more, the page itself counts)."""
    found: list[dict[str, Any]] = []
    for node in {hat.organization for hat in user.hats if user.can(Permission.VIEW_STUDY, at=hat.organization)}:
        number = readers(material, node).count() if node.is_branch else None
        left = unread(material, node).count() if node.is_branch else None
        if number != 0:
            found.append({"node": node, "number": number, "unread": left})
    return found


def reading_list(participation: Participation) -> list[dict[str, Any]]:
    """What is for this person, required first, with when they said they had read it."""
    read = {r.material_id: r for r in participation.readings.all()}
    rows = Material.objects.asked_of(participation).order_by("-required", "position", "pk")
    return [{"material": m, "reading": read.get(m.pk)} for m in rows]
