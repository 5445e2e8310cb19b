"""Tasks of the room; each may run twice."""

from celery import shared_task
from django.utils import timezone

from campaign.rollups import keep_day as keep


@shared_task(name="campaign.tasks.keep_day")
def keep_day() -> None:
    keep(timezone.localdate())
