"""Reading and deciding on somebody else's self-analysis."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from campaign.elsewhere import also_asked
from campaign.progress.writing import recording
from evaluation.indicators import ANALYSIS_WITHIN
from evaluation.models import Remark, SelfAnalysis
from evaluation.reviewers import capacity_of
from portal.actions.log import audit, note_reading
from portal.actions.notice import notify
from portal.notices import Draft


class AlreadyDecided(Exception):
    """Somebody else was quicker, or it was sent back or accepted in another window; nothing was written."""


class RemarksMissing(Exception):
    """Whoever sends it back says why."""


def note_opening(*, analysis: SelfAnalysis, by: Any) -> None:
    """Everybody who opens it and is not its author stands in the log that the author sees, each time."""
    if not analysis.is_own(by):
        capacity = capacity_of(by, analysis.scope)[:60]
        note_reading(of=analysis, kind=SelfAnalysis.READING, by=by, capacity=capacity)


def send_back(*, analysis: SelfAnalysis, remarks: Mapping[str, str], by: Any) -> None:
    """Send it back with remarks by section key (empty key: on the whole).

    Raises ``RemarksMissing``, ``AlreadyDecided``, ``PermissionDenied``.
    """
    if not any(text.strip() for text in remarks.values()):
        raise RemarksMissing
    decide(analysis, accepted=False, remarks=remarks, by=by)


def accept(*, analysis: SelfAnalysis, remarks: Mapping[str, str], by: Any) -> None:
    """Accept it, with or without remarks. Raises ``AlreadyDecided``, ``PermissionDenied``."""
    decide(analysis, accepted=True, remarks=remarks, by=by)


def decide(analysis: SelfAnalysis, *, accepted: bool, remarks: Mapping[str, str], by: Any) -> None:
    if analysis.is_own(by):
        raise PermissionDenied
    elsewhere = also_asked(ANALYSIS_WITHIN, [analysis.participation.member_id])
    with recording({analysis.participation.enrolment_id, *elsewhere}):
        if not (analysis.accept(by) if accepted else analysis.send_back(by)):
            raise AlreadyDecided
        Remark.objects.bulk_create(
            Remark(analysis=analysis, key=key, text=text.strip(), by=by, at=analysis.decided_at or timezone.now())
            for key, text in remarks.items()
            if text.strip()
        )
        audit(by=by, verb="通过党性分析材料" if accepted else "退回党性分析材料", target=analysis)
        notify(tell_author(analysis, accepted=accepted))


def tell_author(analysis: SelfAnalysis, *, accepted: bool) -> list[Draft]:
    author = getattr(analysis.participation.member, "user", None)
    if author is None:
        return []
    result = "已审阅通过。" if accepted else "已退回，请按审阅意见修改后再提交。"
    return [
        Draft(
            recipient_id=author.pk,
            key=f"analysis-decided:{analysis.pk}:{analysis.decided_at:%Y%m%d%H%M%S%f}",
            kind="党性分析",
            text=f"您的党性分析材料{result}",
            url=reverse("self-analysis-edit", args=[analysis.participation_id]),
        )
    ]
