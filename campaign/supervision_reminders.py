"""Who goes on a visit is reminded the day before, and once when nobody has written down how it was."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.urls import reverse

from campaign.models import Campaign, TeamMember, Visit
from campaign.reminders import chinese, chunks
from portal.notices import Draft, notice_sources

FORGOTTEN_AFTER = 2
KIND = "督导走访"


@notice_sources.register
def visits_near(today: date) -> Iterator[Draft]:
    """Tomorrow's visits, and those whose day has been over for two days."""
    going_on = Visit.objects.planned().filter(campaign__state=Campaign.State.RUNNING, team__isnull=False)
    tomorrow, since = today + timedelta(1), today - timedelta(FORGOTTEN_AFTER)
    for rows, about in ((going_on.filter(on=tomorrow), "tomorrow"), (going_on.filter(on__lte=since), "forgotten")):
        for chunk in chunks(rows):
            yield from drafts(chunk, about)


def drafts(visits: list[Visit], about: str) -> Iterator[Draft]:
    """One for each member of the team who goes and is still in it; three queries a chunk."""
    found = Visit.objects.filter(pk__in=[visit.pk for visit in visits]).select_related("organization", "team")
    goers: dict[int, list[int]] = {}
    current = TeamMember.objects.current().filter(visits__in=found, user__is_active=True)
    for visit_id, user_id in current.order_by("pk").values_list("visits", "user"):
        goers.setdefault(visit_id, []).append(user_id)
    for visit in found:
        day, url = chinese(visit.on), reverse("visit-detail", args=[visit.pk])
        text = f"明天（{day}）{visit.get_part_display()}走访{visit.organization}。{visit.purpose}"
        if about == "forgotten":
            text = f"{day}走访{visit.organization}的情况还没有登记，请登记或取消。"
        for user_id in goers.get(visit.pk, ()):
            yield Draft(user_id, f"visit-{about}:{visit.pk}:{visit.on}:{user_id}", KIND, text, url)
