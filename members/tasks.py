"""Tasks: take ids, reload, call one action. All may run twice."""

from celery import shared_task

from members.actions import channel as channels


@shared_task(name="members.tasks.send_groups")
def send_groups() -> None:
    channels.send_groups()
