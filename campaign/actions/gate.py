"""Moving on (转段): the unit asks, the inspection team says its word, the superior's office decides; every step stays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone

from campaign.actions.refusal import Refused
from campaign.models import Campaign, Enrolment, Gate, GateDemand, GateWord, InspectionTeam, PhaseRun
from campaign.progress.writing import recording
from campaign.supervision.teams import speaks_for, team_for
from campaign.units.gatekeeping import last_step, open_demands, word_on
from campaign.units.unmet import as_json, gaps
from members.models import Appointment
from members.permissions import Role
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.notices import Draft

# A requirement to make up (or ``None``: a free line) and its words.
Demand = tuple[int | None, str]


class GateRefused(Refused):
    """The move cannot be made."""


def fresh(enrolment_id: int) -> Enrolment:
    return Enrolment.objects.select_related("organization", "campaign__organization", "phase").get(pk=enrolment_id)


def request(*, enrolment: Enrolment, assessment: str, made_up: Mapping[int, str] | None = None, by: Any) -> Gate:
    """Ask to move on. What is unmet this moment is kept with the request, by name. ``made_up``: what was demanded
    before and is made up for now, by demand, with a word on how. Raises ``GateRefused``."""
    with recording([enrolment.pk]):
        row = fresh(enrolment.pk)
        if row.campaign.state != Campaign.State.RUNNING:
            raise GateRefused(f"本次活动{row.campaign.get_state_display()}，现在不能申请转段。")
        if row.state != Enrolment.State.RUNNING or row.phase is None:
            raise GateRefused(f"本单位{row.get_state_display()}，现在不能申请转段。")
        if row.gates.waiting().exists():
            raise GateRefused("已有一份转段申请正在等待审核，请等审核结果。")
        gate = Gate.objects.create(
            enrolment=row,
            phase=row.phase,
            closes=last_step(row),
            assessment=assessment,
            missing=as_json(gaps(row)),
            requested_by=by,
        )
        for demand in open_demands(row):
            if demand.pk in (made_up or {}):
                demand.made_up_on, demand.made_up_in = timezone.localdate(), gate
                demand.note = (made_up or {})[demand.pk]
                demand.save(update_fields=["made_up_on", "made_up_in", "note"])
        audit(by=by, verb="申请结束" if gate.closes else "申请转段", target=gate, phase=row.phase.name)
        ask_for_word(gate)
    return gate


def withdraw(*, gate: Gate, by: Any) -> None:
    """The unit takes its request back while nobody has decided. Raises ``GateRefused``."""
    with recording([gate.enrolment_id]):
        move(gate, Gate.State.WITHDRAWN, by)
        for demand in GateDemand.objects.filter(made_up_in=gate):
            demand.made_up_on, demand.made_up_in, demand.note = None, None, ""
            demand.save(update_fields=["made_up_on", "made_up_in", "note"])
        audit(by=by, verb="撤回转段申请", target=gate)


def speak(*, gate: Gate, team: InspectionTeam, agrees: bool, text: str, by: Any) -> GateWord:
    """The inspection team's word, once, before the decision. Raises ``GateRefused``."""
    with recording([gate.enrolment_id]):
        unit = fresh(gate.enrolment_id)
        if gate.requested_by_id == by.pk or not speaks_for(by, unit) or team_for(unit) != team:
            raise GateRefused("只有负责这个单位的督导组成员可以提出意见；本人所在或负责的单位，请由组内其他同志提出。")
        if not Gate.objects.waiting().filter(pk=gate.pk).exists():
            raise GateRefused("这份申请已经有人审核过了，本次意见没有保存。")
        word, new = GateWord.objects.get_or_create(
            gate=gate, team=team, defaults={"agrees": agrees, "text": text, "by": by}
        )
        if not new and (word.agrees, word.text, word.by_id) != (agrees, text, by.pk):
            raise GateRefused(f"{team}已经由{word.by}提出过意见，本次意见没有保存。")
        if new:
            audit(by=by, verb="督导组提出转段意见", target=gate, team=team.name, agrees=agrees)
    return word


def decide(
    *,
    gate: Gate,
    approve: bool,
    remarks: str,
    override_reason: str = "",
    word_reason: str = "",
    demands: Sequence[Demand] = (),
    by: Any,
) -> None:
    """Approve or send back with what is to be made up; once only. Raises ``GateRefused``.

    Gaps are counted anew under the lock; going on with gaps, and deciding before or against the inspection team's
    word, need a reason each.
    """
    with recording([gate.enrolment_id]):
        enrolment = fresh(gate.enrolment_id)
        if gate.requested_by_id == by.pk:
            raise GateRefused("这份申请是您本人提交的，须由他人审核。")
        if not gate.decides(by):
            raise GateRefused("申请须由上级审核。")
        missing = [*gaps(enrolment), *open_demands(enrolment)]
        if approve and missing and not override_reason.strip():
            raise GateRefused(f"还有{len(missing)}项没有完成。同意转段须写明理由，或退回补课。")
        word = word_on(gate)
        if word.needs_reason(approve) and not word_reason.strip():
            raise GateRefused(f"{word.why(approve)}，须写明理由。")
        gate.override_reason = override_reason if approve and missing else ""
        gate.word_reason = word_reason if word.needs_reason(approve) else ""
        move(gate, Gate.State.APPROVED if approve else Gate.State.RETURNED, by, remarks=remarks)
        if approve:
            move_on(enrolment)
        else:
            demand_all(gate, demands)
        audit(by=by, verb="同意转段" if approve else "退回转段申请", target=gate, gaps=len(missing))
        tell(gate)


def move(gate: Gate, state: str, by: Any, remarks: str = "") -> None:
    """The one move out of waiting."""
    moved = Gate.objects.filter(pk=gate.pk, state=Gate.State.WAITING).update(
        state=state,
        remarks=remarks,
        override_reason=gate.override_reason,
        word_reason=gate.word_reason,
        decided_by=by,
        decided_at=timezone.now(),
    )
    if not moved:
        raise GateRefused("这份申请已经有人审核过了，本次操作没有生效。")
    gate.refresh_from_db()


def demand_all(gate: Gate, demands: Sequence[Demand]) -> None:
    GateDemand.objects.bulk_create(
        GateDemand(gate=gate, number=number, requirement_id=requirement, text=text[:300])
        for number, (requirement, text) in enumerate(demands, 1)
    )


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
    text = f"“{gate.heading}”申请：{gate.get_state_display()}。{gate.remarks}"
    notify(drafts({gate.requested_by_id, *secretaries}, gate, "decided", text))


def ask_for_word(gate: Gate) -> None:
    """A notice to the members of the inspection team that is to speak."""
    team = team_for(gate.enrolment)
    if team is not None:
        text = f"{gate.enrolment.organization}申请{gate.heading}，请督导组提出意见。"
        notify(drafts(team.members.current().values_list("user_id", flat=True), gate, "word", text))


def drafts(people: Iterable[int], gate: Gate, about: str, text: str) -> list[Draft]:
    url = reverse("gate-detail", args=[gate.pk])
    return [Draft(person, f"gate-{gate.pk}-{about}-{person}", "转段审核", text, url) for person in sorted(people)]
