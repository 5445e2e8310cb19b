"""Waiving what need not be met, and taking that back; both with a reason."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from campaign.actions.refusal import Refused, unless_over
from campaign.models import Campaign, Enrolment, Participation, Requirement, Waiver
from campaign.progress.writing import recording, unmet
from members.models import MemberTag
from members.permissions import Permission
from members.scope import within
from portal.actions.log import audit
from portal.indicators import Subject
from portal.jobs import JobFailure, JobKind, Outcome, Progress, job_kinds
from portal.models import Job


def waive(
    *, requirement: Requirement, enrolment: Enrolment, participations: Iterable[Participation], reason: str, by: Any
) -> int:
    """The requirement need not be met by these people (none: by the unit itself); the first reason stays. Returns how many were new.

    Nobody is let off by themselves: raises ``Refused``.
    """
    made = 0
    with recording([enrolment.pk]) as locked:
        unless_over(locked[0])
        people: list[Participation | None] = [*participations]
        if any(person and person.member_id == by.member_id for person in people):
            raise Refused("不能免除您本人的规定动作，须由其他有权限的同志办理。请取消勾选您本人。")
        for participation in people or [None]:
            same = Q(participation=participation) if participation else Q(participation=None, enrolment=enrolment)
            if Waiver.objects.in_force().filter(same, requirement__in=requirement.family).exists():
                continue
            waiver = Waiver.objects.create(
                requirement=requirement, enrolment=enrolment, participation=participation, reason=reason, by=by
            )
            audit(by=by, verb="免除规定动作", target=waiver, requirement=requirement.label)
            made += 1
    return made


def withdraw(*, waiver: Waiver, reason: str, by: Any) -> None:
    """It is asked again; the waiver stays on record. Raises ``Refused`` where it was withdrawn already."""
    here = waiver.enrolment_id if waiver.participation is None else waiver.participation.enrolment_id
    with recording([here]) as locked:
        unless_over(locked[0])
        moved = Waiver.objects.in_force().filter(pk=waiver.pk)
        if not moved.update(withdrawn_at=timezone.now(), withdrawn_by=by, withdrawn_reason=reason):
            raise Refused("这项免除已经撤销过了，不必重复操作。")
        audit(by=by, verb="撤销免除", target=waiver, requirement=waiver.requirement.label)


def owing(requirement: Requirement, enrolment: Enrolment, tag: str) -> QuerySet[Participation]:
    """People of the unit who still owe it, perhaps only those with a tag of the roll."""
    rows: QuerySet[Participation] = unmet(requirement).filter(enrolment=enrolment)
    return rows.filter(member__in=MemberTag.objects.filter(kind=tag).values("member")) if tag else rows


def others(people: QuerySet[Participation], by: Any) -> QuerySet[Participation]:
    """All but the person who decides."""
    return people.exclude(member=by.member_id) if by.member_id else people


def waive_many(
    *,
    requirement: Requirement,
    enrolments: Iterable[Enrolment],
    tag: str,
    reason: str,
    by: Any,
    progress: Progress | None = None,
) -> int:
    """Waive it in many units for all who still owe it (with ``tag``: only those); each unit is a transaction. Returns how many were new."""
    units, made = list(enrolments), 0
    for done, unit in enumerate(units, 1):
        people = list(others(owing(requirement, unit, tag), by)) if requirement.subject == Subject.PERSON else []
        asked = people if requirement.subject == Subject.PERSON else unmet(requirement).filter(pk=unit.pk)
        if asked:
            made += waive(requirement=requirement, enrolment=unit, participations=people, reason=reason, by=by)
        if progress:
            progress.report(done, len(units), f"已免除 {made} 项")
    return made


def run_waiving(job: Job, progress: Progress) -> Outcome:
    """The job behind a large selection; what its author may not waive any more is left out."""
    asked = Requirement.objects.in_force().select_related("campaign", "step__phase")
    requirement = asked.filter(pk=job.params["requirement"], waivable=True).first()
    if requirement is None or requirement.campaign.state == Campaign.State.CLOSED:
        raise JobFailure("这项规定动作已停止执行或活动已结束，没有免除任何人。")
    units = Enrolment.objects.filter(pk__in=job.params["enrolments"], campaign=requirement.campaign_id)
    mine = units.filter(within(job.by.scopes(Permission.WAIVE), "organization__path")).in_tree_order()
    made = waive_many(
        requirement=requirement,
        enrolments=mine.select_related("organization"),
        tag=job.params["tag"],
        reason=job.params["reason"],
        by=job.by,
        progress=progress,
    )
    return Outcome(message=f"共免除 {made} 项。")


job_kinds.register(JobKind("waive", "成批免除", run_waiving))
