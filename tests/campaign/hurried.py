"""The portal's clock in a hurry: reminders are collected and sent every second instead of by the hour."""

from portal.celery import app

for name in ("collect-notices", "send-digests", "send-groups"):
    app.conf.beat_schedule[name]["schedule"] = 1.0
