"""Writing the audit trail and the read log."""

from typing import Any

from django.db.models import Model

from portal.models import AuditEntry, ReadLog


def audit(*, by: Any, verb: str, target: Model, **details: Any) -> None:
    """Note an act on ``target`` in the caller's transaction. ``details`` must be JSON and hold neither words nor votes."""
    AuditEntry.objects.create(
        by=by,
        verb=verb,
        target_kind=target._meta.model_name or "",
        target_id=target.pk,
        target_label=str(target)[:200],
        details=details,
    )


def note_reading(*, of: Model, kind: str, by: Any, capacity: str) -> None:
    """Note that ``by`` opened the words in ``of`` in some ``capacity`` (支部书记 …)."""
    ReadLog.objects.create(kind=kind, object_id=of.pk, reader=by, capacity=capacity)
