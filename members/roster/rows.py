"""What is known of a file's rows while they are compared with the roll."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"
OUTCOMES = {CREATED: "新增", CHANGED: "修改", UNCHANGED: "未变", REFUSED: "拒绝"}
SECRET_FIELDS = {"identity", "phone"}


@dataclass
class Row:
    """One data row: its cleaned ``values`` by field, what it would do to which ``target`` (id), and why it can't."""

    kind: str
    sheet: str
    number: int
    values: dict[str, Any] = field(default_factory=dict)
    outcome: str = UNCHANGED
    target: int | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    original: list[Any] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        return self.outcome == REFUSED

    @property
    def place(self) -> str:
        return f"工作表“{self.sheet}”第{self.number}行"

    def refuse(self, key: str, value: Any, reason: str) -> None:
        """Refuse the row for field ``key`` (a column of the file, or a plain word)."""
        self.outcome = REFUSED
        shown = "".join(c if c.isprintable() else " " for c in str(value if value is not None else ""))[:100]
        problem = (self.letters.get(key, key), shown, reason)
        if problem not in self.problems:
            self.problems.append(problem)

    def summary(self) -> dict[str, Any]:
        """What the preview keeps; whole identity numbers and telephones are not in it."""
        return {
            "kind": self.kind,
            "sheet": self.sheet,
            "row": self.number,
            "name": self.values.get("name", ""),
            "where": self.values.get("where", ""),
            "outcome": self.outcome,
            "changes": self.changes,
            "problems": self.problems,
            "notes": self.notes,
            "facts": self.facts,
        }


@dataclass
class Plan:
    """All rows of a file in the order in which they can be written: organisations (parents first), then members.

    ``ignored`` says in words what of the file was left aside; ``skipped`` counts its lines of totals.
    """

    organizations: list[Row]
    members: list[Row]
    headings: dict[str, list[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    skipped: int = 0

    @property
    def rows(self) -> list[Row]:
        return [*self.organizations, *self.members]

    def counts(self) -> dict[str, int]:
        return {outcome: sum(row.outcome == outcome for row in self.rows) for outcome in OUTCOMES}

    def digest(self) -> str:
        """Equal for equal outcomes: tells whether the roll has changed since the preview."""
        essence = [
            [r.kind, r.sheet, r.number, r.outcome, r.target, r.changes, r.problems]
            + [r.values.get(key, "") for key in ("branch_key", "parent_key", "code")]
            for r in self.rows
        ]
        return hashlib.sha256(json.dumps(essence, ensure_ascii=False).encode()).hexdigest()


def masked(key: str, value: Any) -> str:
    """A value as the preview may show it."""
    shown = str(value if value is not None else "")
    if key in SECRET_FIELDS and len(shown) > 5:
        return f"{shown[:3]}{'*' * (len(shown) - 5)}{shown[-2:]}"
    return shown
