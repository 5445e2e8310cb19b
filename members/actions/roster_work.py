"""What workers do with a roster: compare it with the roll, and write it after the confirmation."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from members.actions.roster_import import State, forget, read
from members.models import ColumnMapping, Organization, RosterChoice, RosterImport, RosterRow
from members.registry import roll_changed
from members.roster.checking import Unclear, parse, settle
from members.roster.people import Choices
from members.roster.previewing import keep_rows, summary
from members.roster.roll import stamp_of
from members.roster.rows import OUTCOMES, REFUSED, Plan
from members.roster.writing import Prepared, prepare, write
from members.tree_lock import share_shape, take_turn
from portal.actions.log import audit
from portal.jobs import JobFailure, LeaseLost, Outcome, Progress
from portal.models import Job
from portal.sheets import Unreadable, read_sheets

# How much of a check is reading, and how much comparing, in percent; what remains is keeping the preview.
READING, COMPARING = 45, 35
TOLD_AT_ONCE = 10_000
# On a busy roll somebody may always have changed something while a large file was compared.
ATTEMPTS = 3
MOVED_ON = "预览之后名册又有变动，没有写入任何数据。已重新核对，请查看新的预览后再确认。"


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the search for cycles: there are none in hundreds of thousands of rows, and every look goes through all of them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@uncollected()
def run_check(job: Job, progress: Progress) -> Outcome:
    """Compare and keep the preview."""
    roster = RosterImport.objects.select_related("organization").get(pk=job.params["roster"])
    checking = RosterImport.objects.filter(pk=roster.pk, state=State.CHECKING)
    try:
        plan = compared(roster, timezone.localdate(), progress)
    except Unreadable as error:
        layouts = [layout.described() for layout in error.layouts] if isinstance(error, Unclear) else []
        checking.update(state=State.REFUSED, report={"error": str(error), "layouts": layouts})
        raise JobFailure(str(error)) from error
    progress.report(READING + COMPARING, 100, "正在保存预览")
    keep(roster, plan, State.CHECKING)
    url = reverse("roster-import-detail", args=[roster.pk])
    return Outcome(message="核对完成，请查看预览后确认。", result={"url": url})


def compared(roster: RosterImport, today: date, progress: Progress) -> Plan:
    """The whole file, compared with the roll as it is now."""
    content = read(roster)
    sheets = read_sheets(content)
    # Rows of one sheet are about as long as each other, but nobody knows how many there are before the last is read.
    expected = max(1, len(content) // 60)
    del content
    plan = parse(
        sheets,
        today,
        lambda done, message: progress.report(min(READING, done * READING // expected), 100, message),
        roster.columns,
        memory_of(roster.organization),
    )
    total = max(1, len(plan.members))
    settle(
        plan,
        roster.organization,
        choices_of(roster),
        lambda done, message: progress.report(READING + done * COMPARING // total, 100, message),
    )
    return plan


def choices_of(roster: RosterImport) -> Choices:
    kept = RosterChoice.objects.filter(roster=roster).values_list("sheet", "number", "member")
    return {(sheet, number): member for sheet, number, member in kept}


def memory_of(organization: Organization) -> Callable[[list[str]], Mapping[str, tuple[str, dict[str, int]]]]:
    """What was said of headings in this organisation, or in the nearest one above it."""

    def remember(digests: list[str]) -> dict[str, tuple[str, dict[str, int]]]:
        known = ColumnMapping.objects.filter(organization__in=organization.trail(), digest__in=digests)
        rows = known.order_by("organization__depth").values_list("digest", "kind", "fields")
        return {digest: (kind, fields) for digest, kind, fields in rows}

    return remember


def keep(roster: RosterImport, plan: Plan, state: str) -> None:
    """The preview takes the place of the one before, if the import is still in ``state``."""
    with transaction.atomic():
        current = RosterImport.objects.filter(pk=roster.pk, state=state)
        if current.update(state=State.CHECKED, report=summary(plan)):
            names = Organization.objects.under(roster.organization).values_list("code", "name")
            keep_rows(roster.pk, plan, dict(names))


@uncollected()
def run_write(job: Job, progress: Progress) -> None:
    """Check once more, then write everything and mark the job done in one transaction.

    Under the lock the roll is only asked whether it is still the one that was compared: that takes a fraction of the time.
    """
    roster = RosterImport.objects.select_related("organization").get(pk=job.params["roster"])
    today = timezone.localdate()
    for _ in range(ATTEMPTS):
        plan = compared(roster, today, progress)
        if plan.digest() != roster.report["digest"]:
            break
        ready = prepare(plan)
        progress.report(READING + COMPARING, 100, "正在写入名册")
        try:
            if wrote(roster, plan, ready, today, job, progress):
                return
        except IntegrityError:
            continue  # somebody outside this subtree has just taken one of the numbers
    keep(roster, plan, State.WRITING)
    raise JobFailure(MOVED_ON)


@transaction.atomic
def wrote(roster: RosterImport, plan: Plan, ready: Prepared, today: date, job: Job, progress: Progress) -> bool:
    """Everything at once, if the roll is still the one that was compared; ``False``: it isn't, and nothing was written."""
    root = lock_roll(roster)
    if stamp_of(root) != plan.stamp:
        return False
    if not RosterImport.objects.filter(pk=roster.pk, state=State.WRITING).update(state=State.DONE):
        raise LeaseLost
    tell(write(plan, root, today, job.by, roster.file_name, ready), root)
    finish(roster, plan, job, progress)
    return True


def lock_roll(roster: RosterImport) -> Organization:
    """The organisation of the import, which is alone in its tree and keeps it as it is."""
    take_turn(roster.organization)
    share_shape()
    return Organization.objects.get(pk=roster.organization_id)


def tell(branches: set[int], root: Organization) -> None:
    """Tell the rooms above, in tree order, which is the order in which they lock."""
    ordered = [pk for pk in Organization.objects.under(root).values_list("pk", flat=True) if pk in branches]
    for start in range(0, len(ordered), TOLD_AT_ONCE):
        roll_changed(ordered[start : start + TOLD_AT_ONCE])


def finish(roster: RosterImport, plan: Plan, job: Job, progress: Progress) -> None:
    counts: dict[str, Any] = plan.counts()
    audit(by=job.by, verb="导入名册", target=roster, counts=counts)
    forget(roster)
    earlier = RosterRow.objects.filter(roster__organization=roster.organization_id, roster__state=State.DONE)
    earlier.exclude(roster=roster).delete()
    words = [f"{label} {counts[outcome]} 行" for outcome, label in OUTCOMES.items() if counts[outcome]]
    left = "被拒绝的行没有写入，请更正后另行导入。" if counts[REFUSED] else ""
    url = reverse("roster-import-detail", args=[roster.pk])
    progress.finish(Outcome(message=f"导入完成：{'，'.join(words)}。{left}", result={"url": url}))
