"""Moving on (转段): the branch asks, the superior's office decides."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils import timezone

from campaign.models import Enrolment, Gate, PhaseRun
from campaign.progress import recording
from campaign.unmet import as_json, gaps
from members.models import Appointment
from members.permissions import Role
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.notices import Draft


class GateRefused(Exception):
    """The move cannot be made; the message (Chinese) says why and what to do."""


def request(*, enrolment: Enrolment, assessment: str, by: Any) -> Gate:
    """Ask to move on. What is unmet this moment is kept with the request, by name. Raises ``GateRefused``."""
    with recording([enrolment.pk]):
        row = Enrolment.objects.select_related("organization", "campaign", "phase").get(pk=enrolment.pk)
        if row.state != Enrolment.State.RUNNING or row.phase is None:
            raise GateRefused(f"本单位{row.get_state_display()}，现在不能申请转段。")
        if row.gates.waiting().exists():
            raise GateRefused("已有一份转段申请正在等待审核，请等审核结果。")
        gate = Gate.objects.create(
            enrolment=row, phase=row.phase, assessment=assessment, missing=as_json(gaps(row)), requested_by=by
        )
        audit(by=by, verb="申请转段", target=gate, phase=row.phase.name)
    return gate


def decide(*, gate: Gate, approve: bool, remarks: str, override_reason: str = "", by: Any) -> None:
    """Approve or send back; once only. Raises ``GateRefused``.

    Gaps are counted anew under the lock, and going on with gaps needs a reason.
    """
    with recording([gate.enrolment_id]):
        enrolment = Enrolment.objects.select_related("organization", "campaign", "phase").get(pk=gate.enrolment_id)
        if gate.requested_by_id == by.pk:
            raise GateRefused("这份申请是您本人提交的，须由他人审核。")
        missing = gaps(enrolment)
        if approve and missing and not override_reason.strip():
            raise GateRefused(f"还有{len(missing)}项规定动作没有完成。同意转段须写明理由，或退回补课。")
        moved = Gate.objects.filter(pk=gate.pk, state=Gate.State.WAITING).update(
            state=Gate.State.APPROVED if approve else Gate.State.RETURNED,
            remarks=remarks,
            override_reason=override_reason if approve and missing else "",
            decided_by=by,
            decided_at=timezone.now(),
        )
        if not moved:
            raise GateRefused("这份申请已经有人审核过了，本次操作没有生效。")
        if approve:
            move_on(enrolment)
        gate.refresh_from_db()
        audit(by=by, verb="同意转段" if approve else "退回转段申请", target=gate, gaps=len(missing))
        tell(gate)


def move_on(enrolment: Enrolment) -> None:
    """Close what the unit is in, open the next phase, or finish after the last."""
    today = timezone.localdate()
    runs = list(enrolment.runs.select_related("phase").order_by("phase__number"))
    active = [run for run in runs if run.state == PhaseRun.State.ACTIVE]
    PhaseRun.objects.filter(pk__in=[run.pk for run in active]).update(state=PhaseRun.State.DONE, completed_on=today)
    following = next((run for run in runs if run.state == PhaseRun.State.WAITING), None)
    if following is None:
        Enrolment.objects.filter(pk=enrolment.pk).update(state=Enrolment.State.FINISHED)
        return
    PhaseRun.objects.filter(pk=following.pk).update(state=PhaseRun.State.ACTIVE)
    Enrolment.objects.filter(pk=enrolment.pk).update(phase=following.phase)


def tell(gate: Gate) -> None:
    """A notice to who asked, and to the secretaries of today."""
    at = gate.enrolment.organization
    secretaries = (
        Appointment.objects.current().filter(organization=at, role=Role.SECRETARY).values_list("user_id", flat=True)
    )
    text = f"“{gate.phase.name}”转段申请：{gate.get_state_display()}。{gate.remarks}"
    notify(drafts({gate.requested_by_id, *secretaries}, gate, text))


def drafts(people: Iterable[int], gate: Gate, text: str) -> list[Draft]:
    url = reverse("gate-detail", args=[gate.pk])
    return [Draft(person, f"gate-{gate.pk}-decided-{person}", "转段审核", text, url) for person in sorted(people)]
