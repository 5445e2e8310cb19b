"""What a requirement says, for people: in a blueprint, in a campaign, and what is different between two of them."""

from collections.abc import Mapping
from typing import Any

from campaign.models import Requirement
from portal.indicators import audiences, indicators


def differences(before: Requirement, after: Requirement) -> list[tuple[str, str, str]]:
    """What a change changes, for people: (what, before, after)."""
    return [(what, old, new) for (what, old), (_, new) in zip(facts(before), facts(after), strict=True) if old != new]


def facts(requirement: Requirement) -> list[tuple[str, str]]:
    """Everything that can be said of one requirement, for people."""
    return [
        ("名称", requirement.label),
        ("指标", requirement.indicator.label),
        ("指标参数", params_in_words(requirement)),
        ("适用对象", requirement.audience_in_words()),
        ("能否免除", "可以免除" if requirement.waivable else "不能免除"),
        ("期限", requirement.due_in_words()),
        ("说明", requirement.hint or "无"),
    ]


def params_in_words(requirement: Requirement) -> str:
    """The parameters as they hold, with their labels."""
    found = []
    for parameter in requirement.indicator.parameters:
        value = requirement.params.get(parameter.name, parameter.default)
        if isinstance(value, list):
            labels = dict(parameter.choices)
            value = "、".join(str(labels.get(v, v)) for v in value) or "不限"
        found.append(f"{parameter.label}：{value}")
    return "；".join(found) or "无"


def as_requirement(data: Mapping[str, Any]) -> Requirement:
    """A blueprint's requirement as a row that is not saved."""
    return Requirement(
        label=data.get("label", ""),
        indicator_code=data.get("indicator", ""),
        audience_code=data.get("audience", ""),
        params=data.get("params", {}),
        sectors=data.get("sectors", []),
        waivable=data.get("waivable", False),
        due_from=data.get("due_from", "end"),
        due_offset=data.get("due_offset", 0),
        hint=data.get("hint", ""),
    )


def planned_facts(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts of a blueprint's requirement."""
    if data.get("indicator") not in {i.code for i in indicators} or data.get("audience") not in {
        a.code for a in audiences
    }:
        return [
            ("名称", str(data.get("label", ""))),
            ("指标", str(data.get("indicator", ""))),
            ("适用对象", str(data.get("audience", ""))),
        ]
    found = dict(facts(as_requirement(data)))
    if day := data.get("due_day"):
        month, number = str(day).split("-")
        found["期限"] = f"每次活动的{int(month)}月{int(number)}日前"
    return [*found.items(), ("是否选用", "由建立活动的单位选用" if data.get("optional") else "一律执行")]
