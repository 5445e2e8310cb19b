"""A blueprint is a campaign as plain data: phases, steps, requirements, batches, materials.

Each is one file under ``blueprints/``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, register

from portal.indicators import audiences, indicators

FOLDER = Path(__file__).parent / "blueprints"


class BlueprintError(ValueError):
    """A blueprint cannot be used; the message says where and why."""


@dataclass(frozen=True)
class RequirementPlan:
    """One 规定动作. ``optional``: a campaign has it only when its office chooses so (no document asks for it)."""

    key: str
    label: str
    indicator: str
    audience: str
    params: Mapping[str, Any]
    waivable: bool
    optional: bool
    due_offset: int
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
    """``concentrated_months``: usual least length of the concentrated phases together, 0 = none (S0 四)."""

    code: str
    name: str
    sequential: bool
    concentrated_months: int
    batches: tuple[BatchPlan, ...]
    phases: tuple[PhasePlan, ...]
    materials: tuple[MaterialPlan, ...]

    def requirements(self) -> Iterator[RequirementPlan]:
        for phase in self.phases:
            for step in phase.steps:
                yield from step.requirements


def need(data: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    """A value that must be there and of its kind; raises ``BlueprintError``."""
    value = data.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)) or value in ("", [], {}):
        raise BlueprintError(f"{where}: {name!r} must be a non-empty {kind.__name__}, not {value!r}")
    return value


def known(data: Mapping[str, Any], names: set[str], where: str) -> None:
    """Refuse misspelt names, which would be ignored silently otherwise."""
    if extra := sorted(set(data) - names):
        raise BlueprintError(f"{where}: unknown {', '.join(extra)}")


def read_requirement(data: Mapping[str, Any], key: str, where: str) -> RequirementPlan:
    """Check one requirement against the registered indicators and audiences."""
    known(data, {"label", "indicator", "audience", "params", "waivable", "optional", "due_offset", "hint"}, where)
    label = need(data, "label", str, where)
    where = f"{where} ({label})"
    indicator = indicators.get(need(data, "indicator", str, where))
    audience = audiences.get(need(data, "audience", str, where))
    if indicator is None:
        raise BlueprintError(
            f"{where}: unknown indicator {data['indicator']!r}; known: {', '.join(i.code for i in indicators)}"
        )
    if audience is None:
        raise BlueprintError(
            f"{where}: unknown audience {data['audience']!r}; known: {', '.join(a.code for a in audiences)}"
        )
    if indicator.subject != audience.subject:
        raise BlueprintError(
            f"{where}: indicator {indicator.code!r} concerns each {indicator.subject}, "
            f"audience {audience.code!r} consists of each {audience.subject}"
        )
    params = data.get("params", {})
    known(params, {p.name for p in indicator.parameters}, f"{where} params")
    for parameter in indicator.parameters:
        if not isinstance(params.get(parameter.name, parameter.default), type(parameter.default)):
            raise BlueprintError(f"{where}: {parameter.name!r} must be a {type(parameter.default).__name__}")
    hint = data.get("hint", "")
    if len(label) > 80 or len(hint) > 300:
        raise BlueprintError(f"{where}: label or hint is too long")
    return RequirementPlan(
        key=key,
        label=label,
        indicator=indicator.code,
        audience=audience.code,
        params=params,
        waivable=bool(data.get("waivable", False)),
        optional=bool(data.get("optional", False)),
        due_offset=int(data.get("due_offset", 0)),
        hint=hint,
    )


def read_phase(data: Mapping[str, Any], number: int, where: str) -> PhasePlan:
    known(data, {"name", "aim", "preparation", "concentrated", "steps"}, where)
    name = need(data, "name", str, where)
    steps = []
    for s, step in enumerate(need(data, "steps", list, f"{where} ({name})")):
        known(step, {"name", "requirements"}, f"{where} step {s}")
        rows = need(step, "requirements", list, f"{where} step {s}")
        plans = tuple(
            read_requirement(row, f"{number}-{s}-{r}", f"{where} step {s} requirement {r}")
            for r, row in enumerate(rows)
        )
        steps.append(StepPlan(need(step, "name", str, f"{where} step {s}"), plans))
    preparation = bool(data.get("preparation", False))
    if preparation and number:
        raise BlueprintError(f"{where} ({name}): only the first phase can be the preparation")
    return PhasePlan(name, data.get("aim", ""), preparation, bool(data.get("concentrated", False)), tuple(steps))


def read(data: Mapping[str, Any], where: str = "blueprint") -> Blueprint:
    """A checked blueprint out of plain data; raises ``BlueprintError``."""
    known(data, {"code", "name", "sequential", "batches", "concentrated_months", "materials", "phases"}, where)
    batches = []
    for number, batch in enumerate(need(data, "batches", list, where)):
        months = need(batch, "months", int, f"{where} batch {number}")
        if not 1 <= months <= 60:
            raise BlueprintError(f"{where} batch {number}: months must be 1 to 60")
        batches.append(BatchPlan(need(batch, "name", str, f"{where} batch {number}"), months))
    phases = need(data, "phases", list, where)
    return Blueprint(
        code=need(data, "code", str, where),
        name=need(data, "name", str, where),
        sequential=bool(data.get("sequential", True)),
        concentrated_months=int(data.get("concentrated_months", 0)),
        batches=tuple(batches),
        phases=tuple(read_phase(phase, n, f"{where} phase {n}") for n, phase in enumerate(phases)),
        materials=tuple(
            MaterialPlan(need(m, "title", str, f"{where} material"), bool(m.get("required", True)))
            for m in data.get("materials", [])
        ),
    )


@cache
def blueprints() -> dict[str, Blueprint]:
    """All blueprints by code, checked; raises ``BlueprintError`` naming the file. Only after every room has loaded."""
    found: dict[str, Blueprint] = {}
    for path in sorted(FOLDER.glob("*.json")):
        try:
            blueprint = read(json.loads(path.read_text(encoding="utf-8")), path.name)
        except json.JSONDecodeError as error:
            raise BlueprintError(f"{path.name}: {error}") from error
        if blueprint.code in found:
            raise BlueprintError(f"{path.name}: code {blueprint.code!r} is used twice")
        found[blueprint.code] = blueprint
    return found


@register()
def check_blueprints(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The server does not start with a blueprint that cannot be used."""
    try:
        blueprints()
    except BlueprintError as error:
        return [Error(str(error), id="campaign.E001")]
    return []
