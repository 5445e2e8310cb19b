"""Reminders of this room: rules, what has stalled, what superiors and groups are told."""
