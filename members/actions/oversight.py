"""The second, read-only line of oversight (S2 四: 属地管理)."""

from typing import Any

from django.db import transaction

from members.models import Organization
from portal.actions.log import audit


@transaction.atomic
def set_overseer(*, organization: Organization, overseer: Organization | None, by: Any) -> bool:
    """Put the organisation and all below it under the eyes of ``overseer``'s contact persons too, or of nobody;
    ``False`` if it is so already."""
    row = Organization.objects.select_related("overseer").get(pk=organization.pk)
    if row.overseer_id == (overseer.pk if overseer else None):
        return False
    Organization.objects.filter(pk=row.pk).update(overseer=overseer)
    audit(by=by, verb="设定属地联系单位", target=row, overseer=[str(row.overseer or ""), str(overseer or "")])
    return True
