"""Setting when a campaign's people are reminded."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from campaign.models import Campaign
from campaign.reminders.rules import SETTINGS
from portal.actions.log import audit


@transaction.atomic
def set_reminders(*, campaign: Campaign, rules: Mapping[str, Mapping[str, Any]], by: Any) -> None:
    """``rules``: by code whether it is ``on``, and its ``days``. The other settings stay as another hand may have just left them."""
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    locked.settings[SETTINGS] = {code: dict(rule) for code, rule in rules.items()}
    locked.save(update_fields=["settings"])
    audit(by=by, verb="设定提醒规则", target=campaign, rules=locked.settings[SETTINGS])
