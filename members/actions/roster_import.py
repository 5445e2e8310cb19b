"""A roster on its way: uploaded, checked, confirmed, written whole or not at all."""

import hashlib
from copy import deepcopy
from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from members.models import Organization, RosterImport
from members.registry import roll_changed
from members.roster.checking import parse, settle
from members.roster.rows import CHANGED, CREATED, OUTCOMES, REFUSED, Plan
from members.roster.writing import write
from portal.actions.job import submit
from portal.actions.log import audit
from portal.jobs import JobFailure, LeaseLost, Outcome, Progress
from portal.models import Job
from portal.sealed_files import Damaged, read_sealed, sealed
from portal.sheets import Unreadable

State = RosterImport.State
SEAL = "roster.file"


@transaction.atomic
def upload(*, organization: Organization, name: str, content: bytes, by: Any) -> RosterImport:
    """Keep the file and have a worker compare it with the roll; the same file again gives the import under way."""
    digest = hashlib.sha256(content).hexdigest()
    waiting = RosterImport.objects.filter(
        organization=organization, digest=digest, by=by, state__in=[State.CHECKING, State.WRITING]
    ).first()
    if waiting is not None:
        return waiting
    roster = RosterImport(organization=organization, file_name=name[:255], digest=digest, by=by)
    roster.file.save(f"{digest[:20]}.roster", ContentFile(b"".join(sealed(content, SEAL))), save=False)
    roster.save()
    roster.check_job = submit(kind="roster-check", title=f"核对名册 {name}", params={"roster": roster.pk}, by=by)
    roster.save(update_fields=["check_job"])
    return roster


def read(roster: RosterImport) -> bytes:
    """The file as it was uploaded; on the disk it lies sealed, for it holds identity numbers. Raises ``JobFailure`` when it is damaged."""
    try:
        with roster.file.open("rb") as file:
            return read_sealed(file, SEAL)
    except Damaged as error:
        raise JobFailure("保存的名册文件已损坏或被改动，没有写入任何数据。请放弃这次导入，重新上传名册。") from error


def drop_file(roster: RosterImport) -> None:
    """The file has served; it goes once the transaction is through."""
    RosterImport.objects.filter(pk=roster.pk).update(file="")
    storage, name = roster.file.storage, roster.file.name
    if name:
        transaction.on_commit(lambda: storage.delete(name))


def run_check(job: Job, progress: Progress) -> Outcome:
    """Compare and keep the preview."""
    roster = RosterImport.objects.select_related("organization").get(pk=job.params["roster"])
    url = reverse("roster-import-detail", args=[roster.pk])
    try:
        plan = parse(read(roster), timezone.localdate(), progress.report)
        settle(plan, roster.organization, progress.report)
    except Unreadable as error:
        RosterImport.objects.filter(pk=roster.pk, state=State.CHECKING).update(
            state=State.REFUSED, report={"error": str(error)}
        )
        raise JobFailure(str(error)) from error
    RosterImport.objects.filter(pk=roster.pk, state=State.CHECKING).update(state=State.CHECKED, report=preview(plan))
    return Outcome(message="核对完成，请查看预览后确认。", result={"url": url})


def preview(plan: Plan) -> dict[str, Any]:
    """What the preview page shows."""
    return {
        "digest": plan.digest(),
        "counts": plan.counts(),
        "skipped": plan.skipped,
        "ignored": plan.ignored,
        "rows": [row.summary() for row in plan.rows],
    }


@transaction.atomic
def confirm(*, roster: RosterImport, by: Any, digest: str | None = None) -> bool:
    """Have a worker write the preview, which has this ``digest`` if it is the one that was seen.

    ``False`` when it can't be confirmed now: already confirmed, rows refused, nothing to do, or another preview by now.
    """
    digest = roster.report.get("digest", "") if digest is None else digest
    counts = roster.report.get("counts", {})
    if counts.get(REFUSED) or not any(counts.get(o) for o in (CREATED, CHANGED)) or roster.report["digest"] != digest:
        return False
    ready = Q(state=State.CHECKED, report__digest=digest) | Q(
        pk__in=RosterImport.objects.stuck(State.WRITING).values("pk")
    )
    now = timezone.now()
    if not RosterImport.objects.filter(ready, pk=roster.pk).update(
        state=State.WRITING, confirmed_at=now, write_job=None
    ):
        return False
    job = submit(kind="roster-write", title=f"导入名册 {roster.file_name}", params={"roster": roster.pk}, by=by)
    RosterImport.objects.filter(pk=roster.pk).update(write_job=job)
    return True


def discard(*, roster: RosterImport, by: Any) -> bool:
    """Give a preview up; nothing was written."""
    stuck = RosterImport.objects.stuck(State.CHECKING) | RosterImport.objects.stuck(State.WRITING)
    free = Q(state__in=[State.CHECKED, State.REFUSED]) | Q(pk__in=stuck.values("pk"))
    if not RosterImport.objects.filter(free, pk=roster.pk).update(state=State.DISCARDED, report={}):
        return False
    drop_file(roster)
    audit(by=by, verb="放弃导入名册", target=roster)
    return True


def run_write(job: Job, progress: Progress) -> None:
    """Check once more, then write everything and mark the job done in one transaction.

    The roll is compared twice: first with visible progress, then under the lock that keeps other imports out.
    """
    roster = RosterImport.objects.select_related("organization").get(pk=job.params["roster"])
    content, today = read(roster), timezone.localdate()
    url = reverse("roster-import-detail", args=[roster.pk])
    parsed = parse(content, today, progress.report)
    plan = deepcopy(parsed)
    settle(plan, roster.organization, progress.report)
    if plan.digest() == roster.report["digest"]:
        with transaction.atomic():
            lock_roll(roster)
            plan = parsed
            settle(plan, Organization.objects.get(pk=roster.organization_id))
            if plan.digest() == roster.report["digest"]:
                finish(roster, plan, today, job, progress, url)
                return
    RosterImport.objects.filter(pk=roster.pk, state=State.WRITING).update(state=State.CHECKED, report=preview(plan))
    raise JobFailure("预览之后名册又有变动，没有写入任何数据。已重新核对，请查看新的预览后再确认。")


def lock_roll(roster: RosterImport) -> None:
    """One import at a time under one topmost organisation: subtrees may overlap, and so may people."""
    top = roster.organization.path[: Organization.steplen]
    Organization.objects.select_for_update().get(path=top)


def finish(roster: RosterImport, plan: Plan, today: date, job: Job, progress: Progress, url: str) -> None:
    if not RosterImport.objects.filter(pk=roster.pk, state=State.WRITING).update(state=State.DONE):
        raise LeaseLost
    roll_changed(write(plan, today))
    counts = plan.counts()
    audit(by=job.by, verb="导入名册", target=roster, counts=counts)
    drop_file(roster)
    words = "，".join(f"{OUTCOMES[outcome]} {number} 行" for outcome, number in counts.items() if number)
    progress.finish(Outcome(message=f"导入完成：{words}。", result={"url": url}))
