"""Proposing, weighing, approving and applying a change to what a running campaign asks."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from campaign.actions.refusal import Refused
from campaign.amendments.effect import chunks, effect_of, outcome_of
from campaign.models import Amendment, AmendmentChange, Campaign, Requirement, Step
from campaign.progress.writing import recording
from members.tree_lock import hold_shape
from portal.actions.job import submit_once
from portal.actions.log import audit
from portal.jobs import JobFailure, JobKind, Outcome, Progress, job_kinds
from portal.models import Job

# So many units are counted while one waits; more are a job.
AT_ONCE = 300
Kind = AmendmentChange.Kind
State = Amendment.State


class AmendmentRefused(Refused):
    """It cannot be done; the message (Chinese) says why and what to do."""


@transaction.atomic
def propose(*, campaign: Campaign, reason: str, takes_effect_on: date, by: Any) -> Amendment:
    """Begin an amendment; the one that is open already, if there is one. Raises ``AmendmentRefused``."""
    held = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if held.state != Campaign.State.RUNNING:
        raise AmendmentRefused(f"活动{held.get_state_display()}，只有进行中的活动才需要调整规定动作。")
    known = held.amendments.open().first()
    if known is not None:
        return known
    last = held.amendments.aggregate(last=Max("number"))["last"] or 0
    made = Amendment.objects.create(
        campaign=held, number=last + 1, reason=reason, takes_effect_on=takes_effect_on, proposed_by=by
    )
    audit(by=by, verb="起草活动调整", target=made)
    return made


def held_draft(amendment: Amendment) -> Amendment:
    """The draft, locked; raises ``AmendmentRefused`` when it is none any more."""
    held = Amendment.objects.select_for_update().select_related("campaign__organization").get(pk=amendment.pk)
    if not held.is_draft:
        raise AmendmentRefused(f"这次调整{held.get_state_display()}，不能再修改。")
    return held


@transaction.atomic
def rewrite(*, amendment: Amendment, reason: str, takes_effect_on: date, by: Any) -> None:
    """Another reason or day of a draft. Raises ``AmendmentRefused``."""
    held = held_draft(amendment)
    held.reason, held.takes_effect_on = reason, takes_effect_on
    held.save(update_fields=["reason", "takes_effect_on"])


@transaction.atomic
def put(
    *, amendment: Amendment, step: Step, requirement: Requirement | None, values: Mapping[str, Any] | None, by: Any
) -> AmendmentChange:
    """Add a requirement to ``step``, change ``requirement``, or (without ``values``) withdraw it; the same requirement again replaces
    what was planned for it. What was foreseen until now is void. Raises ``AmendmentRefused``."""
    held = held_draft(amendment)
    kind = Kind.ADD if requirement is None else Kind.CHANGE if values else Kind.WITHDRAW
    row = {"kind": kind, "step": step, "values": dict(values or {})}
    if requirement is None:
        change = AmendmentChange.objects.create(amendment=held, **row)
    else:
        change, _ = AmendmentChange.objects.update_or_create(amendment=held, requirement=requirement, defaults=row)
    Amendment.objects.filter(pk=held.pk).update(effect=None)
    return change


@transaction.atomic
def revise(*, change: AmendmentChange, values: Mapping[str, Any], by: Any) -> None:
    """Other values of a planned addition or change. Raises ``AmendmentRefused``."""
    held = held_draft(change.amendment)
    AmendmentChange.objects.filter(pk=change.pk).update(values=dict(values))
    Amendment.objects.filter(pk=held.pk).update(effect=None)


@transaction.atomic
def drop(*, change: AmendmentChange, by: Any) -> None:
    """Take one change out of a draft. Raises ``AmendmentRefused``."""
    held = held_draft(change.amendment)
    change.delete()
    Amendment.objects.filter(pk=held.pk).update(effect=None)


def foresee(*, amendment: Amendment, by: Any) -> Job | None:
    """Count what it would do: at once in a small campaign, else as a job, which is returned. Raises ``AmendmentRefused``."""
    if not amendment.is_draft or not amendment.changes.exists():
        raise AmendmentRefused("请先列出要增加、修改或停止的规定动作，再测算影响。")
    if amendment.campaign.enrolments.count() > AT_ONCE:
        title = f"测算{amendment}的影响"
        return submit_once(kind="amendment-effect", title=title, params={"amendment": amendment.pk}, by=by)
    keep_effect(amendment)
    return None


def keep_effect(amendment: Amendment, progress: Progress | None = None) -> bool:
    """Keep what was counted, unless the draft was changed meanwhile."""
    planned = list(amendment.changes.order_by("pk").values_list("pk", "values"))
    effect = effect_of(amendment, progress.report if progress else None)
    effect["at"] = timezone.localtime().strftime("%Y-%m-%d %H:%M")
    with transaction.atomic():
        held = held_draft(amendment)
        if list(held.changes.order_by("pk").values_list("pk", "values")) != planned:
            return False
        Amendment.objects.filter(pk=held.pk).update(effect=effect)
    return True


@transaction.atomic
def approve(*, amendment: Amendment, by: Any) -> Job | None:
    """DRAFT → APPROVED. One whose day has come is applied by a job, which is returned; others wait for their day.

    Raises ``AmendmentRefused`` where nobody has looked at what it would do.
    """
    held = held_draft(amendment)
    if held.effect is None:
        raise AmendmentRefused("请先测算影响：看过各项规定动作调整前后的数字，再批准。")
    if held.campaign.state != Campaign.State.RUNNING:
        raise AmendmentRefused("活动已经不在进行中，不能再调整。")
    held.state, held.approved_by, held.approved_at = State.APPROVED, by, timezone.now()
    held.takes_effect_on = max(held.takes_effect_on, timezone.localdate())
    held.save(update_fields=["state", "approved_by", "approved_at", "takes_effect_on"])
    audit(by=by, verb="批准活动调整", target=held, takes_effect_on=str(held.takes_effect_on))
    return apply_due(amendment=held, by=by) if held.is_due else None


@transaction.atomic
def cancel(*, amendment: Amendment, by: Any) -> None:
    """Give up a draft, or one that is approved and not begun. Raises ``AmendmentRefused``."""
    held = Amendment.objects.select_for_update().get(pk=amendment.pk)
    begun = held.changes.exclude(made=None).exists()
    if held.state not in {State.DRAFT, State.APPROVED} or held.is_due or begun:
        raise AmendmentRefused(f"这次调整{held.get_state_display()}，不能撤销；需要恢复的，请另提一次调整。")
    Amendment.objects.filter(pk=held.pk).update(state=State.CANCELLED)
    audit(by=by, verb="撤销活动调整", target=held)


def apply_due(*, amendment: Amendment, by: Any) -> Job:
    """The job that applies it; asked for again it is the one that waits."""
    return submit_once(kind="amendment", title=f"{amendment}：办理生效", params={"amendment": amendment.pk}, by=by)


def is_being_applied(amendment: Amendment) -> bool:
    return Job.objects.unfinished().filter(kind="amendment", params={"amendment": amendment.pk}).exists()


def apply_all_due() -> int:
    """Each day: whatever's day has come and is not being applied; returns how many."""
    waiting = Amendment.objects.filter(state=State.APPROVED, takes_effect_on__lte=timezone.localdate())
    found = list(waiting.select_related("campaign", "approved_by"))
    for amendment in found:
        if not is_being_applied(amendment):
            apply_due(amendment=amendment, by=amendment.approved_by)
    return len(found)


@transaction.atomic
def make_pending(amendment: Amendment) -> None:
    """The new requirements, not in force yet. From here on every writer keeps their figures too.

    Whoever is writing at this moment is waited for: a unit that is just being taken in is either there for the chunks to come, or sees
    these rows.
    """
    hold_shape()
    held = Amendment.objects.select_for_update().get(pk=amendment.pk)
    held.campaign = amendment.campaign
    for change in held.changes.exclude(kind=Kind.WITHDRAW).filter(made=None).select_related("step", "requirement"):
        change.amendment = held
        made = change.planned()
        made.pk = None
        if change.requirement is None:
            made.number = (change.step.requirements.aggregate(last=Max("number"))["last"] or 0) + 1
        made.save()
        AmendmentChange.objects.filter(pk=change.pk).update(made=made)


def pass_over(amendment: Amendment, progress: Progress, words: str) -> None:
    """Bring the figures of every unit up to date, chunk by chunk; where it stopped is kept with each chunk."""
    cursor = Amendment.objects.values_list("cursor", flat=True).get(pk=amendment.pk)
    total = amendment.campaign.enrolments.count()
    done = amendment.campaign.enrolments.filter(pk__lte=cursor).count()
    for keys in chunks(amendment.campaign, after=cursor):
        with recording(keys):
            Amendment.objects.filter(pk=amendment.pk).update(cursor=keys[-1])
        done += len(keys)
        progress.report(done, total, f"{words}：{done} 个单位")


@transaction.atomic
def flip(amendment: Amendment, by: Any) -> None:
    """In one moment: what was asked until now is out of force, what takes its place is in force."""
    if not Amendment.objects.filter(pk=amendment.pk, state=State.APPROVED).update(
        state=State.APPLIED, applied_at=timezone.now(), cursor=0
    ):
        return
    changes = list(amendment.changes.all())
    gone = [c.requirement_id for c in changes if c.requirement_id]
    Requirement.objects.filter(pk__in=gone).update(in_force=False, withdrawn_on=timezone.localdate())
    Requirement.objects.filter(pk__in=[c.made_id for c in changes if c.made_id]).update(in_force=True)
    Amendment.objects.filter(pk=amendment.pk).update(outcome=outcome_of(amendment))
    audit(by=by, verb="活动调整生效", target=amendment, changes=len(changes))


def run_applying(job: Job, progress: Progress) -> Outcome:
    """Get the figures ready, flip, bring the phases' figures in line. May be interrupted and begun again anywhere."""
    amendment = Amendment.objects.select_related("campaign__organization").filter(pk=job.params["amendment"]).first()
    if amendment is None or amendment.state not in {State.APPROVED, State.APPLIED}:
        raise JobFailure("这次调整已经撤销，没有改动任何规定动作。")
    if amendment.state == State.APPROVED:
        if not amendment.is_due:
            raise JobFailure("还没有到生效日期，没有改动任何规定动作。")
        make_pending(amendment)
        if amendment.changes.exclude(made=None).exists():
            pass_over(amendment, progress, "准备新要求的数字")
        flip(amendment, job.by)
    pass_over(amendment, progress, "核对各单位进度")
    return Outcome(message="调整已生效，各单位的进度已按新要求计算。")


def run_foreseeing(job: Job, progress: Progress) -> Outcome:
    amendment = Amendment.objects.select_related("campaign__organization").filter(pk=job.params["amendment"]).first()
    try:
        if amendment is None or not keep_effect(amendment, progress):
            raise JobFailure("测算期间调整内容有改动，请重新测算。")
    except AmendmentRefused as refusal:
        raise JobFailure(str(refusal)) from None
    return Outcome(message="测算完成，请回到活动调整页面查看。")


job_kinds.register(JobKind("amendment", "活动调整生效", run_applying))
job_kinds.register(JobKind("amendment-effect", "测算调整影响", run_foreseeing))
