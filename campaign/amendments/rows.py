"""The changes of an amendment as a page or a sheet shows them."""

from typing import Any

from campaign.amendments.effect import changes_of
from campaign.blueprints.facts import differences, facts
from campaign.models import Amendment


def change_rows(amendment: Amendment) -> list[dict[str, Any]]:
    """Each change with what it says: all facts of something new, only the differences of what is changed."""
    rows = []
    for change in changes_of(amendment):
        row: dict[str, Any] = {"change": change, "facts": [], "differences": []}
        if change.kind == change.Kind.CHANGE and change.requirement:
            row["differences"] = differences(change.requirement, change.planned())
        elif change.kind == change.Kind.ADD:
            row["facts"] = facts(change.planned())
        rows.append(row)
    return rows
