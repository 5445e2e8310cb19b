"""The entries of a blueprint's file: their names, what people call them, and what they may be."""

from datetime import date
from typing import Any

from members.models import Organization
from portal.indicators import Subject

LABELS = {
    "code": "代码",
    "name": "名称",
    "sequential": "阶段是否依次进行",
    "committees": "党委是否作为参加单位",
    "yearly": "是否每年循环",
    "concentrated_months": "集中学习教育最少月数",
    "batches": "批次",
    "months": "月数",
    "materials": "学习材料",
    "title": "材料名称",
    "required": "是否必学",
    "phases": "阶段",
    "aim": "阶段要求",
    "preparation": "是否准备阶段",
    "concentrated": "是否集中学习教育",
    "steps": "环节",
    "requirements": "规定动作",
    "label": "规定动作名称",
    "indicator": "指标",
    "audience": "适用对象",
    "params": "指标参数",
    "sectors": "适用领域",
    "waivable": "是否可以免除",
    "optional": "是否由活动选用",
    "due_from": "期限起算",
    "due_offset": "期限天数",
    "due_day": "固定日期",
    "hint": "说明",
}
GENERAL = (
    "code",
    "name",
    "sequential",
    "committees",
    "yearly",
    "concentrated_months",
    "batches",
    "materials",
    "phases",
)
PHASE = ("name", "aim", "preparation", "concentrated", "steps")
REQUIREMENT = ("label", "indicator", "audience", "params", "sectors", "waivable", "optional") + (
    "due_from",
    "due_offset",
    "due_day",
    "hint",
)
# The empty one stands for units whose 领域 is not known.
SECTORS = {"": "未填领域"} | dict(Organization.Sector.choices)
DUE_FROM = ("end", "start", "date")
SUBJECTS = {Subject.PERSON: "党员", Subject.ORGANIZATION: "参加单位"}
MOST_DAYS = 3660
MOST_ROWS = 60


def shown(value: Any) -> str:
    """A value as people wrote it, cut short."""
    text = str(value)
    return text if len(text) <= 30 else f"{text[:30]}…"


def is_day(text: str) -> bool:
    """Whether it is a month and a day that every year has."""
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return len(text) == 5
