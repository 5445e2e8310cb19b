"""What stands between a request to move on and its decision: demands that are open, and the inspection team's word."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from campaign.models import Enrolment, Gate, GateDemand, GateWord, InspectionTeam, PhaseRun
from campaign.supervision.teams import team_for


def last_step(enrolment: Enrolment) -> bool:
    """Whether nothing follows: the last phase, or all phases side by side. Then the unit asks to end (验收结束)."""
    return not enrolment.runs.filter(state=PhaseRun.State.WAITING).exists()


def open_demands(enrolment: Enrolment) -> QuerySet[GateDemand]:
    """What was sent back to be made up in the present phase, and has not been."""
    returned = GateDemand.objects.open().filter(gate__enrolment=enrolment, gate__state=Gate.State.RETURNED)
    return returned.filter(gate__phase=enrolment.phase_id).order_by("gate_id", "number")


@dataclass(frozen=True)
class Word:
    """The word on a request: ``team`` has to speak (``None``: nobody), ``said`` is what was said last (``None``: nothing)."""

    team: InspectionTeam | None
    said: GateWord | None

    @property
    def is_awaited(self) -> bool:
        return self.team is not None and self.said is None

    def needs_reason(self, approve: bool) -> bool:
        """Whether to decide so is to decide before or against the word."""
        return self.is_awaited or (self.said is not None and self.said.agrees != approve)

    def why(self, approve: bool) -> str:
        if self.said is None:
            return f"{self.team}还没有提出意见"
        return f"{self.said.team}的意见是“{self.said.verdict}”，与您的审核结果不一致"


def word_on(gate: Gate) -> Word:
    said = gate.words.select_related("team", "by").last()
    return Word(said.team if said else team_for(gate.enrolment) if gate.is_waiting else None, said)


@dataclass(frozen=True)
class Step:
    """One step of a request: when, who, what, and their words."""

    at: datetime
    who: str
    what: str
    text: str = ""


def steps(gate: Gate) -> list[Step]:
    """Everything that happened to a request, in order."""
    found = [Step(gate.requested_at, str(gate.requested_by), f"申请{gate.heading}")]
    found += [
        Step(w.at, f"{w.by}（{w.team}）", f"督导组意见：{w.verdict}", w.text)
        for w in gate.words.select_related("team", "by")
    ]
    if gate.decided_at is not None:
        reasons = [
            gate.remarks,
            f"未完成而同意的理由：{gate.override_reason}" if gate.override_reason else "",
            f"未按督导组意见决定的理由：{gate.word_reason}" if gate.word_reason else "",
        ]
        found.append(
            Step(gate.decided_at, str(gate.decided_by), gate.get_state_display(), "\n".join(r for r in reasons if r))
        )
    return sorted(found, key=lambda step: step.at)


def earlier(gate: Gate) -> list[Gate]:
    """Requests of the same unit and phase before this one, the latest first."""
    rows = Gate.objects.filter(enrolment=gate.enrolment_id, phase=gate.phase_id, pk__lt=gate.pk)
    return list(rows.select_related("phase", "requested_by", "decided_by").order_by("-pk"))
