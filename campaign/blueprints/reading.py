"""Checking a blueprint: every mistake is named, in Chinese, with the phase, step and requirement where it stands."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from campaign.blueprints.plans import (
    BatchPlan,
    Blueprint,
    BlueprintError,
    MaterialPlan,
    PhasePlan,
    RequirementPlan,
    StepPlan,
)
from campaign.blueprints.words import (
    DUE_FROM,
    GENERAL,
    LABELS,
    MOST_DAYS,
    MOST_ROWS,
    PHASE,
    REQUIREMENT,
    SECTORS,
    SUBJECTS,
    is_day,
    shown,
)
from portal.indicators import Indicator, Parameter, audiences, indicators

Data = Mapping[str, Any]


class Reader:
    """Reads plain data and collects what is wrong with it instead of stopping at the first mistake."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def wrong(self, where: str, what: str) -> None:
        self.problems.append(f"{where}：{what}" if where else what)

    def record(self, value: Any, names: Collection[str], where: str) -> Data:
        """A record with no other entries than ``names``; misspelt ones would be ignored silently otherwise."""
        if not isinstance(value, Mapping):
            self.wrong(where, "格式不对，应为由名称和值组成的一组数据")
            return {}
        for extra in sorted(str(name) for name in set(value) - set(names)):
            self.wrong(where, f"有不认识的项目“{shown(extra)}”，请删除或改正")
        return value

    def text(self, data: Data, name: str, where: str, longest: int, *, empty: bool = False) -> str:
        value = data.get(name, "" if empty else None)
        if not isinstance(value, str) or (not empty and not value.strip()):
            self.wrong(where, f"“{LABELS[name]}”没有填写" if value in (None, "") else f"“{LABELS[name]}”应为文字")
            return ""
        if len(value) > longest:
            self.wrong(where, f"“{LABELS[name]}”有{len(value)}个字，最多{longest}个字")
        if "\x00" in value:
            self.wrong(where, f"“{LABELS[name]}”含有无法保存的字符")
        return value.strip()

    def number(self, data: Data, name: str, where: str, least: int, most: int, default: int | None = None) -> int:
        value = data.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.wrong(where, f"“{LABELS[name]}”应为{least}到{most}之间的整数，现在是“{shown(value)}”")
            return default or least
        return value

    def flag(self, data: Data, name: str, where: str, default: bool = False) -> bool:
        value = data.get(name, default)
        if not isinstance(value, bool):
            self.wrong(where, f"“{LABELS[name]}”应为是（true）或否（false），现在是“{shown(value)}”")
            return default
        return value

    def rows(self, data: Data, name: str, where: str, *, empty: bool = False) -> Sequence[Any]:
        value = data.get(name, [] if empty else None)
        if not isinstance(value, list):
            self.wrong(where, f"“{LABELS[name]}”应为列表" if value is not None else f"没有“{LABELS[name]}”")
            return []
        if not value and not empty:
            self.wrong(where, f"没有{LABELS[name]}，至少要有一个")
        if len(value) > MOST_ROWS:
            self.wrong(where, f"{LABELS[name]}有{len(value)}个，最多{MOST_ROWS}个")
        return value[:MOST_ROWS]

    def requirement(self, value: Any, key: str, where: str) -> RequirementPlan:
        """One 规定动作, checked against the registered indicators and audiences."""
        named = value.get("label") if isinstance(value, Mapping) else None
        where = f"{where}“{shown(named)}”" if isinstance(named, str) and named else where
        data = self.record(value, REQUIREMENT, where)
        label = self.text(data, "label", where, 80)
        code, whom = self.text(data, "indicator", where, 40), self.text(data, "audience", where, 40)
        indicator, audience = indicators.get(code), audiences.get(whom)
        if code and indicator is None:
            self.wrong(where, f"没有“{code}”这个指标，可用的指标：{'、'.join(i.code for i in indicators)}")
        if whom and audience is None:
            self.wrong(where, f"没有“{whom}”这个适用对象，可用的对象：{'、'.join(a.code for a in audiences)}")
        if indicator and audience and indicator.subject != audience.subject:
            asked, given = SUBJECTS[indicator.subject], SUBJECTS[audience.subject]
            self.wrong(where, f"指标“{indicator.label}”是对{asked}的，适用对象“{audience.label}”却是{given}")
        due_from, due_offset, due_day = self.due(data, where)
        return RequirementPlan(
            key=key,
            label=label,
            indicator=code,
            audience=whom,
            params=self.params(data, indicator, where) if indicator else {},
            sectors=self.sectors(data, where),
            waivable=self.flag(data, "waivable", where),
            optional=self.flag(data, "optional", where),
            due_from=due_from,
            due_offset=due_offset,
            due_day=due_day,
            hint=self.text(data, "hint", where, 300, empty=True),
        )

    def due(self, data: Data, where: str) -> tuple[str, int, str]:
        """From which day, how many days off, and the fixed day where there is one."""
        due_from, day = data.get("due_from", "end"), data.get("due_day", "")
        offset = self.number(data, "due_offset", where, -MOST_DAYS, MOST_DAYS, 0)
        if due_from not in DUE_FROM:
            self.wrong(
                where,
                f"“期限起算”应为 end（阶段结束）、start（阶段开始）或 date（固定日期），现在是“{shown(due_from)}”",
            )
            due_from = "end"
        if due_from == "date" and not (isinstance(day, str) and is_day(day)):
            self.wrong(where, f"“固定日期”应按“月-日”填写，如 12-31，现在是“{shown(day)}”")
        if due_from != "date" and day:
            self.wrong(where, "只有期限按固定日期算时才填“固定日期”")
        return due_from, offset, day if isinstance(day, str) else ""

    def sectors(self, data: Data, where: str) -> tuple[str, ...]:
        given = self.rows(data, "sectors", where, empty=True)
        for each in given:
            if each not in SECTORS:
                self.wrong(where, f"没有“{shown(each)}”这个领域，可用的领域：{'、'.join(filter(None, SECTORS))}")
        return tuple(dict.fromkeys(str(each) for each in given))

    def params(self, data: Data, indicator: Indicator, where: str) -> Data:
        """Parameters of the kind that the indicator knows."""
        given = data.get("params", {})
        names = {p.name for p in indicator.parameters}
        known = self.record(given, names, f"{where}指标参数")
        for parameter in indicator.parameters:
            if parameter.name in known:
                self.param(known[parameter.name], parameter, where)
        return dict(known)

    def param(self, value: Any, parameter: Parameter, where: str) -> None:
        if isinstance(parameter.default, list):
            allowed = dict(parameter.choices)
            if not isinstance(value, list) or any(not isinstance(v, str) for v in value):
                self.wrong(where, f"参数“{parameter.label}”应为列表")
            elif strange := [v for v in value if allowed and v not in allowed]:
                self.wrong(where, f"参数“{parameter.label}”不能是“{shown(strange[0])}”，可用的值：{'、'.join(allowed)}")
        elif isinstance(parameter.default, int) and (
            not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100_000
        ):
            self.wrong(where, f"参数“{parameter.label}”应为0到100000之间的整数，现在是“{shown(value)}”")

    def phase(self, value: Any, number: int) -> PhasePlan:
        named = value.get("name") if isinstance(value, Mapping) else None
        where = f"第{number + 1}阶段" + (f"“{shown(named)}”" if isinstance(named, str) and named else "")
        data = self.record(value, PHASE, where)
        steps = []
        for s, step in enumerate(self.rows(data, "steps", where)):
            steps.append(self.step(step, number, s, where))
        preparation = self.flag(data, "preparation", where)
        if preparation and number:
            self.wrong(where, "只有第1阶段可以是准备阶段")
        return PhasePlan(
            name=self.text(data, "name", where, 40),
            aim=self.text(data, "aim", where, 300, empty=True),
            preparation=preparation,
            concentrated=self.flag(data, "concentrated", where),
            steps=tuple(steps),
        )

    def step(self, value: Any, phase: int, number: int, where: str) -> StepPlan:
        named = value.get("name") if isinstance(value, Mapping) else None
        where = f"{where}第{number + 1}环节" + (f"“{shown(named)}”" if isinstance(named, str) and named else "")
        data = self.record(value, ("name", "requirements"), where)
        rows = self.rows(data, "requirements", where)
        plans = [self.requirement(row, f"{phase}-{number}-{r}", f"{where}第{r + 1}项") for r, row in enumerate(rows)]
        return StepPlan(self.text(data, "name", where, 60), tuple(plans))

    def batches(self, data: Data, yearly: bool) -> tuple[BatchPlan, ...]:
        found = []
        for number, value in enumerate(self.rows(data, "batches", "")):
            where = f"第{number + 1}批"
            row = self.record(value, ("name", "months"), where)
            found.append(BatchPlan(self.text(row, "name", where, 60), self.number(row, "months", where, 1, 60, 6)))
        if yearly and [b.months for b in found] != [12]:
            self.wrong("批次", "每年循环的蓝本只设一个批次，为12个月")
        return tuple(found)

    def materials(self, data: Data) -> tuple[MaterialPlan, ...]:
        found: list[MaterialPlan] = []
        for number, value in enumerate(self.rows(data, "materials", "", empty=True)):
            where = f"第{number + 1}份学习材料"
            row = self.record(value, ("title", "required"), where)
            plan = MaterialPlan(self.text(row, "title", where, 160), self.flag(row, "required", where, True))
            if plan.title and plan.title in {m.title for m in found}:
                self.wrong(where, f"“{shown(plan.title)}”写了两次")
            found.append(plan)
        return tuple(found)

    def blueprint(self, value: Any) -> Blueprint:
        data = self.record(value, GENERAL, "蓝本")
        code = self.text(data, "code", "蓝本", 40)
        if code and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", code):
            self.wrong("蓝本", "“代码”只能用小写字母、数字和连字符")
        yearly = self.flag(data, "yearly", "蓝本")
        phases = tuple(self.phase(phase, n) for n, phase in enumerate(self.rows(data, "phases", "蓝本")))
        if len(phases) == 1 and phases[0].preparation:
            self.wrong("阶段", "准备阶段之后至少还要有一个阶段")
        return Blueprint(
            code=code,
            name=self.text(data, "name", "蓝本", 120),
            sequential=self.flag(data, "sequential", "蓝本", True),
            committees=self.flag(data, "committees", "蓝本"),
            yearly=yearly,
            concentrated_months=self.number(data, "concentrated_months", "蓝本", 0, 60, 0),
            batches=self.batches(data, yearly),
            phases=phases,
            materials=self.materials(data),
        )


def read(data: Any, where: str = "") -> Blueprint:
    """A checked blueprint out of plain data; raises ``BlueprintError`` with all problems."""
    reader = Reader()
    found = reader.blueprint(data)
    if reader.problems:
        raise BlueprintError([f"{where}：{problem}" for problem in reader.problems] if where else reader.problems)
    return found


def problems_of(data: Any) -> list[str]:
    """What is wrong with it; empty when it can be used."""
    reader = Reader()
    reader.blueprint(data)
    return reader.problems
