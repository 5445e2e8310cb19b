"""Who may read and decide on somebody's self-analysis, by name: what the author is told on the page."""

from collections.abc import Iterable
from typing import Any

from campaign.models import Participation
from members.models import Appointment, MemberTag, Organization
from members.permissions import GRANTS, Permission, roles_with

Hats = dict[str, list[Appointment]]


def hats_above(homes: Iterable[Organization]) -> Hats:
    """Appointments that can make somebody a reviewer at these organisations, by the path of where they hold; one query."""
    paths = {path for home in homes for path in up_from(home)}
    rows = Appointment.objects.current().filter(
        organization__path__in=paths, role__in=roles_with(Permission.REVIEW_ANALYSIS), user__is_active=True
    )
    found: Hats = {}
    for hat in rows.select_related("user", "organization").order_by("pk"):
        found.setdefault(hat.organization.path, []).append(hat)
    return found


def up_from(home: Organization) -> list[str]:
    """Paths from the organisation itself up to the root."""
    return [home.path[:n] for n in range(len(home.path), 0, -home.steplen)]


def reviewers(of: Participation, known: Hats | None = None) -> list[Appointment]:
    """Appointments that make their holders reviewers of this person, nearest first; one per user, never the author.

    The same rule as ``evaluation.models.self_analysis.is_reviewed_by``, told from the author's side. ``known``: what
    ``hats_above`` said of many homes at once.
    """
    home = of.enrolment.organization
    by_path = hats_above([home]) if known is None else known
    hats = [hat for path in up_from(home) for hat in by_path.get(path, ())]
    here = [hat for hat in hats if hat.organization_id == home.pk]
    reviews_here = any(hat.user.member_id == of.member_id for hat in here)
    from_above = reviews_here or not here or of.member.has_tag(MemberTag.Kind.LEADER)
    by_user: dict[int, Appointment] = {}
    for hat in hats if from_above else here:
        if hat.user.member_id != of.member_id:
            by_user.setdefault(hat.user_id, hat)
    return list(by_user.values())


def title_of(hat: Appointment) -> str:
    """The capacity of a reviewer as people say it: 第一党支部支部书记, 机关党总支书记."""
    return f"{hat.organization} · {hat.title if hat.organization.is_branch else '书记'}"


def capacity_of(user: Any, at: Organization) -> str:
    """In which capacity the user reviews at an organisation: the nearest of their appointments that lets them."""
    hats = [h for h in user.hats if h.organization.contains(at) and Permission.REVIEW_ANALYSIS in GRANTS[h.role]]
    return title_of(max(hats, key=lambda h: len(h.organization.path))) if hats else str(user.hat_at(at))


def nearest(of: Participation, known: Hats | None = None) -> list[Appointment]:
    """Those of the reviewers who are told that something waits: the ones at the lowest organisation that has any."""
    everyone = reviewers(of, known)
    return [hat for hat in everyone if hat.organization_id == everyone[0].organization_id]
