"""An account comes into use."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.actions.log import audit
from portal.actions.session import end_others


@transaction.atomic
def password_chosen(*, by: Any, keep: str | None = None) -> None:
    """Somebody has set an own password: the slip has served, the account is in use, and every session but ``keep`` ends."""
    by.must_change_password = False
    by.activated_at = by.activated_at or timezone.now()
    by.save(update_fields=["must_change_password", "activated_at"])
    audit(by=by, verb="修改密码", target=by)
    end_others(keep=keep, by=by)
