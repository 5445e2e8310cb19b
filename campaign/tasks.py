"""Tasks of the room; each may run twice."""

from celery import shared_task
from django.utils import timezone

from campaign.actions.amendment import apply_all_due
from campaign.models import Campaign
from campaign.progress.days import keep_day as keep
from campaign.progress.rollups import rebalance as choose_anew


@shared_task(name="campaign.tasks.keep_day")
def keep_day() -> None:
    keep(timezone.localdate())


@shared_task(name="campaign.tasks.apply_amendments")
def apply_amendments() -> None:
    apply_all_due()


@shared_task(name="campaign.tasks.rebalance")
def rebalance() -> None:
    for campaign in Campaign.objects.exclude(state=Campaign.State.CLOSED).select_related("organization"):
        choose_anew(campaign)
