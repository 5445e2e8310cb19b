"""A roster on its way: uploaded, checked, corrected by the clerk, confirmed, written whole or not at all."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from members.models import ColumnMapping, Organization, RosterChoice, RosterImport, RosterRow
from members.roster.columns import digest_of
from members.roster.rows import ASKED, CHANGED, CREATED, REFUSED
from portal.actions.job import submit
from portal.actions.log import audit
from portal.jobs import JobFailure
from portal.sealed_files import Damaged, read_sealed, sealed

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
    have_checked(roster, by)
    return roster


def have_checked(roster: RosterImport, by: Any) -> None:
    roster.check_job = submit(
        kind="roster-check", title=f"核对名册 {roster.file_name}", params={"roster": roster.pk}, by=by
    )
    roster.save(update_fields=["check_job"])


@transaction.atomic
def check_again(*, roster: RosterImport, by: Any) -> bool:
    """Have a worker compare the file once more; ``False`` when that is under way, or the file has served."""
    ready = RosterImport.objects.filter(pk=roster.pk, state__in=[State.CHECKED, State.REFUSED]).exclude(file="")
    if not ready.update(state=State.CHECKING):
        return False
    roster.state = State.CHECKING
    have_checked(roster, by)
    return True


@transaction.atomic
def say_columns(*, roster: RosterImport, columns: Mapping[str, Any], by: Any) -> bool:
    """What the columns mean, for this file and for the next with the same headings; the file is checked again.

    ``columns`` = ``{sheet: {"kind", "row", "height", "headings", "fields": {field: column}}}``.
    """
    if not check_again(roster=roster, by=by):
        return False
    said = {sheet: {k: v for k, v in each.items() if k != "headings"} for sheet, each in columns.items()}
    RosterImport.objects.filter(pk=roster.pk).update(columns={**roster.columns, **said})
    for each in columns.values():
        if each["kind"]:
            ColumnMapping.objects.update_or_create(
                organization_id=roster.organization_id,
                digest=digest_of(each["headings"]),
                defaults={"kind": each["kind"], "fields": each["fields"], "by": by},
            )
    audit(by=by, verb="指定名册各列", target=roster, sheets=list(columns))
    return True


@transaction.atomic
def choose(*, roster: RosterImport, chosen: Iterable[tuple[RosterRow, int | None]], by: Any) -> int:
    """Keep the clerk's word on whom rows are about: one of the row's candidates, or ``None``: another person. Returns how many."""
    kept = 0
    for row, member in chosen:
        if member is None or member in {each["pk"] for each in row.detail.get("candidates", ())}:
            RosterChoice.objects.update_or_create(
                roster=roster, sheet=row.sheet, number=row.number, defaults={"member_id": member}
            )
            kept += 1
    return kept


@transaction.atomic
def confirm(*, roster: RosterImport, by: Any, digest: str | None = None, leaving_refused: bool = False) -> bool:
    """Have a worker write the preview, which has this ``digest`` if it is the one that was seen.

    ``leaving_refused``: without the refused rows, which the clerk has seen and will mend in another file. ``False`` when it can't be
    confirmed now: already confirmed, rows refused or asked about, nothing to do, or another preview by now.
    """
    digest = roster.report.get("digest", "") if digest is None else digest
    counts = roster.report.get("counts", {})
    open_rows = counts.get(ASKED) or (counts.get(REFUSED) and not leaving_refused)
    if open_rows or not any(counts.get(o) for o in (CREATED, CHANGED)) or roster.report["digest"] != digest:
        return False
    ready = Q(state=State.CHECKED, report__digest=digest) | Q(
        pk__in=RosterImport.objects.stuck(State.WRITING).values("pk")
    )
    now = timezone.now()
    if not RosterImport.objects.filter(ready, pk=roster.pk).update(
        state=State.WRITING, confirmed_at=now, leaves_refused=leaving_refused, write_job=None
    ):
        return False
    job = submit(kind="roster-write", title=f"导入名册 {roster.file_name}", params={"roster": roster.pk}, by=by)
    RosterImport.objects.filter(pk=roster.pk).update(write_job=job)
    return True


@transaction.atomic
def discard(*, roster: RosterImport, by: Any) -> bool:
    """Give a preview up; nothing was written."""
    stuck = RosterImport.objects.stuck(State.CHECKING) | RosterImport.objects.stuck(State.WRITING)
    free = Q(state__in=[State.CHECKED, State.REFUSED]) | Q(pk__in=stuck.values("pk"))
    if not RosterImport.objects.filter(free, pk=roster.pk).update(state=State.DISCARDED, report={}):
        return False
    forget(roster)
    RosterRow.objects.filter(roster=roster).delete()
    audit(by=by, verb="放弃导入名册", target=roster)
    return True


def read(roster: RosterImport) -> bytes:
    """The file as it was uploaded; on the disk it lies sealed, for it holds identity numbers. Raises ``JobFailure`` when it is damaged."""
    try:
        with roster.file.open("rb") as file:
            return read_sealed(file, SEAL)
    except Damaged as error:
        raise JobFailure("保存的名册文件已损坏或被改动，没有写入任何数据。请放弃这次导入，重新上传名册。") from error


def forget(roster: RosterImport) -> None:
    """The file has served; it goes once the transaction is through, and the clerk's choices with it."""
    RosterImport.objects.filter(pk=roster.pk).update(file="")
    RosterChoice.objects.filter(roster=roster).delete()
    storage, name = roster.file.storage, roster.file.name
    if name:
        transaction.on_commit(lambda: storage.delete(name))
