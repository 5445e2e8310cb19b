"""The record of an amendment on paper."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from campaign.amendments.effect import told
from campaign.amendments.rows import change_rows
from campaign.models import Amendment
from campaign.reports.place import number
from members.permissions import Permission
from portal.documents import Document, Params, documents


def find_amendment(params: Params, user: Any) -> Amendment:
    """The amendment ``amendment`` (primary key): decided ones for everybody who sees the campaign, others for those in charge."""
    visible = Amendment.objects.visible_to(user).select_related("campaign__organization", "proposed_by", "approved_by")
    found = get_object_or_404(visible, pk=number(params, "amendment"))
    decided = found.state in {Amendment.State.APPROVED, Amendment.State.APPLIED}
    if not decided and not user.can(Permission.SET_UP_CAMPAIGN, at=found.scope):
        raise Http404
    return found


def amendment_sheet(amendment: Amendment, params: Params, user: Any) -> dict[str, Any]:
    return {
        "amendment": amendment,
        "changes": change_rows(amendment),
        "lines": told(amendment.outcome or amendment.effect),
    }


documents.register(
    Document(
        code="amendment",
        label="规定动作调整记录",
        find=find_amendment,
        title=lambda amendment: f"{amendment}记录",
        template="campaign/print/amendment.html",
        data=amendment_sheet,
    )
)
