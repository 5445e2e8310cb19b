"""What a row says anew of the person or organisation it is about."""

from members.dates import in_words
from members.models import Member
from members.roster import values
from members.roster.headings import LABELS, MEMBER, ORGANIZATION
from members.roster.roll import Person
from members.roster.rows import Row

PLAIN_FIELDS = (
    "name", "sex", "ethnicity", "born", "education", "occupation", "joined", "confirmed", "status", "number", "post",
    "group", "helper",
)  # fmt: skip
DATES = {"born", "joined", "confirmed"}
SHOWN = {"sex": values.SEX, "occupation": values.OCCUPATION, "status": values.STATUS}


def news(row: Row, person: Person | Member, key: str) -> str:
    """What the row says anew of a field; blank cells and dates that only say less are no news."""
    new, old = row.values.get(key) or "", getattr(person, key) or ""
    return "" if new == old or (key in DATES and old.startswith(new)) else new


def has_new_identity(row: Row, person: Person) -> bool:
    """Another number than on the roll, or the long one in place of the short one."""
    number = row.values.get("identity", "")
    if not number:
        return False
    return row.index != person.identity_index or (len(number) == 18 and person.has_old_identity)


def compare(row: Row, person: Person, branches: dict[str, str]) -> None:
    """Note every difference. A blank cell changes nothing: a gap in a file wipes nobody's data. ``branches``: code → name."""
    said = row.values
    for key in PLAIN_FIELDS:
        if key in said and (new := news(row, person, key)):
            shown, old = SHOWN.get(key, {}), getattr(person, key) or ""
            row.change(key, shown.get(old, old), shown.get(new, new))
    if said["branch_key"] != person.branch:
        row.change("branch", branches.get(person.branch, person.branch), said["where"])
    if has_new_identity(row, person):
        row.change("identity", person.identity, said["identity"])
    if said.get("phone") and said["phone"] != (old := person.phone):
        row.change("phone", old, said["phone"])


def is_news(old: str, new: str) -> bool:
    """Whether a partial date says something else, or more, than the one that is known."""
    return bool(new) and not old.startswith(new)


def compare_traits(row: Row, old: list[str], away: dict[str, tuple[str, str]]) -> None:
    """``old``: sorted kinds of tags; ``away``: place and (partial) beginning by kind of open mobility."""
    said = row.values
    if old != said.get("tags", old):
        row.change("tags", join(old, values.TAGS), join(said["tags"], values.TAGS))
    if "away" in said:
        current = sorted(away)
        stated = said["away"] if said["back"] else sorted({*current, *said["away"]})
        if current != stated:
            row.change("mobility", join(current, values.MOBILITY), join(stated, values.MOBILITY))
    new = said.get("place", "")
    begun = said.get("since_of", {})
    for kind, (place, since) in away.items():
        if new and kind in said.get("away", []) and place != new:
            row.change("place", place, new)
        if is_news(since, begun.get(kind, "")):
            row.change(f"{values.MOBILITY[kind]}起始", in_words(since) or "不详", in_words(begun[kind]))


def join(kinds: list[str], labels: dict[str, str]) -> str:
    return "、".join(labels[kind] for kind in kinds) or "无"


def facts(row: Row) -> list[tuple[str, str]]:
    """Label and value of everything that would be registered of a new member or organisation, numbers in full."""
    said, labels = row.values, LABELS[row.kind]
    if row.kind == ORGANIZATION:
        shown = {"kind": values.KIND, "sector": values.SECTOR, "condition": values.CONDITION}
        keys = ("code", "kind", "sector", "condition", "since")
        return [(labels[key], shown.get(key, {}).get(said[key], said[key])) for key in keys if said.get(key)]
    found = [(labels["branch"], said["where"])]
    found += [(labels[key], SHOWN.get(key, {}).get(said[key], said[key])) for key in PLAIN_FIELDS if said.get(key)]
    found += [(labels[key], said[key]) for key in ("identity", "phone") if said.get(key)]
    if said.get("tags"):
        found.append((labels["tags"], join(said["tags"], values.TAGS)))
    if said.get("away"):
        found.append((labels["mobility"], join(said["away"], values.MOBILITY)))
    found += [(f"{values.MOBILITY[kind]}起始", in_words(since)) for kind, since in said.get("since_of", {}).items()]
    if "status" not in said:
        found.append((LABELS[MEMBER]["status"], values.STATUS[Member.Status.FULL]))
    return found
