"""What a checked blueprint is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RequirementPlan:
    """One 规定动作. ``optional``: a campaign has it only when its office chooses so (no document asks for it).

    ``due_day``: month and day (``12-31``), the first such day of the campaign, where ``due_from`` is ``date``.
    """

    key: str
    label: str
    indicator: str
    audience: str
    params: Mapping[str, Any]
    sectors: tuple[str, ...]
    waivable: bool
    optional: bool
    due_from: str
    due_offset: int
    due_day: str
    hint: str


@dataclass(frozen=True)
class StepPlan:
    name: str
    requirements: tuple[RequirementPlan, ...]


@dataclass(frozen=True)
class PhasePlan:
    """``preparation``: what must be met before a unit starts; ``concentrated``: counts as 集中学习教育 (S0 四)."""

    name: str
    aim: str
    preparation: bool
    concentrated: bool
    steps: tuple[StepPlan, ...]


@dataclass(frozen=True)
class BatchPlan:
    name: str
    months: int


@dataclass(frozen=True)
class MaterialPlan:
    title: str
    required: bool


@dataclass(frozen=True)
class Blueprint:
    """``concentrated_months``: usual least length of the concentrated phases together, 0 = none (S0 四).

    ``committees``: committees take part as units of their own; ``yearly``: begins anew every year (S4).
    """

    code: str
    name: str
    sequential: bool
    committees: bool
    yearly: bool
    concentrated_months: int
    batches: tuple[BatchPlan, ...]
    phases: tuple[PhasePlan, ...]
    materials: tuple[MaterialPlan, ...]

    def requirements(self) -> Iterator[RequirementPlan]:
        for phase in self.phases:
            for step in phase.steps:
                yield from step.requirements


class BlueprintError(ValueError):
    """A blueprint cannot be used; ``problems`` say in Chinese where and why, one for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems
