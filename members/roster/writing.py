"""Writing a checked plan to the roll. Runs inside the caller's transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from members.actions.condition import set_condition
from members.actions.transfer import keep_imported
from members.history import Change, keep_changes
from members.models import Member, MemberTag, Mobility, Organization, User
from members.models.since import partial_since, since_of
from members.roster.comparing import PLAIN_FIELDS, facts, has_new_identity, is_news, news
from members.roster.growing import write_organizations
from members.roster.people import chunks
from members.roster.roll import Person, fields_of
from members.roster.rows import CHANGED, CREATED, Plan, Row
from portal import bulk
from portal.ciphers import seal

VERB = "导入名册"
MANY = 2_000
TEXTS = tuple(key for key in PLAIN_FIELDS if key != "number")
MEMBER_FIELDS = ("branch", "since", "number", *TEXTS, "identity", "identity_index", "phone")
Values = tuple[Any, ...]


@dataclass
class Prepared:
    """What is costly to make and needs no lock: sealed identity numbers and telephones, row by row."""

    created: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    sealed: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)


def prepare(plan: Plan) -> Prepared:
    """Before the transaction: every moment inside it keeps other imports, or on SQLite everybody, waiting."""
    found = Prepared()
    for row in plan.members:
        if row.outcome in (CREATED, CHANGED):
            (found.created if row.outcome == CREATED else found.changed).append(row)
            identity, phone = row.values.get("identity", ""), row.values.get("phone", "")
            if identity or phone:
                found.sealed[id(row)] = seal(identity, "member.identity"), seal(phone, "member.phone")
    return found


def write(plan: Plan, root: Organization, today: date, by: Any, source: str, ready: Prepared | None = None) -> set[int]:
    """Write every created and changed row, with its history; returns the ids of the branches whose roll changed."""
    ready = ready or prepare(plan)
    branches = write_organizations(plan.organizations, root)
    note_conditions(plan.organizations, root, today, by, source)
    touched = {branches[row.values["code"]] for row in plan.organizations if row.outcome in (CREATED, CHANGED)}
    created, people = write_created(ready, branches, today), targets_of(ready.changed)
    write_changed(ready, people, branches, today)
    keep_imported(moves(ready.changed, people, branches), by=by)
    pairs = [*created, *((row.target or 0, row) for row in ready.changed)]
    write_tags(pairs, {row.target or 0 for row in ready.changed if "tags" in row.values})
    write_mobilities([pair for pair in pairs if "away" in pair[1].values], today, bool(ready.changed))
    if len(pairs) + len(plan.organizations) > MANY:
        bulk.analyze(Organization, Member, MemberTag, Mobility)
    keep_changes(history(pairs), by=by, source=source)
    touched |= {branches[row.values["branch_key"]] for _, row in pairs}
    return touched | {branch for branch, *_ in people.values()}


def moves(rows: list[Row], people: dict[int, Values], branches: dict[str, int]) -> list[tuple[int, int, int]]:
    """Member, branch until now and new branch of those whom the file puts into another one."""
    found = [(row.target or 0, people[row.target or 0][0], branches[row.values["branch_key"]]) for row in rows]
    return [move for move in found if move[1] != move[2]]


def note_conditions(rows: list[Row], root: Organization, today: date, by: Any, source: str) -> None:
    """A condition that needs a record gets one, because the file says so: since when, as far as it says that too."""
    stated = {r.values["code"]: r.values for r in rows if r.outcome in (CREATED, CHANGED) and states_condition(r)}
    for organization in Organization.objects.under(root).filter(code__in=list(stated)):
        said = stated[organization.code]
        since, known = since_of(said.get("since", ""), today)
        set_condition(
            organization=organization, condition=said["condition"], since=since, since_known=known,
            reason=f"{VERB}：{source}", by=by,
        )  # fmt: skip


def states_condition(row: Row) -> bool:
    return row.values.get("condition", Organization.Condition.NORMAL) != Organization.Condition.NORMAL


def write_created(ready: Prepared, branches: dict[str, int], today: date) -> list[tuple[int, Row]]:
    """New members; returns their keys with their rows."""
    pairs = list(zip(bulk.reserve(Member, len(ready.created)), ready.created, strict=True)) if ready.created else []
    bulk.insert(Member, ("id", *MEMBER_FIELDS), ((pk, *new_member(row, ready, branches, today)) for pk, row in pairs))
    return pairs


def new_member(row: Row, ready: Prepared, branches: dict[str, int], today: date) -> Values:
    said = row.values
    identity, phone = ready.sealed.get(id(row), (b"", b""))
    texts = (said.get(key, "") if key != "status" else said.get(key) or Member.Status.FULL.value for key in TEXTS)
    return branches[said["branch_key"]], today, said.get("number"), *texts, identity, row.index, phone


def targets_of(rows: list[Row]) -> dict[int, Values]:
    """Branch, date of joining it and old values of those who are changed, locked until the end of the transaction."""
    found: dict[int, Values] = {}
    for chunk in chunks(row.target or 0 for row in rows):
        people = Member.objects.filter(pk__in=chunk).order_by("pk").select_for_update(of=("self",), no_key=True)
        for pk, *values in people.values_list("pk", "branch", "since", "name"):
            found[pk] = tuple(values)
    return found


def write_changed(ready: Prepared, people: dict[int, Values], branches: dict[str, int], today: date) -> None:
    """Only what a row says anew is written; accounts follow the names."""
    rows = {row.target or 0: row for row in ready.changed}
    renamed: dict[int, str] = {}
    fields = (*MEMBER_FIELDS[2:], "branch", "since")
    lines = [changed_member(person, rows[person.pk], ready, people, branches, today) for person in persons(rows)]
    bulk.update(Member, fields, lines)
    for pk, row in rows.items():
        if row.values["name"] != people[pk][2]:
            renamed[pk] = row.values["name"]
    users = User.objects.filter(member__in=list(renamed)).values_list("pk", "member")
    bulk.update(User, ("name",), [(pk, renamed[member]) for pk, member in users])


def persons(rows: dict[int, Row]) -> Iterator[Person]:
    for chunk in chunks(rows):
        for values in fields_of(Member.objects.filter(pk__in=chunk)):
            yield Person(*values[:-2], *map(bytes, values[-2:]))


def changed_member(
    person: Person, row: Row, ready: Prepared, people: dict[int, Values], branches: dict[str, int], today: date
) -> Values:
    branch, since = branches[row.values["branch_key"]], people[person.pk][1]
    identity, phone = ready.sealed.get(id(row), (b"", b""))
    new = has_new_identity(row, person)
    return (
        person.pk,
        row.values.get("number") or person.number,
        *(news(row, person, key) or getattr(person, key) for key in TEXTS),
        identity if new else person.sealed_identity,
        row.index if new else person.identity_index,
        phone or person.sealed_phone,
        branch,
        since if people[person.pk][0] == branch else today,
    )


def write_tags(pairs: Sequence[tuple[int, Row]], known: set[int]) -> None:
    """Tags as the rows state them; ``known``: members who may have others."""
    for chunk in chunks(known):
        MemberTag.objects.filter(member__in=chunk).delete()
    bulk.insert(MemberTag, ("member", "kind"), ((pk, kind) for pk, row in pairs for kind in row.values.get("tags", ())))


def write_mobilities(pairs: Sequence[tuple[int, Row]], today: date, some_known: bool) -> None:
    """Mobility opened, ended and moved."""
    open_ones: dict[int, dict[str, Values]] = {}
    for chunk in chunks(pk for pk, _ in pairs) if some_known else ():
        for pk, owner, kind, *rest in Mobility.objects.filter(member__in=chunk, until=None).values_list(
            "pk", "member", "kind", "place", "since", "since_known"
        ):
            open_ones.setdefault(owner, {})[kind] = pk, *rest
    ended, moved, dated, opened = [], [], [], []
    for owner, row in pairs:
        current, place = open_ones.get(owner, {}), row.values.get("place", "")
        begun = row.values.get("since_of", {})
        for kind, (pk, old, since, known) in current.items():
            if kind not in row.values["away"] and row.values["back"]:
                ended.append((pk, max(today, since)))
            elif kind in row.values["away"] and place and place != old:
                moved.append((pk, place))
            if is_news(partial_since(since, known), begun.get(kind, "")):
                dated.append((pk, *since_of(begun[kind], today)))
        new = (kind for kind in row.values["away"] if kind not in current)
        opened += [(owner, kind, place, *since_of(begun.get(kind, ""), today)) for kind in new]
    bulk.update(Mobility, ("until",), ended)
    bulk.update(Mobility, ("place",), moved)
    bulk.update(Mobility, ("since", "since_known"), dated)
    bulk.insert(Mobility, ("member", "kind", "place", "since", "since_known"), opened)


def history(pairs: Iterable[tuple[int, Row]]) -> Iterator[Change]:
    """What the import did to each member's record, numbers in full."""
    for pk, row in pairs:
        if row.outcome == CREATED:
            yield Change(pk, VERB, {label: ["", value] for label, value in facts(row)})
        else:
            yield Change(pk, VERB, {label: [old, new] for label, old, new in row.changes or ()})
