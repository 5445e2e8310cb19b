"""What is known of a file's rows while they are compared with the roll."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from members.identity import mask_identity, mask_phone
from members.roster.columns import Layout
from members.roster.headings import LABELS, MEMBER

CREATED, CHANGED, UNCHANGED, ASKED, REFUSED = "created", "changed", "unchanged", "asked", "refused"
ABSENT = "absent"
OUTCOMES = {CREATED: "新增", CHANGED: "变更", UNCHANGED: "不变", ASKED: "需确认", REFUSED: "拒绝"}
LISTED = OUTCOMES | {ABSENT: "未出现"}
MASKS = {"identity": mask_identity, "phone": mask_phone}
MASKED_LABELS = {LABELS[MEMBER][key]: mask for key, mask in MASKS.items()}
Triple = tuple[str, str, str]


class Fields:
    """Its ``__dict__`` is a dictionary that shares its keys with those of all the others: half the size of one of its own."""


def fields() -> dict[str, Any]:
    return Fields().__dict__


# Keys are shared only where the first one had them all.
shared = Fields()
for key in (*LABELS[MEMBER], "where", "branch_key", "away", "back", "since_of"):
    setattr(shared, key, None)


@dataclass(slots=True, eq=False)
class Row:
    """One data row: its cleaned ``values`` by field, what it would do to which ``target`` (id), and why it can't.

    ``changes``: (label, old, new) as people read them, numbers in full; ``problems``: (column, value, reason); ``candidates``: people on the
    roll of whom it may speak. ``index``: blind index of its identity number. Lists are made when there is something to put in: most rows have none.
    """

    kind: str
    number: int
    layout: Layout
    values: dict[str, Any] = field(default_factory=fields)
    outcome: str = UNCHANGED
    target: int | None = None
    index: str = ""
    changes: list[Triple] | None = None
    problems: list[Triple] | None = None
    notes: list[str] | None = None
    candidates: list[Any] | None = None

    @property
    def is_refused(self) -> bool:
        return self.outcome == REFUSED

    @property
    def sheet(self) -> str:
        return self.layout.sheet

    @property
    def place(self) -> str:
        return f"工作表“{self.sheet}”第{self.number}行"

    @property
    def key(self) -> tuple[str, int]:
        """By which the clerk's choices are kept."""
        return self.sheet, self.number

    def change(self, key: str, old: str, new: str) -> None:
        if self.changes is None:
            self.changes = []
        self.changes.append((LABELS[self.kind].get(key, key), old, new))

    def shown_changes(self) -> list[Triple]:
        """The changes without whole identity numbers and telephones."""
        return [(label, *map(MASKED_LABELS.get(label, str), pair)) for label, *pair in self.changes or ()]  # type: ignore[misc]

    def note(self, text: str) -> None:
        if self.notes is None:
            self.notes = []
        self.notes.append(text)

    def refuse(self, key: str, value: Any, reason: str) -> None:
        """Refuse the row for field ``key``, whose value was ``value``."""
        self.outcome = REFUSED
        shown = "".join(c if c.isprintable() else " " for c in as_shown(value))[:100]
        problem = (self.layout.letter(key), shown, reason)
        if self.problems is None:
            self.problems = []
        if problem not in self.problems:
            self.problems.append(problem)


@dataclass
class Plan:
    """All rows of a file in the order in which they can be written: organisations (parents first), then members.

    ``ignored`` says in words what of the file was left aside; ``skipped`` counts its lines of totals; ``absent`` are people on the roll of
    the branches that the file speaks of who are not in it, ``missing`` counts those of the whole subtree.
    """

    organizations: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    layouts: list[Layout] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    skipped: int = 0
    absent: list[Any] = field(default_factory=list)
    missing: int = 0
    # What the roll was when the rows were compared with it.
    stamp: str = ""

    @property
    def rows(self) -> list[Row]:
        return [*self.organizations, *self.members]

    def counts(self) -> dict[str, int]:
        counts = dict.fromkeys(OUTCOMES, 0)
        for row in self.rows:
            counts[row.outcome] += 1
        return counts

    def digest(self) -> str:
        """Equal for equal outcomes: tells whether the roll has changed since the preview."""
        essence = hashlib.sha256()
        for r in self.rows:
            said = r.values
            keys = said.get("branch_key", ""), said.get("parent_key", ""), said.get("code", "")
            essence.update(repr((r.kind, *r.key, r.outcome, r.target, r.changes, r.problems, *keys)).encode())
        return essence.hexdigest()


def as_shown(value: Any) -> str:
    """A cell as the spreadsheet shows it: no ``1.1e+17`` for a long number."""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.15g}"
    return str(value if value is not None else "")


def masked(key: str, value: Any) -> str:
    """A value as the preview may show it."""
    shown = as_shown(value)
    return MASKS[key](shown) if key in MASKS and len(shown) > 5 else shown
