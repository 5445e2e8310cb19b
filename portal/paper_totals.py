"""Sheets of paper that were handed out and counted: the numbers must add up, or they are refused with the difference."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, Q

ISSUED, RETURNED, MISSING, VALID, VOID = (
    "sheets_issued", "sheets_returned", "sheets_missing", "sheets_valid", "sheets_void",
)  # fmt: skip
PAPER_FIELDS = [ISSUED, RETURNED, MISSING, VALID, VOID]
LABELS = {ISSUED: "发出", RETURNED: "收回", MISSING: "未收回", VALID: "有效", VOID: "作废"}


@dataclass(frozen=True)
class PaperTotals:
    """How many sheets were handed out, came back or did not, and of those that came back were valid or void; ``None``: not counted.

    What was counted must be whole: 发出 = 收回 + 未收回, and where validity was looked at 收回 = 有效 + 作废.
    """

    issued: int | None = None
    returned: int | None = None
    missing: int | None = None
    valid: int | None = None
    void: int | None = None

    @classmethod
    def of(cls, numbers: Any) -> "PaperTotals":
        """Out of a mapping by ``PAPER_FIELDS``."""
        return cls(*(numbers.get(name) for name in PAPER_FIELDS))

    @property
    def numbers(self) -> dict[str, int | None]:
        values = (self.issued, self.returned, self.missing, self.valid, self.void)
        return dict(zip(PAPER_FIELDS, values, strict=True))

    @property
    def refusals(self) -> dict[str, str]:
        """What cannot stand, by field; empty where all adds up or nothing was counted."""
        numbers = self.numbers
        given = {name for name, number in numbers.items() if number is not None}
        wanted = ({ISSUED, RETURNED, MISSING} if given else set()) | ({VALID, VOID} if given & {VALID, VOID} else set())
        found = {name: f"清点了纸面的，“{LABELS[name]}”也要填写；一份也没有的填 0。" for name in wanted - given}
        if not found.keys() & {ISSUED, RETURNED, MISSING} and given:
            found |= self.compared(ISSUED, RETURNED, MISSING)
        if not found.keys() & {RETURNED, VALID, VOID} and VALID in given:
            found |= self.compared(RETURNED, VALID, VOID)
        return found

    def compared(self, whole: str, one: str, other: str) -> dict[str, str]:
        """The difference between a sum and its two parts, under the sum's name."""
        total, first, second = (self.numbers[name] or 0 for name in (whole, one, other))
        if total == first + second:
            return {}
        stated = f"{LABELS[whole]}{total}份，{LABELS[one]}{first}份、{LABELS[other]}{second}份"
        return {whole: f"{stated}，相差{abs(total - first - second)}份。请核对后改正。"}

    def __str__(self) -> str:
        """«发出50份，收回47份，未收回3份；有效45份，作废2份»; empty where nothing was counted."""
        parts = [f"{LABELS[name]}{number}份" for name, number in self.numbers.items() if number is not None]
        return "；".join(filter(None, ("，".join(parts[:3]), "，".join(parts[3:]))))


class CountedOnPaper(models.Model):
    """A record with the numbers of its sheets of paper; blank: nothing was counted on paper. Add ``adding_up`` to its constraints."""

    sheets_issued = models.PositiveIntegerField("发出份数", null=True, blank=True)
    sheets_returned = models.PositiveIntegerField("收回份数", null=True, blank=True)
    sheets_missing = models.PositiveIntegerField("未收回份数", null=True, blank=True)
    sheets_valid = models.PositiveIntegerField("有效份数", null=True, blank=True)
    sheets_void = models.PositiveIntegerField("作废份数", null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def paper(self) -> PaperTotals:
        return PaperTotals(*(getattr(self, name) for name in PAPER_FIELDS))


def all_null(*names: str, null: bool) -> Q:
    return Q(**{f"{name}__isnull": null for name in names})


def adding_up(name: str) -> list[models.CheckConstraint]:
    """The two sums as the database holds them, their names beginning with ``name``. Nothing unknown slips through."""
    counted = all_null(ISSUED, RETURNED, MISSING, null=False) & Q(sheets_issued=F(RETURNED) + F(MISSING))
    looked_at = all_null(RETURNED, VALID, VOID, null=False) & Q(sheets_returned=F(VALID) + F(VOID))
    return [
        models.CheckConstraint(
            condition=all_null(ISSUED, RETURNED, MISSING, null=True) | counted, name=f"{name}_sheets_issued"
        ),
        models.CheckConstraint(condition=all_null(VALID, VOID, null=True) | looked_at, name=f"{name}_sheets_valid"),
    ]
