"""What reminders there are, and how a campaign's office has set them (``Campaign.settings["reminders"]``).

Rooms above register rules of their own. A rule's numbers are days; no numbers mean that the rule is off.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from campaign.models import Campaign
from portal.registry import Registry

SETTINGS = "reminders"
LONGEST = 90


@dataclass(frozen=True)
class ReminderRule:
    """``days`` is the default: how long before, or how long after, or how often; ``several``: more than one may be given.
    ``what`` says in Chinese what the number of days means."""

    code: str
    label: str
    whom: str
    what: str
    days: tuple[int, ...]
    several: bool = False
    order: int = 50

    def on_in(self, settings: dict[str, object]) -> bool:
        return bool(self.kept(settings).get("on", True))

    def days_in(self, settings: dict[str, object]) -> tuple[int, ...]:
        """The numbers the office gave, or the default, on or off."""
        given = self.kept(settings).get("days")
        numbers = [n for n in given if isinstance(n, int) and 0 < n <= LONGEST] if isinstance(given, list) else []
        return tuple(sorted(set(numbers)))[: None if self.several else 1] or self.days

    def kept(self, settings: dict[str, object]) -> dict[str, object]:
        every = settings.get(SETTINGS)
        own = every.get(self.code) if isinstance(every, dict) else None
        return own if isinstance(own, dict) else {}


reminder_rules: Registry[ReminderRule] = Registry("reminder rule")

Numbers = tuple[int, ...]


def grouped(*codes: str) -> Iterator[tuple[tuple[Numbers, ...], list[int]]]:
    """Running campaigns (ids) with the same numbers for these rules, together: one query, and as many rounds as there are
    different settings. Those in which all of the rules are off are left out."""
    found: dict[tuple[Numbers, ...], list[int]] = {}
    rules = [reminder_rules[code] for code in codes]
    for pk, settings in Campaign.objects.running().order_by("pk").values_list("pk", "settings"):
        numbers = tuple(rule.days_in(settings) if rule.on_in(settings) else () for rule in rules)
        if any(numbers):
            found.setdefault(numbers, []).append(pk)
    yield from found.items()


for number, rule in enumerate(
    (
        ReminderRule("phase-starts", "阶段将要开始", "支部书记和参加人员", "提前天数", (3,), several=True),
        ReminderRule("phase-ends", "阶段将要结束", "支部书记和参加人员", "提前天数", (1, 3, 7), several=True),
        ReminderRule("requirement-due", "规定动作快到期", "没有完成的本人，支部的工作提醒书记", "提前天数", (7,)),
        ReminderRule(
            "requirement-late", "规定动作已过期", "没有完成的本人，支部的工作提醒书记", "每隔几天再提醒", (7,)
        ),
        ReminderRule("gate-waits", "转段申请等待审核", "有权审核的上级", "等待超过几天", (3,)),
        ReminderRule("stalled", "支部停滞", "最近的上级活动办公室，每周一条", "过期又无记录满几天", (14,)),
    )
):
    reminder_rules.register(ReminderRule(**{**rule.__dict__, "order": 10 + number}))
