"""Keeping reading lists. What is required of whom changes figures: they are counted anew, of many units by a job."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign.models import Campaign, Enrolment, Material, Requirement
from campaign.progress.writing import recording
from portal.actions.job import submit_once
from portal.actions.log import audit
from portal.jobs import JobKind, Outcome, Progress, job_kinds
from portal.models import Job

# So many units are counted while one waits; more are a job.
AT_ONCE = 300
MATERIALS_READ = "materials-read"


def save(*, material: Material, by: Any) -> Material:
    """Add or change a material; one of the same title at the same place that is there already is that one."""
    with transaction.atomic(), recording([material.enrolment_id] if material.enrolment_id else []):
        same = Material.objects.filter(
            campaign=material.campaign_id, enrolment=material.enrolment_id, title=material.title
        )
        new = material.pk is None
        if new and (known := same.first()):
            return known
        if new:
            material.by = by
        material.save()
        audit(by=by, verb="新增学习材料" if new else "修改学习材料", target=material)
        count_anew(material.campaign, by) if material.enrolment_id is None else None
    return material


def withdraw(*, material: Material, by: Any, back: bool = False) -> None:
    """Nobody is asked for it any more (or again); who has read it stays on record."""
    with transaction.atomic(), recording([material.enrolment_id] if material.enrolment_id else []):
        moved = Material.objects.filter(pk=material.pk, withdrawn_on__isnull=back is False).update(
            withdrawn_on=None if back else timezone.localdate()
        )
        if moved:
            audit(by=by, verb="恢复学习材料" if back else "停用学习材料", target=material)
            count_anew(material.campaign, by) if material.enrolment_id is None else None


def arrange(*, campaign: Campaign, enrolment: Enrolment | None, places: Mapping[int, int], by: Any) -> None:
    """Put the materials of a list into another order."""
    with transaction.atomic():
        for material in Material.objects.filter(campaign=campaign, enrolment=enrolment, pk__in=places):
            Material.objects.filter(pk=material.pk).update(position=places[material.pk])
        audit(by=by, verb="调整学习材料顺序", target=enrolment or campaign)


def count_anew(campaign: Campaign, by: Any) -> None:
    """What everybody owes has changed, if this campaign asks for reading at all."""
    if not Requirement.objects.kept().filter(campaign=campaign, indicator_code=MATERIALS_READ).exists():
        return
    units = campaign.enrolments.in_tree_order().values_list("pk", flat=True)
    if len(first := list(units[: AT_ONCE + 1])) <= AT_ONCE:
        with recording(first):
            return
    submit_once(
        kind="reading-recount",
        title=f"重新统计“{campaign.name}”必学材料的完成情况",
        params={"campaign": campaign.pk},
        by=by,
    )


def recount(job: Job, progress: Progress) -> Outcome:
    """All units of the campaign, a few hundred at a time, in tree order."""
    campaign = Campaign.objects.get(pk=job.params["campaign"])
    units = list(campaign.enrolments.in_tree_order().values_list("pk", flat=True))
    for start in range(0, len(units), AT_ONCE):
        with recording(units[start : start + AT_ONCE]):
            progress.report(start, len(units), f"已统计 {start} 个单位")
    return Outcome(f"已重新统计 {len(units)} 个单位。")


job_kinds.register(JobKind("reading-recount", "重新统计必学材料", recount))
