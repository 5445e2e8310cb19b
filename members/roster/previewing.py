"""What the preview shows of a checked plan: a row of the database per row of the file, and a short summary."""

import json
from collections.abc import Iterator
from typing import Any

from members.models import RosterRow
from members.roster.comparing import facts
from members.roster.headings import LABELS, MEMBER
from members.roster.people import SHOWN
from members.roster.roll import Person
from members.roster.rows import ABSENT, ASKED, CREATED, MASKED_LABELS, Plan, Row
from portal import bulk

# One for all rows: ``json.dumps`` makes a new one for each.
ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False)
# What the page shows in columns of their own.
OWN_COLUMNS = {LABELS[MEMBER]["name"], LABELS[MEMBER]["branch"]}
FIELDS = ("roster", "position", "kind", "sheet", "number", "outcome", "name", "place", "detail")


def summary(plan: Plan) -> dict[str, Any]:
    """The part of the preview that every page of it shows."""
    return {
        "digest": plan.digest(),
        "counts": plan.counts(),
        "skipped": plan.skipped,
        "ignored": plan.ignored,
        "absent": len(plan.absent),
        "missing": plan.missing,
        "layouts": [layout.described() for layout in plan.layouts],
    }


def keep_rows(roster: int, plan: Plan, branches: dict[str, str]) -> None:
    """Put the rows of the preview in the place of those that were there."""
    RosterRow.objects.filter(roster=roster).delete()
    bulk.insert(RosterRow, FIELDS, lines(roster, plan, branches))


def lines(roster: int, plan: Plan, branches: dict[str, str]) -> Iterator[tuple[Any, ...]]:
    for position, row in enumerate(in_file_order(plan), 1):
        said = row.values
        name, place = said.get("name", ""), said.get("where", "")
        yield (
            roster, position, row.kind, row.sheet, row.number, row.outcome, name, place, packed(detail(row, branches)),
        )  # fmt: skip
    for position, person in enumerate(plan.absent, len(plan.organizations) + len(plan.members) + 1):
        yield roster, position, MEMBER, "", 0, ABSENT, person["name"], person["branch"], packed({"person": person})


def in_file_order(plan: Plan) -> Iterator[Row]:
    order = {layout.sheet: number for number, layout in enumerate(plan.layouts)}
    yield from sorted(plan.organizations, key=lambda row: (order[row.sheet], row.number))
    yield from plan.members


def shown(label: str, value: str) -> str:
    return f"{label} {MASKED_LABELS[label](value) if label in MASKED_LABELS else value}"


def packed(content: dict[str, Any]) -> str:
    return ENCODER.encode({key: value for key, value in content.items() if value})


def detail(row: Row, branches: dict[str, str]) -> dict[str, Any]:
    """What is said of one row; whole identity numbers and telephones are not in it."""
    people: list[Person] = (row.candidates or [])[:SHOWN] if row.outcome == ASKED else []
    new = facts(row) if row.outcome in (CREATED, ASKED) else ()
    return {
        "changes": row.shown_changes(),
        "problems": row.problems,
        "notes": row.notes,
        "facts": "，".join([shown(label, value) for label, value in new if label not in OWN_COLUMNS]),
        "candidates": [person.described(branches) for person in people],
    }
