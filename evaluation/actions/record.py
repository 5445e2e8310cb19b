"""Recording opinion rounds, talks and meetings of a branch: that they were, never what was said."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from campaign.models import Enrolment, Participation
from campaign.progress.writing import recording
from evaluation.models import Meeting, OpinionRound, Talk
from portal.actions.log import audit
from portal.sending import keep_once, sent_before


def record_opinions(*, enrolment: Enrolment, submission: UUID, by: Any, **values: Any) -> tuple[OpinionRound, bool]:
    """One round of asking, and whether it is new: the same sent again is the round that was recorded first."""
    with recording([enrolment.pk]):
        made, new = keep_once(enrolment.opinion_rounds, by=by, submission=submission, **values)
        if new:
            audit(by=by, verb="登记征求意见", target=made)
    return made, new


def record_sheet(*, rounds: Iterable[tuple[Enrolment, dict[str, Any]]], submission: UUID, by: Any) -> int:
    """All rounds of a summary sheet, or none; how many are new: one that is there already, number for number, is not made again."""
    listed = list(rounds)
    new = 0
    with recording({enrolment.pk for enrolment, _ in listed}):
        for enrolment, values in listed:
            if not enrolment.opinion_rounds.filter(**values).exists():
                made = enrolment.opinion_rounds.create(by=by, submission=submission, **values)
                audit(by=by, verb="按汇总表登记征求意见", target=made)
                new += 1
    return new


def pass_on(*, opinions: OpinionRound, on: date, by: Any) -> bool:
    """The opinions were told to those concerned, truthfully (S0 四: 如实向党员反馈).

    ``False`` if that was recorded before.
    """
    with recording([opinions.enrolment_id]):
        if not OpinionRound.objects.filter(pk=opinions.pk, passed_on=None).update(passed_on=on):
            return False
        audit(by=by, verb="登记意见反馈", target=opinions, passed_on=str(on))
    return True


def record_talks(
    *,
    enrolment: Enrolment,
    one: Participation,
    others: Iterable[Participation],
    held_on: date,
    submission: UUID,
    by: Any,
) -> int:
    """One person's talks with each of the others; returns how many are new, not sent before."""
    with recording([enrolment.pk]):
        before = sent_before(enrolment.talks, by=by, submission=submission).filter(one=one, held_on=held_on)
        known = {*before.values_list("other", flat=True)}
        talks = [
            Talk(enrolment=enrolment, one=one, other=other, held_on=held_on, submission=submission, by=by)
            for other in others
            if other.pk not in known
        ]
        if not talks:
            return 0
        Talk.objects.bulk_create(talks)
        audit(by=by, verb=f"登记谈心{len(talks)}人次", target=enrolment, one=one.pk, held_on=str(held_on))
    return len(talks)


def record_meeting(*, enrolment: Enrolment, submission: UUID, by: Any, **values: Any) -> tuple[Meeting, bool]:
    """One meeting, and whether it is new: the same sent again is the meeting that was recorded first."""
    with recording([enrolment.pk]):
        made, new = keep_once(enrolment.meetings, by=by, submission=submission, **values)
        if new:
            audit(by=by, verb="登记会议", target=made)
    return made, new


def withdraw(*, record: OpinionRound | Talk | Meeting, by: Any) -> None:
    """Take back a record that was made by mistake; the audit trail keeps that it was there and who took it back."""
    with recording([record.enrolment_id]):
        audit(by=by, verb=f"撤销登记：{record._meta.verbose_name}", target=record, held_on=str(record.held_on))
        record.delete()
