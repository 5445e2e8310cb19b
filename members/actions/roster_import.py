"""A roster on its way: uploaded, checked, confirmed, written whole or not at all."""

import hashlib
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from members.models import Organization, RosterImport
from members.registry import roll_changed
from members.roster.checking import OUTCOMES, REFUSED, Plan, check
from members.roster.writing import write
from portal.actions.job import submit
from portal.actions.log import audit
from portal.jobs import JobFailure, LeaseLost, Outcome, Progress
from portal.models import Job
from portal.sheets import Unreadable

State = RosterImport.State


@transaction.atomic
def upload(*, organization: Organization, name: str, content: bytes, by: Any) -> RosterImport:
    """Keep the file and have a worker compare it with the roll. The same file again by the same person gives the import under way."""
    digest = hashlib.sha256(content).hexdigest()
    waiting = RosterImport.objects.filter(
        organization=organization, digest=digest, by=by, state__in=[State.CHECKING, State.WRITING]
    ).first()
    if waiting is not None:
        return waiting
    roster = RosterImport(organization=organization, file_name=name[:255], digest=digest, by=by)
    roster.file.save(f"{digest[:20]}.roster", ContentFile(content), save=False)
    roster.save()
    roster.check_job = submit(kind="roster-check", title=f"核对名册 {name}", params={"roster": roster.pk}, by=by)
    roster.save(update_fields=["check_job"])
    return roster


def read(roster: RosterImport) -> bytes:
    with roster.file.open("rb") as file:
        return file.read()


def run_check(job: Job, progress: Progress) -> Outcome:
    """Compare and keep the preview."""
    roster = RosterImport.objects.select_related("organization").get(pk=job.params["roster"])
    url = reverse("roster-import-detail", args=[roster.pk])
    try:
        plan = check(read(roster), roster.organization, timezone.localdate(), progress.report)
    except Unreadable as error:
        RosterImport.objects.filter(pk=roster.pk, state=State.CHECKING).update(state=State.REFUSED, report={"error": str(error)})
        raise JobFailure(str(error)) from error
    RosterImport.objects.filter(pk=roster.pk, state=State.CHECKING).update(state=State.CHECKED, report=preview(plan))
    return Outcome(message="核对完成，请查看预览后确认。", result={"url": url})


def preview(plan: Plan) -> dict[str, Any]:
    """What the preview page shows; unchanged rows are only counted."""
    return {
        "digest": plan.digest(),
        "counts": plan.counts(),
        "skipped": plan.skipped,
        "rows": [row.summary() for row in plan.rows],
    }


@transaction.atomic
def confirm(*, roster: RosterImport, by: Any) -> bool:
    """Have a worker write it. ``False`` when it can't be confirmed now (already confirmed, or rows are refused)."""
    counts = roster.report.get("counts", {})
    if counts.get(REFUSED) or not any(counts.get(outcome) for outcome in OUTCOMES):
        return False
    if not RosterImport.objects.filter(pk=roster.pk, state=State.CHECKED).update(state=State.WRITING, confirmed_at=timezone.now()):
        return False
    job = submit(kind="roster-write", title=f"导入名册 {roster.file_name}", params={"roster": roster.pk}, by=by)
    RosterImport.objects.filter(pk=roster.pk).update(write_job=job)
    return True


def discard(*, roster: RosterImport, by: Any) -> bool:
    """Give a preview up; nothing was written."""
    if not RosterImport.objects.filter(pk=roster.pk, state__in=[State.CHECKED, State.REFUSED]).update(state=State.DISCARDED):
        return False
    audit(by=by, verb="放弃导入名册", target=roster)
    return True


def run_write(job: Job, progress: Progress) -> None:
    """Check once more against the roll as it is now, then write everything and mark the job done in one transaction."""
    roster = RosterImport.objects.select_related("organization").get(pk=job.params["roster"])
    today = timezone.localdate()
    plan = check(read(roster), roster.organization, today, progress.report)
    if plan.digest() != roster.report["digest"]:
        RosterImport.objects.filter(pk=roster.pk, state=State.WRITING).update(state=State.CHECKED, report=preview(plan))
        raise JobFailure("预览之后名册又有变动，没有写入任何数据。已重新核对，请查看新的预览后再确认。")
    with transaction.atomic():
        if not RosterImport.objects.filter(pk=roster.pk, state=State.WRITING).update(state=State.DONE):
            raise LeaseLost
        branches = write(plan, roster.organization, today)
        roll_changed(branches)
        counts = plan.counts()
        audit(by=job.by, verb="导入名册", target=roster, counts=counts)
        words = "，".join(f"{OUTCOMES[outcome]} {number} 行" for outcome, number in counts.items() if number)
        url = reverse("roster-import-detail", args=[roster.pk])
        progress.finish(Outcome(message=f"导入完成：{words}。", result={"url": url}))
