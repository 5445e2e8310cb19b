"""Taking organisations into a batch, preparing and starting them, and waiving what need not be met."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaign.coverage import basic, without_batch
from campaign.models import Batch, Campaign, Enrolment, Participation, PhaseRun, Requirement, RollupPoint, Waiver
from campaign.progress import recording
from campaign.roll import take_in
from campaign.unmet import Gap, gaps
from members.models import Organization
from members.scope import within
from portal.actions.log import audit
from portal.jobs import JobFailure, JobKind, Outcome, Progress, job_kinds
from portal.models import Job

CHUNK = 50
Dates = tuple[date, date]


def placeless(campaign: Campaign, organizations: Iterable[Organization]) -> Any:
    """Open branches at or below ``organizations`` that are in no batch of the campaign yet, in tree order."""
    return without_batch(campaign, basic(campaign.organization).filter(within([o.path for o in organizations])))


def enrol(*, batch: Batch, organizations: Iterable[Organization], by: Any, progress: Progress | None = None) -> int:
    """Take every open branch at or below ``organizations`` that is in no batch yet into this one; returns how many.

    Each chunk is one transaction, and running it again does what is left.
    """
    waiting = iter(branches := list(placeless(batch.campaign, organizations)))
    done = 0
    while chunk := list(islice(waiting, CHUNK)):
        done += enrol_chunk(batch, chunk, by)
        if progress:
            progress.report(done, len(branches), f"已编入 {done} 个支部")
    return done


def enrol_chunk(batch: Batch, branches: list[Organization], by: Any) -> int:
    """One transaction: enrolments, their phase runs, the people who take part, and the figures."""
    windows = list(batch.windows.select_related("phase"))
    with transaction.atomic():
        # Held, so that none of them is given up before the branches that go into it are there.
        held = RollupPoint.objects.select_for_update(of=("self",)).filter(campaign=batch.campaign_id).order_by("pk")
        points = {p.organization.path: p for p in held.select_related("organization")}
        Enrolment.objects.bulk_create(
            [
                Enrolment(
                    campaign_id=batch.campaign_id,
                    batch=batch,
                    organization=branch,
                    phase=windows[0].phase if windows else None,
                    starts_on=batch.starts_on,
                    ends_on=batch.ends_on,
                    rollup=rollup_of(branch, points),
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


def rollup_of(branch: Organization, points: Mapping[str, RollupPoint]) -> RollupPoint | None:
    """The nearest roll-up point above a branch."""
    above = [branch.path[:n] for n in range(len(branch.path) - branch.steplen, 0, -branch.steplen)]
    return next((points[path] for path in above if path in points), None)


def run_enrolling(job: Job, progress: Progress) -> Outcome:
    """The job behind a large selection."""
    batch = Batch.objects.select_related("campaign__organization").filter(pk=job.params["batch"]).first()
    if batch is None:
        raise JobFailure("批次已不存在，没有编入任何单位。")
    organizations = Organization.objects.filter(pk__in=job.params["organizations"])
    count = enrol(batch=batch, organizations=organizations, by=job.by, progress=progress)
    return Outcome(message=f"共编入 {count} 个支部。")


job_kinds.register(JobKind("enrol", "编入批次", run_enrolling))


def prepare(*, enrolment: Enrolment, values: Mapping[str, Any], phases: Mapping[int, Dates], by: Any) -> None:
    """What a unit does before it starts: who leads, the plan, the survey, its own dates (``phases`` by run id)."""
    with recording([enrolment.pk]) as locked:
        for row in locked:
            old = row.starts_on
            for name, value in values.items():
                setattr(row, name, value)
            row.save(update_fields=list(values))
            Participation.objects.filter(enrolment=row, joined_on=old).update(joined_on=row.starts_on)
            for pk, (start, end) in phases.items():
                PhaseRun.objects.filter(enrolment=row, pk=pk).update(starts_on=start, ends_on=end)
        audit(by=by, verb="登记准备工作", target=enrolment)


def obstacles(enrolment: Enrolment) -> list[str]:
    """Why it cannot start at all, whatever has been prepared (S0 五(一): 软弱涣散的先行整顿; S2 三4)."""
    found = []
    if enrolment.campaign.state != Campaign.State.RUNNING:
        found.append(f"本次活动{enrolment.campaign.get_state_display()}，须由活动办公室启动活动后才能开始。")
    if enrolment.organization.is_blocked:
        found.append(
            f"组织状态为“{enrolment.organization.get_condition_display()}”，须先行整顿并由上级解除该状态，再开展活动。"
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
        if row.state != Enrolment.State.PREPARING:
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


def waive(
    *, requirement: Requirement, enrolment: Enrolment, participations: Iterable[Participation], reason: str, by: Any
) -> None:
    """The requirement need not be met by these people (none: by the branch itself); the first reason stays."""
    with recording([enrolment.pk]):
        people: list[Participation | None] = [*participations]
        for participation in people or [None]:
            same = Q(participation=participation) if participation else Q(participation=None, enrolment=enrolment)
            if Waiver.objects.filter(same, requirement=requirement).exists():
                continue
            waiver = Waiver.objects.create(
                requirement=requirement, enrolment=enrolment, participation=participation, reason=reason, by=by
            )
            audit(by=by, verb="免除规定动作", target=waiver, requirement=requirement.label)
