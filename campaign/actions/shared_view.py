"""Handing out figures by link, taking the link back, and noting that it was opened."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from campaign.models import Campaign, Phase, SharedView
from members.models import Organization
from portal.actions.log import audit


@transaction.atomic
def share(
    *, campaign: Campaign, organization: Organization, phase: Phase | None, purpose: str, days: int, by: Any
) -> SharedView:
    """A link that holds for ``days`` days."""
    made = SharedView.objects.create(
        campaign=campaign,
        organization=organization,
        phase=phase,
        purpose=purpose,
        expires_at=timezone.now() + timedelta(days=days),
        by=by,
    )
    audit(by=by, verb="生成只读链接", target=made, days=days)
    return made


@transaction.atomic
def revoke(*, shared: SharedView, by: Any) -> bool:
    """Close it at once; ``False`` when it was closed already."""
    if not SharedView.objects.open().filter(pk=shared.pk).update(revoked_at=timezone.now(), revoked_by=by):
        return False
    audit(by=by, verb="撤销只读链接", target=shared)
    return True


@transaction.atomic
def opened(token: str) -> SharedView | None:
    """What the link shows, for whoever has it; nothing once it has run out, was revoked, or its maker lost the right."""
    found = SharedView.objects.open().of_token(token)
    shared = found.select_related("campaign__organization", "organization", "phase", "by").first()
    if shared is None or not shared.holds or not shared.campaign.organization.contains(shared.organization):
        return None
    return shared


def note_opening(*, shared: SharedView) -> None:
    """Somebody without an account looked."""
    SharedView.objects.filter(pk=shared.pk).update(opened=F("opened") + 1, last_opened_at=timezone.now())
    audit(by=None, verb="打开只读链接", target=shared)
