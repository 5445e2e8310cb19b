"""What is still missing in one branch, by name: the gate's list, the start's list, the branch's page."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from campaign.models import Enrolment, PhaseRun, Requirement
from campaign.progress.writing import NOTHING, Figures, count, unmet
from portal.indicators import Subject


@dataclass(frozen=True)
class Gap:
    """One requirement that is not met, with its figures and who still owes it."""

    requirement: str
    done: int
    waived: int
    total: int
    who: list[str] = field(default_factory=list)
    requirement_id: int | None = None
    person: bool = True

    @property
    def missing(self) -> int:
        return self.total - self.done - self.waived

    @property
    def in_words(self) -> str:
        return f"{self.requirement}（{f'还差{self.missing}人' if self.person else '本单位尚未完成'}）"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def current_phases(enrolment: Enrolment) -> list[int]:
    """Ids of the phases the unit is in: one, or several where phases run side by side."""
    return [run.phase_id for run in enrolment.runs.all() if run.state == PhaseRun.State.ACTIVE]


def requirements_of(enrolment: Enrolment, phases: Collection[int]) -> list[Requirement]:
    return list(
        Requirement.objects.in_force()
        .filter(campaign=enrolment.campaign_id, step__phase__in=phases)
        .select_related("step__phase", "campaign")
    )


def names(requirement: Requirement, enrolment: Enrolment) -> list[str]:
    """Who in this branch still owes it; the branch itself where the requirement is the branch's."""
    if requirement.subject == Subject.PERSON:
        owing = unmet(requirement).filter(enrolment=enrolment).order_by("member_id")
        return list(owing.values_list("member__name", flat=True))
    return [enrolment.organization.name] if unmet(requirement).filter(pk=enrolment.pk).exists() else []


def gaps(enrolment: Enrolment, *, phases: Collection[int] | None = None) -> list[Gap]:
    """The unmet requirements of ``phases`` (default: where the unit is now), read from the records this moment."""
    inside = current_phases(enrolment) if phases is None else phases
    found = []
    for requirement in requirements_of(enrolment, inside):
        figures: Figures = count(requirement, [enrolment.pk]).get(enrolment.pk, NOTHING)
        if figures.missing > 0:
            who = names(requirement, enrolment)
            person = requirement.subject == Subject.PERSON
            found.append(
                Gap(requirement.label, figures.done, figures.waived, figures.total, who, requirement.pk, person)
            )
    return found


def as_json(missing: Iterable[Gap]) -> list[dict[str, Any]]:
    return [gap.as_json() for gap in missing]


def from_json(rows: Iterable[dict[str, Any]]) -> list[Gap]:
    """Gaps as they were kept with a request."""
    return [
        Gap(
            r["requirement"],
            r["done"],
            r["waived"],
            r["total"],
            r.get("who", []),
            r.get("requirement_id"),
            r.get("person", True),
        )
        for r in rows
    ]
