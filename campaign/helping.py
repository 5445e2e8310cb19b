"""Who can be helped first: the few among a node's children with the most to do before a day that is near or past, in tree order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone

from campaign.models import Campaign, Enrolment
from campaign.progress import NOTHING, Figures
from campaign.ready import SOON_DAYS
from campaign.reports.overview import Board
from campaign.traces import quiet
from members.models import Appointment, Organization
from members.permissions import Role

FEW = 8
QUIET_DAYS = 14
# Whom one talks to: of a branch its secretary, of anything above its office.
CONTACTS = (Role.SECRETARY, Role.OFFICE, Role.LEADING_GROUP)


@dataclass(frozen=True)
class Need:
    """One child: why, and whom to talk to (empty: nobody is appointed, or the reader may not see names)."""

    organization: Organization
    reasons: list[str]
    contact: str


def needs(campaign: Campaign, board: Board, children: Sequence[Organization], *, names: bool) -> list[Need]:
    """At most ``FEW``; their order is that of the tree. A fixed number of queries."""
    sums = {child.path: sum(board.by_child.get(child.path, {}).values(), NOTHING) for child in children}
    pressing = [child for child in children if sums[child.path].overdue or sums[child.path].soon]
    most = sorted(pressing, key=lambda c: (-sums[c.path].overdue, -sums[c.path].soon, c.path))[:FEW]
    chosen = [child for child in children if child in most]
    stalled = stopped(campaign, [child for child in chosen if sums[child.path].overdue])
    contacts = contacts_of(chosen) if names else {}
    return [Need(c, reasons(board, c, sums[c.path], stalled), contacts.get(c.pk, "")) for c in chosen]


def reasons(board: Board, child: Organization, total: Figures, stalled: set[int]) -> list[str]:
    """In words, requirement by requirement where there are few."""
    own = board.by_child.get(child.path, {})
    late = [r.label for r in board.requirements if own.get(r.pk, NOTHING).overdue]
    near = [r.label for r in board.requirements if own.get(r.pk, NOTHING).soon]
    found = [f"已过期限未完成{total.overdue}项（{in_short(late)}）"] if late else []
    found += [f"{SOON_DAYS}天内到期{total.soon}项（{in_short(near)}）"] if near else []
    return found + ([f"{QUIET_DAYS}天内没有新的记录"] if child.pk in stalled else [])


def in_short(labels: Sequence[str]) -> str:
    return "、".join(labels[:2]) + (f"等{len(labels)}个规定动作" if len(labels) > 2 else "")


def stopped(campaign: Campaign, children: Sequence[Organization]) -> set[int]:
    """Organisations whose running unit has recorded nothing for a while."""
    branches = [child.pk for child in children if child.is_branch]
    if not branches:
        return set()
    since = timezone.localdate() - timedelta(QUIET_DAYS)
    rows = Enrolment.objects.running().filter(campaign=campaign, organization__in=branches, started_on__lt=since)
    units = dict(rows.order_by().values_list("pk", "organization_id"))
    still = quiet(units, timezone.make_aware(datetime.combine(since, time.min))) if units else set()
    return {units[pk] for pk in still}


def contacts_of(chosen: Sequence[Organization]) -> dict[int, str]:
    """Who is appointed there, the secretary first."""
    if not chosen:
        return {}
    rows = Appointment.objects.current().filter(organization__in=[c.pk for c in chosen], role__in=CONTACTS)
    found: dict[int, list[tuple[int, str]]] = {}
    for row in rows.select_related("user").order_by("pk"):
        found.setdefault(row.organization_id, []).append(
            (CONTACTS.index(Role(row.role)), f"{Role(row.role).label} {row.user.name}")
        )
    return {pk: min(people)[1] for pk, people in found.items()}
