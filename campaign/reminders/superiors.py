"""What superiors are told: requests that wait for them, and units below that have stopped."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Gate
from campaign.reminders.rules import grouped
from campaign.reminders.stalling import in_words, stalled_units
from campaign.reminders.units import GATE, WEEK, chunks
from members.models import Appointment, Organization
from members.permissions import Permission, Role, roles_with
from portal.notices import Draft, notice_sources

STALLED = "进展停滞"
NAMED = 5


def gates_waiting(today: date) -> Iterator[Draft]:
    """A request that has waited more than some days, and again each week: those who decide at the nearest organisation above
    that has any. Never the one who asked."""
    for ((patience,),), campaigns in grouped("gate-waits"):
        waiting = Gate.objects.waiting().filter(
            requested_at__date__lt=today - timedelta(days=patience), enrolment__campaign__in=campaigns
        )
        rows = waiting.select_related("enrolment__organization", "enrolment__campaign", "phase").order_by("pk")
        for chunk in chunks(rows):
            hats = wearers({path for gate in chunk for path in deciding(gate)}, roles_with(Permission.DECIDE_GATE))
            for gate in chunk:
                days = (today - timezone.localdate(gate.requested_at)).days
                text = f"{gate.enrolment.organization}的{gate.heading}申请已等待{days}天，请审核。"
                url = reverse("gate-detail", args=[gate.pk])
                for user_id in nearest(deciding(gate), hats, never=gate.requested_by_id):
                    key = f"gate-waits:{gate.pk}:{(days - patience - 1) // WEEK}:{user_id}"
                    yield Draft(user_id, key, GATE, text, url)


def deciding(gate: Gate) -> list[str]:
    """Where a request is decided (``Gate.decides``): from the next organisation up; at the campaign's own, there."""
    unit = gate.enrolment.organization
    paths = above(unit)
    return paths if unit.pk == gate.enrolment.campaign.organization_id else paths[1:]


def above(organization: Organization) -> list[str]:
    """Paths from the organisation itself up to the root."""
    path, step = organization.path, organization.steplen
    return [path[:n] for n in range(len(path), 0, -step)]


def wearers(paths: Collection[str], roles: Collection[str]) -> dict[str, list[int]]:
    """User ids of those with such a role, by the path of their organisation; one query."""
    hats = Appointment.objects.current().filter(organization__path__in=paths, role__in=roles, user__is_active=True)
    found: dict[str, list[int]] = defaultdict(list)
    for path, user_id in hats.order_by("pk").values_list("organization__path", "user_id"):
        found[path].append(user_id)
    return found


def nearest(paths: Iterable[str], hats: dict[str, list[int]], *, never: int) -> list[int]:
    """Users at the first of the paths that has any besides the one who is ``never`` asked."""
    for path in paths:
        if users := [user_id for user_id in hats.get(path, ()) if user_id != never]:
            return list(dict.fromkeys(users))
    return []


def units_stalled(today: date) -> Iterator[Draft]:
    """Once a week and campaign one line to the nearest office above: which of its units have stopped (S2 四: 加强督促检查)."""
    for ((days,),), campaigns in grouped("stalled"):
        for campaign in Campaign.objects.filter(pk__in=campaigns).order_by("pk"):
            units = stalled_units(campaign, today, days)
            paths = {path for unit in units for path in above(unit.organization)[1:]}
            offices = wearers(paths, [Role.OFFICE])
            for path, below in by_office(units, offices).items():
                place = Organization.objects.get(path=path)
                yield from about_stalled(campaign, place, below, offices[path], days, today)


def by_office(units: list[Enrolment], offices: dict[str, list[int]]) -> dict[str, list[Enrolment]]:
    found: dict[str, list[Enrolment]] = defaultdict(list)
    for unit in units:
        path = next((path for path in above(unit.organization)[1:] if path in offices), None)
        if path is not None:
            found[path].append(unit)
    return found


def about_stalled(
    campaign: Campaign, place: Organization, units: list[Enrolment], users: list[int], days: int, today: date
) -> Iterator[Draft]:
    year, week, _ = today.isocalendar()
    names = "、".join(unit.organization.name for unit in units[:NAMED]) + ("等" if len(units) > NAMED else "")
    text = f"{in_words(units)}停滞（{names}）：有规定动作过期未完成，且{days}天没有新的记录，请了解情况、给予帮助。"
    url = reverse("late-list", args=[campaign.pk, place.pk])
    for user_id in dict.fromkeys(users):
        yield Draft(user_id, f"stalled:{campaign.pk}:{place.pk}:{year}-{week}:{user_id}", STALLED, text, url)


for source in (gates_waiting, units_stalled):
    notice_sources.register(source)
