"""Setting a campaign up from its blueprint, opening it, and changing its calendar."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from campaign.blueprints.shipped import Blueprint, PhasePlan
from campaign.models import (
    Batch,
    Campaign,
    Enrolment,
    Material,
    Participation,
    Phase,
    PhaseRun,
    PhaseWindow,
    Requirement,
    Step,
)
from campaign.progress.writing import fill, refresh
from campaign.units.dates import DAY, propose
from members.dates import add_months
from members.models import Organization
from members.tree_lock import changing_roll
from portal.actions.log import audit

Dates = tuple[date, date]


def batch_dates(blueprint: Blueprint, starts_on: date) -> list[Dates]:
    """The batches one after another, as long as the blueprint says (S0 四: 分三批进行，每批半年左右)."""
    dates, start = [], starts_on
    for batch in blueprint.batches:
        following = add_months(start, batch.months)
        dates.append((start, following - DAY))
        start = following
    return dates


@changing_roll()
def set_up(
    *,
    blueprint: Blueprint,
    organization: Organization,
    name: str,
    starts_on: date,
    by: Any,
    batches: Sequence[Dates] = (),
    chosen: Mapping[str, Mapping[str, Any]] | None = None,
) -> Campaign:
    """A draft campaign with everything the blueprint says. The same name and first day again is the same campaign (a
    button pressed twice).

    ``chosen``: the optional requirements that are wanted, by key, with their parameters.
    """
    dates = list(batches) or batch_dates(blueprint, starts_on)
    first_day = min(start for start, _ in dates)
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    known = Campaign.objects.filter(organization=organization, name=name, starts_on=first_day).first()
    if known is not None:
        return known
    concentrated = [n for n, phase in enumerate(blueprint.phases) if phase.concentrated]
    campaign = Campaign.objects.create(
        organization=organization,
        name=name,
        blueprint=blueprint.code,
        sequential=blueprint.sequential,
        starts_on=first_day,
        ends_on=max(end for _, end in dates),
        settings={
            "preparation": blueprint.phases[0].preparation,
            "concentrated": concentrated,
            "concentrated_months": blueprint.concentrated_months,
            "committees": blueprint.committees,
            "yearly": blueprint.yearly,
        },
    )
    phases = [make_phase(campaign, number, plan, chosen or {}) for number, plan in enumerate(blueprint.phases)]
    Material.objects.bulk_create(
        Material(campaign=campaign, title=m.title, required=m.required) for m in blueprint.materials
    )
    for number, (plan, (start, end)) in enumerate(zip(blueprint.batches, dates, strict=True), 1):
        batch = Batch.objects.create(campaign=campaign, number=number, name=plan.name, starts_on=start, ends_on=end)
        PhaseWindow.objects.bulk_create(
            PhaseWindow(batch=batch, phase=phase, starts_on=first, ends_on=last)
            for phase, (first, last) in zip(phases, windows(blueprint, start, end), strict=True)
        )
    fill(campaign)
    audit(by=by, verb="建立教育活动", target=campaign, blueprint=blueprint.code)
    return campaign


def windows(blueprint: Blueprint, start: date, end: date) -> list[Dates]:
    """Proposed phases of one batch; all the time for each where they run side by side."""
    if not blueprint.sequential:
        return [(start, end)] * len(blueprint.phases)
    return propose(start, end, [phase.concentrated for phase in blueprint.phases], blueprint.concentrated_months)


def make_phase(campaign: Campaign, number: int, plan: PhasePlan, chosen: Mapping[str, Mapping[str, Any]]) -> Phase:
    """One phase with its steps and those requirements that are not optional or were chosen."""
    phase = Phase.objects.create(campaign=campaign, number=number, name=plan.name, aim=plan.aim)
    for s, step_plan in enumerate(plan.steps, 1):
        step = Step.objects.create(phase=phase, number=s, name=step_plan.name)
        wanted = [r for r in step_plan.requirements if not r.optional or r.key in chosen]
        Requirement.objects.bulk_create(
            Requirement(
                step=step,
                campaign=campaign,
                number=n,
                label=r.label,
                indicator_code=r.indicator,
                params={**r.params, **chosen.get(r.key, {})},
                audience_code=r.audience,
                sectors=list(r.sectors),
                waivable=r.waivable,
                due_from=r.due_from,
                due_offset=r.due_offset,
                due_date=first_such_day(r.due_day, campaign.starts_on) if r.due_day else None,
                hint=r.hint,
            )
            for n, r in enumerate(wanted, 1)
        )
    return phase


def first_such_day(day: str, starts_on: date) -> date:
    """The first ``12-31`` (month and day) on or after a campaign's first day."""
    this_year = date.fromisoformat(f"{starts_on.year}-{day}")
    return this_year if this_year >= starts_on else this_year.replace(year=starts_on.year + 1)


@transaction.atomic
def open_campaign(*, campaign: Campaign, by: Any) -> bool:
    """DRAFT → RUNNING; ``False`` if it was not a draft any more."""
    moved = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.DRAFT).update(state=Campaign.State.RUNNING)
    if moved:
        audit(by=by, verb="启动教育活动", target=campaign)
    return moved == 1


@transaction.atomic
def change_calendar(*, batch: Batch, name: str, dates: Dates, phases: Mapping[int, Dates], by: Any) -> None:
    """New dates of a batch and its phases (by phase id).

    Units follow where they had the batch's dates; who chose own dates keeps them.
    """
    old = (batch.starts_on, batch.ends_on)
    batch.name, (batch.starts_on, batch.ends_on) = name, dates
    batch.save(update_fields=["name", "starts_on", "ends_on"])
    enrolments = Enrolment.objects.filter(batch=batch)
    Participation.objects.filter(enrolment__in=enrolments.filter(starts_on=old[0]), joined_on=old[0]).update(
        joined_on=dates[0]
    )
    enrolments.filter(starts_on=old[0], ends_on=old[1]).update(starts_on=dates[0], ends_on=dates[1])
    for window in batch.windows.all():
        start, end = phases[window.phase_id]
        PhaseRun.objects.filter(
            enrolment__batch=batch, phase=window.phase_id, starts_on=window.starts_on, ends_on=window.ends_on
        ).update(starts_on=start, ends_on=end)
        PhaseWindow.objects.filter(pk=window.pk).update(starts_on=start, ends_on=end)
    span = Batch.objects.filter(campaign=batch.campaign_id).aggregate(first=Min("starts_on"), last=Max("ends_on"))
    Campaign.objects.filter(pk=batch.campaign_id).update(starts_on=span["first"], ends_on=span["last"])
    refresh(batch.campaign, batch)
    refresh(batch.campaign, batch=batch)
    audit(by=by, verb="调整批次时间", target=batch, starts_on=str(dates[0]), ends_on=str(dates[1]))
