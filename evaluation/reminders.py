"""The room's reminder rules."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone

from campaign.models import Campaign
from evaluation.models import SelfAnalysis
from evaluation.reviewers import nearest
from portal.notices import Draft, notice_sources

PATIENCE = 3
AGAIN = 7


def analyses_waiting(today: date) -> Iterator[Draft]:
    """Reviewers hear of a branch whose analyses have waited for over three days, and again each week."""
    midnight = timezone.make_aware(datetime.combine(today, time.min))
    waiting = SelfAnalysis.objects.waiting().filter(
        submitted_at__lt=midnight - timedelta(days=PATIENCE), participation__campaign__state=Campaign.State.RUNNING
    )
    told: dict[tuple[int, int], list[SelfAnalysis]] = {}
    rows = waiting.with_author().prefetch_related("participation__member__tags")
    for analysis in rows.order_by("participation__enrolment", "submitted_at", "pk"):
        for hat in nearest(analysis.participation):
            told.setdefault((analysis.participation.enrolment_id, hat.user_id), []).append(analysis)
    for (enrolment_id, reviewer_id), analyses in told.items():
        oldest = analyses[0]
        week = ((today - timezone.localdate(oldest.submitted_at)).days - PATIENCE) // AGAIN
        yield Draft(
            recipient_id=reviewer_id,
            key=f"analysis-waiting:{enrolment_id}:{reviewer_id}:{oldest.pk}:{oldest.submitted_at:%Y%m%d%H%M%S}:{week}",
            kind="党性分析",
            text=f"{oldest.scope}有{len(analyses)}份党性分析材料提交已超过{PATIENCE}天，请审阅。",
            url=reverse("self-analysis-list", args=[enrolment_id]),
        )


notice_sources.register(analyses_waiting)
