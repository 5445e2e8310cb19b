"""Who goes on a visit is reminded on the working day before it, and once when nobody has written down how it was."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.urls import reverse

from campaign.models import TeamMember, Visit
from campaign.reminders.rules import ReminderRule, grouped, reminder_rules
from campaign.reminders.units import chinese, chunks
from campaign.supervision.visit_notices import KIND, day_of
from portal.notices import Draft, notice_sources
from portal.working_days import eve_of_work

SOON = ReminderRule("visit-soon", "安排了走访", "参加走访的督导组成员", "提前几个工作日", (1,), order=41)
UNTOLD = ReminderRule("visit-untold", "走访以后没有登记", "参加走访的督导组成员", "过后满几天", (2,), order=42)


@notice_sources.register
def visits_near(today: date) -> Iterator[Draft]:
    """Visits of the next working day, and of a free stretch before it; and those whose day has been over for a while."""
    for (lead, after), campaigns in grouped(SOON.code, UNTOLD.code):
        planned = Visit.objects.expected().filter(campaign__in=campaigns, team__isnull=False)
        if lead:
            soon = planned.filter(on__gte=today, on__lte=eve_of_work(today) + timedelta(days=lead[0]))
            for chunk in chunks(soon.order_by("on", "pk")):
                yield from drafts(chunk, "soon", today)
        if after:
            for chunk in chunks(planned.filter(on__lte=today - timedelta(days=after[0])).order_by("on", "pk")):
                yield from drafts(chunk, "untold", today)


def drafts(visits: list[Visit], about: str, today: date) -> Iterator[Draft]:
    """One for each member of the team who goes and is still in it; three queries a chunk."""
    found = Visit.objects.filter(pk__in=[visit.pk for visit in visits]).select_related("organization", "team")
    goers: dict[int, list[int]] = {}
    current = TeamMember.objects.current().filter(visits__in=found, user__is_active=True)
    for visit_id, user_id in current.order_by("pk").values_list("visits", "user"):
        goers.setdefault(visit_id, []).append(user_id)
    near = {today: "今天", today + timedelta(days=1): "明天"}
    for visit in found:
        when = f"{near[visit.on]}（{chinese(visit.on)}）" if visit.on in near else chinese(visit.on)
        text = f"{when}{visit.get_part_display()}走访{visit.organization}。{visit.purpose}"
        if about == "untold":
            text = f"{day_of(visit)}走访{visit.organization}的情况还没有登记，请登记或取消。"
        for user_id in goers.get(visit.pk, ()):
            yield Draft(
                user_id,
                f"visit-{about}:{visit.pk}:{visit.on}:{user_id}",
                KIND,
                text,
                reverse("visit-detail", args=[visit.pk]),
            )


for rule in (SOON, UNTOLD):
    reminder_rules.register(rule)
