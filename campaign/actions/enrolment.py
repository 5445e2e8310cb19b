"""Taking organisations into a batch, preparing and starting them."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign.actions.leading_group import name_from_preparation
from campaign.actions.refusal import unless_over
from campaign.models import Batch, Campaign, Enrolment, PhaseRun
from campaign.progress.coverage import without_batch
from campaign.progress.writing import recording
from campaign.units.roll import take_in
from campaign.units.unmet import Gap, gaps
from members.models import Organization
from members.scope import within
from portal.actions.log import audit
from portal.jobs import JobFailure, JobKind, Outcome, Progress, job_kinds
from portal.models import Job

CHUNK = 50


def placeable(campaign: Campaign) -> Any:
    """Open organisations of the campaign that belong in a batch: branches, and committees where the campaign asks them too."""
    kinds = [*Organization.BRANCH_KINDS]
    if campaign.settings.get("committees"):
        kinds += Organization.COMMITTEE_KINDS
    return Organization.objects.under(campaign.organization).open().filter(kind__in=kinds)


def placeless(campaign: Campaign, organizations: Iterable[Organization]) -> Any:
    """Those at or below ``organizations`` that are in no batch of the campaign yet, in tree order."""
    return without_batch(campaign, placeable(campaign).filter(within([o.path for o in organizations])))


def enrol(*, batch: Batch, organizations: Iterable[Organization], by: Any, progress: Progress | None = None) -> int:
    """Take every unit at or below ``organizations`` that is in no batch yet into this one; returns how many.

    Each chunk is one transaction, and running it again does what is left.
    """
    waiting = iter(branches := list(placeless(batch.campaign, organizations)))
    done = 0
    while chunk := list(islice(waiting, CHUNK)):
        done += enrol_chunk(batch, chunk, by)
        if progress:
            progress.report(done, len(branches), f"已编入 {done} 个单位")
    return done


def enrol_chunk(batch: Batch, branches: list[Organization], by: Any) -> int:
    """One transaction: enrolments, their phase runs, the people who take part, and the figures."""
    windows = list(batch.windows.select_related("phase"))
    with transaction.atomic():
        Enrolment.objects.bulk_create(
            [
                Enrolment(
                    campaign_id=batch.campaign_id,
                    batch=batch,
                    organization=branch,
                    phase=windows[0].phase if windows else None,
                    starts_on=batch.starts_on,
                    ends_on=batch.ends_on,
                )
                for branch in branches
            ],
            ignore_conflicts=True,
        )
        new = Enrolment.objects.filter(batch=batch, organization__in=branches, runs=None)
        with recording(new.values_list("pk", flat=True)) as locked:
            for enrolment in locked:
                PhaseRun.objects.bulk_create(
                    PhaseRun(
                        enrolment=enrolment,
                        phase=w.phase,
                        starts_on=w.starts_on,
                        ends_on=w.ends_on,
                        state=PhaseRun.State.WAITING if position else PhaseRun.State.ACTIVE,
                    )
                    for position, w in enumerate(windows)
                )
                take_in(enrolment)
                audit(by=by, verb="编入批次", target=enrolment, batch=batch.name)
    return len(locked)


def run_enrolling(job: Job, progress: Progress) -> Outcome:
    """The job behind a large selection."""
    batch = Batch.objects.select_related("campaign__organization").filter(pk=job.params["batch"]).first()
    if batch is None:
        raise JobFailure("批次已不存在，没有编入任何单位。")
    organizations = Organization.objects.filter(pk__in=job.params["organizations"])
    count = enrol(batch=batch, organizations=organizations, by=job.by, progress=progress)
    return Outcome(message=f"共编入 {count} 个单位。")


job_kinds.register(JobKind("enrol", "编入批次", run_enrolling))


def prepare(*, enrolment: Enrolment, values: Mapping[str, Any], by: Any) -> None:
    """What a unit does before it starts: who leads (``head``, ``office_members``), the survey (``survey_note``)."""
    with recording([enrolment.pk]) as locked:
        row = locked[0]
        unless_over(row)
        led = {name: values[name] for name in ("head", "office_members") if name in values}
        if "survey_note" in values:
            row.survey_note = values["survey_note"]
            row.save(update_fields=["survey_note"])
        name_from_preparation(enrolment=row, by=by, **led)
        audit(by=by, verb="登记准备工作", target=enrolment)


def mark_pilot(*, enrolment: Enrolment, pilot: bool, by: Any) -> bool:
    """试点 or not; ``False`` where it was so already."""
    changed = Enrolment.objects.filter(pk=enrolment.pk).exclude(pilot=pilot).update(pilot=pilot)
    if changed:
        audit(by=by, verb="定为试点单位" if pilot else "取消试点单位", target=enrolment)
    return changed == 1


def obstacles(enrolment: Enrolment) -> list[str]:
    """Why it cannot start at all, whatever has been prepared (S0 五(一): 软弱涣散的先行整顿; S2 三4)."""
    found = []
    if enrolment.campaign.state != Campaign.State.RUNNING:
        found.append(f"本次活动{enrolment.campaign.get_state_display()}，须由活动办公室启动活动后才能开始。")
    if enrolment.organization.is_blocked:
        found.append(
            f"组织状态为“{enrolment.organization.get_condition_display()}”，须先行整顿并由上级解除该状态，再开展活动。"
        )
    first = enrolment.starts_on
    if timezone.localdate() < first:
        found.append(
            f"本单位的活动时间从{first.year}年{first.month}月{first.day}日开始，到那一天才能启动。"
            "需要提前的，请先调整本单位时间，或请活动办公室调整。"
        )
    return found


def missing_for_start(enrolment: Enrolment) -> list[Gap]:
    """What the preparation phase still lacks, by name (S2 三1: 准备工作不充分的，不要急于启动)."""
    if not enrolment.campaign.settings.get("preparation"):
        return []
    return gaps(enrolment, phases=[run.phase_id for run in enrolment.runs.all() if run.phase.number == 0])


def start(*, enrolment: Enrolment, by: Any) -> tuple[list[str], list[Gap]]:
    """PREPARING → RUNNING in the first phase after the preparation. Returns what stands in the way, if anything."""
    with recording([enrolment.pk]) as locked:
        row = Enrolment.objects.select_related("campaign", "organization").get(pk=locked[0].pk)
        reasons, missing = obstacles(row), missing_for_start(row)
        if row.state == Enrolment.State.POSTPONED:
            reasons.append("本单位的活动已暂缓，恢复后才能启动。")
        elif row.state != Enrolment.State.PREPARING:
            reasons.append("本单位已经启动，不必重复操作。")
        if reasons or missing:
            return reasons, missing
        today = timezone.localdate()
        prepared = bool(row.campaign.settings.get("preparation"))
        runs = list(row.runs.select_related("phase").order_by("phase__number"))
        opened = runs[1:] if prepared else runs
        opened = opened[:1] if row.campaign.sequential else opened
        if prepared:
            PhaseRun.objects.filter(pk=runs[0].pk).update(state=PhaseRun.State.DONE, completed_on=today)
        PhaseRun.objects.filter(pk__in=[run.pk for run in opened]).update(state=PhaseRun.State.ACTIVE)
        Enrolment.objects.filter(pk=row.pk, state=Enrolment.State.PREPARING).update(
            state=Enrolment.State.RUNNING, started_on=today, phase=opened[0].phase if opened else row.phase
        )
        audit(by=by, verb="启动本单位活动", target=row)
    return [], []
