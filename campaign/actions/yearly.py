"""What begins anew every year (S4): when a year is over, the next one is made from it."""

import re
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign.actions import enrolment as enrolments
from campaign.actions.campaign import set_up
from campaign.actions.closing import close
from campaign.actions.refusal import Refused
from campaign.blueprints.shipped import read
from campaign.models import Campaign, Enrolment, PhaseWindow, Requirement
from members.dates import add_months
from members.models import Organization
from portal.actions.job import submit
from portal.actions.log import audit
from portal.jobs import JobFailure, JobKind, Outcome, Progress, job_kinds
from portal.models import Job

CHUNK = 200
YEAR = 12


class NotOver(Refused):
    """The year is not over yet, or the campaign is none that recurs; the message (Chinese) says which."""


def is_over(campaign: Campaign) -> bool:
    """Whether the next year can be begun."""
    recurs = bool(campaign.settings.get("yearly")) and campaign.state != Campaign.State.DRAFT
    return recurs and campaign.ends_on < timezone.localdate()


def next_name(campaign: Campaign) -> str:
    """The name with the year in it moved on; with the year behind it where it names none."""
    year = campaign.starts_on.year
    moved = re.sub(rf"(?<!\d){year}(?!\d)", str(year + 1), campaign.name)
    return moved if moved != campaign.name else f"{campaign.name[:110]}（{year + 1}年）"


def as_data(campaign: Campaign) -> dict[str, Any]:
    """A campaign as a blueprint's data: what it asks today, amendments included."""
    phases = []
    concentrated = campaign.settings.get("concentrated", [])
    for phase in campaign.phases.prefetch_related("steps"):
        steps = [{"name": step.name, "requirements": asked(step.pk)} for step in phase.steps.all()]
        phases.append(
            {
                "name": phase.name,
                "aim": phase.aim,
                "preparation": bool(campaign.settings.get("preparation")) and phase.number == 0,
                "concentrated": phase.number in concentrated,
                "steps": [step for step in steps if step["requirements"]],
            }
        )
    return {
        "code": campaign.blueprint,
        "name": campaign.name,
        "sequential": campaign.sequential,
        "committees": bool(campaign.settings.get("committees")),
        "yearly": True,
        "concentrated_months": campaign.settings.get("concentrated_months", 0),
        "batches": [{"name": batch.name, "months": YEAR} for batch in campaign.batches.all()],
        "materials": [{"title": m.title, "required": m.required} for m in campaign.materials.all()],
        "phases": [phase for phase in phases if phase["steps"]],
    }


def asked(step: int) -> list[dict[str, Any]]:
    rows = Requirement.objects.in_force().filter(step=step).order_by("number", "pk")
    return [
        {
            "label": r.label,
            "indicator": r.indicator_code,
            "audience": r.audience_code,
            "params": r.params,
            "sectors": r.sectors,
            "waivable": r.waivable,
            "due_from": r.due_from,
            "due_offset": r.due_offset,
            "hint": r.hint,
        }
        | ({"due_day": f"{r.due_date:%m-%d}"} if r.due_from == "date" and r.due_date else {})
        for r in rows
    ]


def a_year_on(day: date) -> date:
    return add_months(day, YEAR)


@transaction.atomic
def begin_next_year(*, campaign: Campaign, by: Any) -> tuple[Campaign, Job]:
    """The next year's campaign, running, and the job that takes the units in again; the year that is over is closed. Pressed again it
    is the same campaign and job. Raises ``NotOver``, and ``Refused`` while requests of the old year wait for a decision."""
    held = Campaign.objects.select_for_update(no_key=True).select_related("organization").get(pk=campaign.pk)
    following = Campaign.objects.filter(previous=held).first()
    if following is None:
        if not is_over(held):
            raise NotOver("本年度还没有结束，或者这项活动不是每年循环的，不能建立下一年度。")
        following = make_following(held, by)
    title = f"{following.name}：编入参加单位"
    params = {"campaign": following.pk}
    return following, submit(kind="next-year", title=title, params=params, by=by, key=f"next-year-{following.pk}")


def make_following(campaign: Campaign, by: Any) -> Campaign:
    batches = list(campaign.batches.all())
    made = set_up(
        blueprint=read(as_data(campaign)),
        organization=campaign.organization,
        name=next_name(campaign),
        starts_on=a_year_on(campaign.starts_on),
        batches=[(a_year_on(batch.starts_on), a_year_on(batch.ends_on)) for batch in batches],
        by=by,
    )
    windows = PhaseWindow.objects.filter(batch__campaign=campaign).select_related("batch", "phase")
    kept = {(w.batch.number, w.phase.name): w for w in windows}
    for window in PhaseWindow.objects.filter(batch__campaign=made).select_related("batch", "phase"):
        if old := kept.get((window.batch.number, window.phase.name)):
            window.starts_on, window.ends_on = a_year_on(old.starts_on), a_year_on(old.ends_on)
            window.save(update_fields=["starts_on", "ends_on"])
    Campaign.objects.filter(pk=made.pk).update(previous=campaign, state=Campaign.State.RUNNING)
    if campaign.state == Campaign.State.RUNNING:
        close(campaign=campaign, note=f"本年度已结束，转入{made.name}", by=by)
    audit(by=by, verb="建立下一年度活动", target=made, previous=campaign.pk)
    return Campaign.objects.get(pk=made.pk)


def run_next_year(job: Job, progress: Progress) -> Outcome:
    """The units of last year are taken in again, batch by batch, and started where nothing stands in the way. Goes on where it stopped."""
    campaign = Campaign.objects.select_related("organization", "previous").filter(pk=job.params["campaign"]).first()
    if campaign is None or campaign.previous is None:
        raise JobFailure("下一年度活动已不存在，没有编入任何单位。")
    for batch in campaign.batches.all():
        units = campaign.previous.enrolments.counted().filter(batch__number=batch.number)
        places = list(units.in_tree_order().values_list("organization", flat=True))
        for start in range(0, len(places), CHUNK):
            here = Organization.objects.filter(pk__in=places[start : start + CHUNK])
            enrolments.enrol(batch=batch, organizations=here, by=job.by)
            progress.report(start, len(places), f"{batch.name}：正在编入 {start} / {len(places)} 个单位")
    waiting = start_all(campaign, job, progress)
    entered = campaign.enrolments.count()
    left = f"，其中 {waiting} 个还不能启动，请到活动页面查看原因" if waiting else ""
    return Outcome(message=f"已编入 {entered} 个单位{left}。")


def start_all(campaign: Campaign, job: Job, progress: Progress) -> int:
    """Start every unit that can be; returns how many cannot."""
    preparing = list(campaign.enrolments.filter(state=Enrolment.State.PREPARING).select_related("organization"))
    waiting = 0
    for number, unit in enumerate(preparing, 1):
        reasons, missing = enrolments.start(enrolment=unit, by=job.by)
        waiting += bool(reasons or missing)
        if number % CHUNK == 0:
            progress.report(number, len(preparing), f"正在启动 {number} / {len(preparing)} 个单位")
    return waiting


job_kinds.register(JobKind("next-year", "建立下一年度活动", run_next_year))
