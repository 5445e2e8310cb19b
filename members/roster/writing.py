"""Writing a checked plan to the roll. Runs inside the caller's transaction."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from members.identity import identity_index
from members.models import Member, MemberTag, Mobility, Organization, User
from members.roster.checking import CHANGED, CREATED, PLAIN_FIELDS, news
from members.roster.rows import Plan, Row
from portal.documents import Table

CHUNK = 500
Pair = tuple[Member, Row]


def write(plan: Plan, today: date) -> set[int]:
    """Write every created and changed row; returns the ids of the branches whose roll changed."""
    codes = write_organizations(plan.organizations) | {r.values["branch_key"] for r in plan.members}
    branches: dict[str, int] = {}
    for start in range(0, len(codes), CHUNK):
        some = sorted(codes)[start : start + CHUNK]
        branches |= dict(Organization.objects.filter(code__in=some).values_list("code", "pk"))
    touched = write_created([r for r in plan.members if r.outcome == CREATED], branches, today)
    touched |= write_changed([r for r in plan.members if r.outcome == CHANGED], branches, today)
    return touched | {branches[r.values["code"]] for r in plan.organizations if r.outcome == CHANGED}


def write_organizations(rows: list[Row]) -> set[str]:
    """Create and change organisations, parents first; returns the codes touched."""
    for row in rows:
        if row.outcome == CREATED:
            parent = Organization.objects.get(code=row.values["parent_key"])
            fields = {key: row.values.get(key, "") for key in ("name", "code", "kind", "sector")}
            condition = row.values.get("condition") or Organization.Condition.NORMAL
            Organization.objects.add_child(parent, fields | {"condition": condition})
        elif row.outcome == CHANGED:
            fields = {k: row.values[k] for k in ("name", "kind", "sector", "condition") if row.values.get(k)}
            Organization.objects.filter(pk=row.target).update(**fields)
    return {row.values["code"] for row in rows}


def fill(person: Member, row: Row, branch: int) -> None:
    for key in PLAIN_FIELDS:
        if new := news(row, person, key):
            setattr(person, key, new)
    identity = row.values.get("identity", "")
    if identity and (identity_index(identity) != person.identity_index or len(identity) > len(person.identity)):
        person.set_identity(identity)
    if row.values.get("phone"):
        person.phone = row.values["phone"]
    person.branch_id = branch


def write_created(rows: list[Row], branches: dict[str, int], today: date) -> set[int]:
    people = []
    for row in rows:
        person = Member(since=today)
        fill(person, row, branches[row.values["branch_key"]])
        people.append(person)
    Member.objects.bulk_create(people, batch_size=CHUNK)
    write_traits(list(zip(people, rows, strict=True)), today)
    return {person.branch_id for person in people}


def write_changed(rows: list[Row], branches: dict[str, int], today: date) -> set[int]:
    touched: set[int] = set()
    pairs: list[Pair] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        people = Member.objects.in_bulk([row.target for row in chunk])
        for row in chunk:
            person = people[row.target]
            before, name = person.branch_id, person.name
            fill(person, row, branches[row.values["branch_key"]])
            touched |= {before, person.branch_id}
            person.since = today if person.branch_id != before else person.since
            person.save()
            if person.name != name:
                User.objects.filter(member=person).update(name=person.name)
            pairs.append((person, row))
    write_traits(pairs, today)
    return touched


def write_traits(pairs: Sequence[Pair], today: date) -> None:
    """Tags as the rows state them; mobility opened, ended and moved."""
    for start in range(0, len(pairs), CHUNK):
        chunk = pairs[start : start + CHUNK]
        stated = [pair for pair in chunk if "tags" in pair[1].values]
        MemberTag.objects.filter(member__in=[person for person, _ in stated]).delete()
        MemberTag.objects.bulk_create(
            [MemberTag(member=person, kind=kind) for person, row in stated for kind in row.values["tags"]]
        )
        write_mobilities([pair for pair in chunk if "away" in pair[1].values], today)


def write_mobilities(pairs: Sequence[Pair], today: date) -> None:
    open_ones: dict[int, dict[str, Mobility]] = {}
    for each in Mobility.objects.filter(member__in=[person for person, _ in pairs], until=None):
        open_ones.setdefault(each.member_id, {})[each.kind] = each
    new: list[Mobility] = []
    for person, row in pairs:
        current, place = open_ones.get(person.pk, {}), row.values.get("place", "")
        for kind, each in current.items():
            if kind not in row.values["away"] and row.values["back"]:
                Mobility.objects.filter(pk=each.pk).update(until=max(today, each.since))
            elif kind in row.values["away"] and place and place != each.place:
                Mobility.objects.filter(pk=each.pk).update(place=place)
        new += [
            Mobility(member=person, kind=kind, place=place, since=today)
            for kind in row.values["away"]
            if kind not in current
        ]
    Mobility.objects.bulk_create(new)


def refused_tables(plan: Plan) -> list[Table]:
    """The refused rows as they stood in the file, with the reason in front: a table per sheet of the file."""
    tables = []
    for sheet, headings in plan.headings.items():
        refused = [row for row in plan.rows if row.problems and row.sheet == sheet]
        if refused:
            width = max(len(headings), *(len(row.original) for row in refused))
            names = ["拒绝原因", *headings, *[""] * (width - len(headings))]
            tables.append(Table(sheet, names, [[reasons(row), *map(shown, row.original)] for row in refused]))
    return tables


def reasons(row: Row) -> str:
    return "；".join(f"{column}：{reason}" for column, _, reason in row.problems)


def shown(cell: Any) -> Any:
    """A cell as it can be uploaded again: numbers as text, so that none is rounded."""
    return cell if cell is None or isinstance(cell, str) else f"{cell:.15g}" if isinstance(cell, float) else str(cell)
