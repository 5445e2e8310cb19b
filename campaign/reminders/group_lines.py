"""What an organisation's group is told of the campaigns that run there: numbers and where to look."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse

from campaign.models import Campaign, Gate
from campaign.reminders.rules import reminder_rules
from campaign.reminders.stalling import in_words, past_due, stalled_units
from members.models import Organization
from members.scope import within
from portal.notices import GroupLine, group_sources

MOST = 5


def running_at(organization: Organization) -> list[Campaign]:
    """The latest running campaigns of the organisation, of those above it and of those below."""
    path, step = organization.path, organization.steplen
    up = Q(organization__path__in=[path[:n] for n in range(step, len(path) + 1, step)])
    rows = Campaign.objects.running().filter(up | within([path], "organization__path"))
    return list(rows.select_related("organization")[:MOST])


@group_sources.register
def campaign_lines(organization: Any, day: date) -> Iterator[GroupLine]:
    """Units behind, units that have stopped, and requests that wait, under the organisation."""
    for campaign in running_at(organization):
        late = reverse("late-list", args=[campaign.pk, organization.pk])
        behind = past_due(campaign, day).filter(path__startswith=organization.path)
        if number := behind.order_by().values("organization").distinct().count():
            yield GroupLine(f"{campaign}：{number}个单位有规定动作过期未完成", late, "进展")
        rule = reminder_rules["stalled"]
        if rule.on_in(campaign.settings):
            days = rule.days_in(campaign.settings)[0]
            if units := stalled_units(campaign, day, days, organization):
                yield GroupLine(f"{campaign}：{in_words(units)}停滞，{days}天没有新的记录", late, "进展")
        waiting = Gate.objects.waiting().filter(
            enrolment__campaign=campaign, enrolment__organization__path__startswith=organization.path
        )
        if number := waiting.count():
            url = reverse("gate-list", args=[campaign.pk])
            yield GroupLine(f"{campaign}：{number}个转段申请等待审核", url, "转段")
