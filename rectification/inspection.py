"""What inspections find becomes entries of the ledger (S2 三5, 四)."""

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils import timezone

from campaign.models import Enrolment, Finding, Participation
from campaign.supervision.findings import FindingLedger, Standing, ledgers
from members.models import Appointment
from members.permissions import Role
from rectification.actions import task as tasks
from rectification.models import Task


def responsible_at(enrolment: Enrolment) -> Participation | None:
    """Who answers for the unit: its secretary (S2 四: 直接责任人), else somebody of its committee; ``None`` if neither takes
    part."""
    hats = Appointment.objects.current().filter(organization=enrolment.organization_id, delegated_from=None)
    for role in (Role.SECRETARY, Role.COMMITTEE):
        people = hats.filter(role=role, user__member__isnull=False).values("user__member")
        found = Participation.objects.active().filter(enrolment=enrolment, member__in=people).order_by("pk").first()
        if found is not None:
            return found
    return None


def take(finding: Finding, by: Any) -> bool:
    """Open the entry, once; ``False`` as long as nobody in the unit can be responsible."""
    if Task.objects.filter(finding=finding).exists():
        return True
    responsible = responsible_at(finding.enrolment)
    if responsible is None:
        return False
    tasks.add(
        enrolment=finding.enrolment,
        by=by,
        finding=finding,
        source=Task.Source.INSPECTION,
        problem=finding.text,
        category=finding.category,
        measure=finding.measure,
        due_on=finding.due_on,
        responsible=responsible,
    )
    return True


def standings(findings: Collection[int]) -> dict[int, Standing]:
    rows = Task.objects.filter(finding__in=findings).select_related("responsible__member")
    return {
        task.finding_id: Standing(
            state=task.get_state_display(),
            responsible=str(task.responsible),
            due_on=task.due_on,
            open=task.is_open,
            overdue=task.is_overdue,
            url=reverse("task-detail", args=[task.pk]),
        )
        for task in rows
        if task.finding_id
    }


def overdue() -> Any:
    return Task.objects.overdue(timezone.localdate()).filter(finding__isnull=False).values("finding")


ledgers.register(FindingLedger("rectification", take, standings, overdue))
