"""Entering trainings, one by one or a whole list."""

from collections.abc import Collection, Iterable
from typing import Any

from campaign.elsewhere import also_asked
from campaign.models import Training
from campaign.progress.writing import recording
from portal.actions.log import audit

# Indicators that read trainings.
READ_BY = ("trained-within", "study-days", "study-hours")


def concerned(members: Collection[int]) -> set[int]:
    """Enrolments whose figures may change with trainings of these members."""
    return {enrolment for code in READ_BY for enrolment in also_asked(code, members)}


def enter(*, trainings: Iterable[Training], by: Any) -> tuple[int, int]:
    """Write them all or none; returns how many are new, and how many were on record already (same person, subject and first day)."""
    rows = list(trainings)
    members = {row.member_id for row in rows}
    with recording(concerned(members)):
        known = set(Training.objects.filter(member__in=members).values_list("member", "subject", "starts_on"))
        new = []
        for row in rows:
            key = (row.member_id, row.subject, row.starts_on)
            if key not in known:
                known.add(key)
                row.by = by
                new.append(row)
        for row in new:
            row.save()
            audit(by=by, verb="登记培训", target=row.member, days=str(row.days))
    return len(new), len(rows) - len(new)


def change(*, training: Training, by: Any) -> None:
    with recording(concerned([training.member_id])):
        training.save()
        audit(by=by, verb="修改培训记录", target=training.member)


def remove(*, training: Training, by: Any) -> None:
    """Take back what was entered by mistake."""
    with recording(concerned([training.member_id])):
        audit(by=by, verb="删除培训记录", target=training.member, subject=training.subject)
        Training.objects.filter(pk=training.pk).delete()
