"""Writing a checked plan to the roll. Runs inside the caller's transaction."""

from datetime import date
from typing import Any

from members.models import Member, MemberTag, Mobility, Organization
from members.roster.checking import CHANGED, CREATED, PLAIN_FIELDS, Plan, Row

CHUNK = 1000


def write(plan: Plan, root: Organization, today: date) -> set[int]:
    """Write every created and changed row; returns the ids of the branches whose roll changed."""
    codes = write_organizations(plan.organizations, root)
    branches = dict(Organization.objects.filter(code__in=codes | {r.values["branch_key"] for r in plan.members}).values_list("code", "pk"))
    touched = write_created([r for r in plan.members if r.outcome == CREATED], branches, today)
    touched |= write_changed([r for r in plan.members if r.outcome == CHANGED], branches, today)
    return touched | {branches[r.values["code"]] for r in plan.organizations if r.outcome == CHANGED}


def write_organizations(rows: list[Row], root: Organization) -> set[str]:
    """Create and change organisations, parents first; returns the codes touched."""
    codes = set()
    for row in rows:
        if row.outcome == CREATED:
            parent = Organization.objects.get(code=row.values["parent_key"])
            fields = {key: row.values.get(key, "") for key in ("name", "code", "kind", "sector")}
            condition = row.values.get("condition") or Organization.Condition.NORMAL
            Organization.objects.add_child(parent, fields | {"condition": condition})
        elif row.outcome == CHANGED:
            fields = {k: row.values[k] for k in ("name", "kind", "sector", "condition") if row.values.get(k)}
            Organization.objects.filter(pk=row.target).update(**fields)
        codes.add(row.values["code"])
    return codes


def fill(person: Member, row: Row, branch: int) -> None:
    for key in PLAIN_FIELDS:
        if row.values.get(key):
            setattr(person, key, row.values[key])
    if row.values.get("identity"):
        person.set_identity(row.values["identity"])
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
    people = Member.objects.in_bulk([row.target for row in rows])
    pairs = []
    for row in rows:
        person = people[row.target]
        touched.add(person.branch_id)
        fill(person, row, branches[row.values["branch_key"]])
        touched.add(person.branch_id)
        person.save()
        pairs.append((person, row))
    ids = [person.pk for person, row in pairs if "tags" in row.values]
    MemberTag.objects.filter(member__in=ids).delete()
    for person, row in pairs:
        if "mobility" in row.values:
            Mobility.objects.filter(member=person, until=None).exclude(kind=row.values["mobility"]).update(until=today)
    write_traits(pairs, today)
    return touched


def write_traits(pairs: list[tuple[Member, Row]], today: date) -> None:
    MemberTag.objects.bulk_create(
        [MemberTag(member=person, kind=kind) for person, row in pairs for kind in row.values.get("tags", [])], batch_size=CHUNK
    )
    Mobility.objects.bulk_create(
        [
            Mobility(member=person, kind=row.values["mobility"], place=row.values.get("place", ""), since=today)
            for person, row in pairs
            if row.values.get("mobility")
        ],
        batch_size=CHUNK,
        ignore_conflicts=True,
    )


def refused_table(plan: Plan) -> tuple[list[str], list[list[Any]]]:
    """The refused rows as they stood in the file, with the reason in front: headings and rows."""
    refused = [row for row in plan.rows if row.problems]
    width = max((len(row.original) for row in refused), default=0)
    names = next((plan.headings[row.sheet] for row in refused), [])
    headings = ["拒绝原因", *names, *[""] * (width - len(names))]
    reasons = ["；".join(f"{column}：{reason}" for column, _, reason in row.problems) for row in refused]
    return headings, [[reason, *row.original] for reason, row in zip(reasons, refused, strict=True)]
