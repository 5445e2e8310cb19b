"""The room's reminder rules."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from campaign.reminders.rules import ReminderRule, grouped, reminder_rules
from campaign.reminders.traces import traces
from campaign.reminders.units import chunks
from evaluation.models import Meeting, OpinionRound, Section, SelfAnalysis, Talk
from evaluation.reviewers import hats_above, nearest
from portal.notices import Draft, notice_sources

AGAIN = 7
reminder_rules.register(
    ReminderRule("analysis-waits", "党性分析材料等待审阅", "负责审阅的人", "等待超过几天", (3,), order=25)
)


def analyses_waiting(today: date) -> Iterator[Draft]:
    """Reviewers hear of a branch whose analyses have waited for over some days, and again each week."""
    midnight = timezone.make_aware(datetime.combine(today, time.min))
    for ((patience,),), campaigns in grouped("analysis-waits"):
        waiting = SelfAnalysis.objects.waiting().filter(
            submitted_at__lt=midnight - timedelta(days=patience), participation__campaign__in=campaigns
        )
        told: dict[tuple[int, int], list[SelfAnalysis]] = {}
        rows = waiting.with_author().prefetch_related("participation__member__tags")
        for chunk in chunks(rows.order_by("participation__enrolment", "submitted_at", "pk")):
            known = hats_above({analysis.participation.enrolment.organization for analysis in chunk})
            for analysis in chunk:
                for hat in nearest(analysis.participation, known):
                    told.setdefault((analysis.participation.enrolment_id, hat.user_id), []).append(analysis)
        for (enrolment_id, reviewer_id), analyses in told.items():
            yield about_waiting(enrolment_id, reviewer_id, analyses, today, patience)


def about_waiting(
    enrolment_id: int, reviewer_id: int, analyses: list[SelfAnalysis], today: date, patience: int
) -> Draft:
    oldest = analyses[0]
    week = ((today - timezone.localdate(oldest.submitted_at)).days - patience) // AGAIN
    return Draft(
        recipient_id=reviewer_id,
        key=f"analysis-waiting:{enrolment_id}:{reviewer_id}:{oldest.pk}:{oldest.submitted_at:%Y%m%d%H%M%S}:{week}",
        kind="党性分析",
        text=f"{oldest.scope}有{len(analyses)}份党性分析材料提交已超过{patience}天，请审阅。",
        url=reverse("self-analysis-list", args=[enrolment_id]),
    )


@traces.register
def analyses(enrolments: Collection[int], since: datetime) -> Iterable[int]:
    """Something was written or handed in."""
    path = "analysis__participation__enrolment"
    rows = Section.objects.filter(**{f"{path}__in": enrolments}, saved_at__gte=since)
    return rows.order_by().values_list(path, flat=True).distinct()


def recorded(model: Any) -> None:
    """Records of the branch as a whole: when they were entered counts."""

    def source(enrolments: Collection[int], since: datetime) -> Iterable[int]:
        rows = model.objects.filter(enrolment__in=enrolments, created_at__gte=since)
        found: Iterable[int] = rows.order_by().values_list("enrolment", flat=True).distinct()
        return found

    traces.register(source)


for model in (OpinionRound, Talk, Meeting):
    recorded(model)
notice_sources.register(analyses_waiting)
