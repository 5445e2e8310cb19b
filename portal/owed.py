"""What a person owes, put in order for their own page."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.menu import Duty, duties


@dataclass
class OwedDuty:
    """A duty with its lateness in whole days (negative: days left)."""

    duty: Duty
    today: date

    @property
    def is_late(self) -> bool:
        return self.duty.due is not None and self.duty.due < self.today

    @property
    def days(self) -> int:
        """Days since (late) or until (not late) the due date; 0 without one or on the day itself."""
        return abs((self.duty.due - self.today).days) if self.duty.due else 0


@dataclass
class OwedGroup:
    """Duties of one kind, the most pressing first."""

    label: str
    rows: list[OwedDuty] = field(default_factory=list)


def pressing(duty: Duty) -> tuple[date, str]:
    return (duty.due or date.max, duty.text)


def owed_by(user: Any, today: date) -> list[OwedGroup]:
    """Everything that the rooms say ``user`` owes, grouped; the group with the earliest date comes first."""
    groups: dict[str, OwedGroup] = {}
    for duty in sorted((duty for source in duties for duty in source(user)), key=pressing):
        label = duty.group or "待办事项"
        groups.setdefault(label, OwedGroup(label)).rows.append(OwedDuty(duty, today))
    return list(groups.values())
