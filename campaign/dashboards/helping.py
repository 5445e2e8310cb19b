"""Who can be helped first: the few among a node's children with the most to do before a day that is near or past, in tree order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone

from campaign.dashboards.numbers import Number
from campaign.models import Campaign, Enrolment
from campaign.progress.ready import SOON_DAYS
from campaign.progress.writing import NOTHING
from campaign.reminders.traces import quiet
from campaign.reports.overview import Board, unit_of
from members.models import Appointment, Organization
from members.permissions import Role

FEW = 5
LABELS = 4
QUIET_DAYS = 14
# Whom one talks to: of a branch its secretary, of anything above its office.
CONTACTS = (Role.SECRETARY, Role.OFFICE, Role.LEADING_GROUP)


@dataclass(frozen=True)
class Reason:
    """What presses: how much of which 规定动作, each number with its list. ``more``: of further ones too."""

    words: str
    numbers: Sequence[tuple[Number, str]] = ()
    more: bool = False

    def __str__(self) -> str:
        parts = "、".join(f"{number.label}{number.value}{unit}" for number, unit in self.numbers)
        return f"{self.words}：{parts}{'等' if self.more else ''}" if parts else self.words


@dataclass(frozen=True)
class Need:
    """One child: why, and whom to talk to (empty: nobody is appointed, or the reader may not see names)."""

    organization: Organization
    reasons: list[Reason]
    contact: str


def needs(campaign: Campaign, board: Board, children: Sequence[Organization], *, names: bool) -> list[Need]:
    """At most ``FEW``; their order is that of the tree. A fixed number of queries."""
    sums = {child.path: sum(board.by_child.get(child.path, {}).values(), NOTHING) for child in children}
    pressing = [child for child in children if sums[child.path].overdue or sums[child.path].soon]
    most = sorted(pressing, key=lambda c: (-sums[c.path].overdue, -sums[c.path].soon, c.path))[:FEW]
    chosen = [child for child in children if child in most]
    stalled = stopped(campaign, [child for child in chosen if sums[child.path].overdue])
    contacts = contacts_of(chosen) if names else {}
    return [Need(c, reasons(campaign, board, c, stalled), contacts.get(c.pk, "")) for c in chosen]


def reasons(campaign: Campaign, board: Board, child: Organization, stalled: set[int]) -> list[Reason]:
    own = board.by_child.get(child.path, {})
    stem = reverse("record-list", args=[campaign.pk, child.pk])

    def reason(words: str, what: str) -> Reason:
        found = [(r, n) for r in board.requirements if (n := getattr(own.get(r.pk, NOTHING), what))]
        numbers = [(Number(r.label, n, f"{stem}?requirement={r.pk}&what={what}"), unit_of(r)) for r, n in found]
        return Reason(words, numbers[:LABELS], len(numbers) > LABELS)

    found = [reason("已过期限", "overdue"), reason(f"{SOON_DAYS}天内到期", "soon")]
    quiet_now = [Reason(f"{QUIET_DAYS}天内没有新的记录")] if child.pk in stalled else []
    return [each for each in found if each.numbers] + quiet_now


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
    for place, role, name in rows.order_by("pk").values_list("organization_id", "role", "user__name"):
        found.setdefault(place, []).append((CONTACTS.index(Role(role)), f"{Role(role).label} {name}"))
    return {pk: min(people)[1] for pk, people in found.items()}
