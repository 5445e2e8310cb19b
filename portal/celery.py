"""The Celery application: a doorbell for work that is already a row (``Job``, ``Notice``), and the clock."""

import os

from celery import Celery, signals
from celery.schedules import crontab

from portal import broker  # noqa: F401 - names the embedded broker's transport
from portal.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep-jobs": {"task": "portal.tasks.sweep_jobs", "schedule": 20.0, "options": {"expires": 20}},
    "collect-notices": {"task": "portal.tasks.collect_notices", "schedule": crontab(minute="5")},
    "keep-day": {"task": "campaign.tasks.keep_day", "schedule": crontab(hour="23", minute="45")},
    "clear-results": {"task": "portal.tasks.clear_results", "schedule": crontab(hour="3", minute="15")},
    "apply-amendments": {"task": "campaign.tasks.apply_amendments", "schedule": crontab(minute="35")},
    "rebalance": {"task": "campaign.tasks.rebalance", "schedule": crontab(hour="2", minute="30")},
    "clear-sessions": {"task": "portal.tasks.clear_sessions", "schedule": crontab(hour="3", minute="20")},
    "send-digests": {"task": "portal.tasks.send_digests", "schedule": crontab(minute="*/10")},
    "send-groups": {"task": "members.tasks.send_groups", "schedule": crontab(minute="4-59/10")},
}
# A worker that is killed takes its clock and its pool with it.
signals.beat_embedded_init.connect(die_with_parent)
signals.worker_process_init.connect(die_with_parent)
