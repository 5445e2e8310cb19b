"""A blueprint is a campaign as plain data: phases, steps, requirements, batches, materials.

Those that come with the portal are one file each under ``blueprints/``; an office's own are ``BlueprintVersion`` rows of the same shape.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, register

from campaign.blueprints.plans import Blueprint, BlueprintError, PhasePlan, RequirementPlan
from campaign.blueprints.reading import read

__all__ = ["Blueprint", "BlueprintError", "PhasePlan", "RequirementPlan", "blueprints", "read", "source"]

FOLDER = Path(__file__).parent


@cache
def sources() -> dict[str, dict[str, Any]]:
    """The files that come with the portal, by the name of the file, unchecked: those in phases first, yearly ones last."""
    found = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
    order = sorted(found, key=lambda name: (found[name].get("yearly", False), not found[name].get("sequential", True)))
    return {name: found[name] for name in order}


def source(code: str) -> dict[str, Any] | None:
    """The data of a blueprint that comes with the portal."""
    return next((data for data in sources().values() if data.get("code") == code), None)


@cache
def blueprints() -> dict[str, Blueprint]:
    """All that come with the portal by code, checked; raises ``BlueprintError`` naming the file. Only after every room has loaded."""
    found: dict[str, Blueprint] = {}
    for name, data in sources().items():
        blueprint = read(data, name)
        if blueprint.code in found:
            raise BlueprintError([f"{name}：代码“{blueprint.code}”已被另一个蓝本使用"])
        found[blueprint.code] = blueprint
    return found


@register()
def check_blueprints(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The server does not start with a blueprint that cannot be used."""
    try:
        blueprints()
    except (BlueprintError, json.JSONDecodeError) as error:
        return [Error(str(error), id="campaign.E001")]
    return []
