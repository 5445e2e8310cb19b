"""The Celery application: a doorbell for work that is already a row (``Job``, ``Notice``), and the clock."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep-jobs": {"task": "portal.tasks.sweep_jobs", "schedule": 20.0},
    "collect-notices": {"task": "portal.tasks.collect_notices", "schedule": crontab(minute="5")},
    "send-digests": {"task": "portal.tasks.send_digests", "schedule": crontab(minute="*/10")},
}
