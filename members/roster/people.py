"""The people on one subtree's roll, and which of them a file's row is about."""

from collections.abc import Iterable, Iterator
from itertools import islice

from members.identity import canonical, identity_index
from members.models import Member, MemberTag, Mobility, Organization
from members.roster.rows import Row, masked
from members.roster.tree import plain
from members.roster.values import DOTS

CHUNK = 500
LABELS = {"number": "党员编号", "identity": "身份证号"}


def known_as(name: str) -> str:
    """A person's name for comparison."""
    return plain(name.translate(DOTS))


def chunks(items: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def compatible(one: str, other: str) -> bool:
    """Whether two partial dates may be the same day."""
    return not one or not other or one.startswith(other) or other.startswith(one)


def distinct(one: Row, other: Row) -> bool:
    """Whether two rows of one name in one branch are certainly two people."""
    for key in ("identity", "number"):
        first, second = (canonical(r.values.get(key, "")) for r in (one, other))
        if first and second and first != second:
            return True
    return not compatible(one.values.get("born", ""), other.values.get("born", ""))


class People:
    """Members under ``root``, and who elsewhere holds a number that the file claims."""

    def __init__(self, root: Organization, rows: list[Row]) -> None:
        self.by_number: dict[str, Member] = {}
        self.by_identity: dict[str, Member] = {}
        self.by_name: dict[tuple[str, str], list[Member]] = {}
        on_roll = Member.objects.under(root).on_roll()
        # One plain query each: prefetched managers cost a query set per person.
        self.tags: dict[int, list[str]] = {}
        for owner, kind in MemberTag.objects.filter(member__in=on_roll).order_by("kind").values_list("member", "kind"):
            self.tags.setdefault(owner, []).append(kind)
        self.away: dict[int, dict[str, str]] = {}
        current = Mobility.objects.filter(member__in=on_roll, until=None)
        for owner, kind, place in current.order_by("kind").values_list("member", "kind", "place"):
            self.away.setdefault(owner, {})[kind] = place
        for person in on_roll.select_related("branch"):
            if person.number:
                self.by_number[person.number] = person
            if person.identity_index:
                self.by_identity[person.identity_index] = person
            self.by_name.setdefault((known_as(person.name), person.branch.code), []).append(person)
        self.claimed: dict[int, Row] = {}
        self.seen: dict[tuple[str, str], Row] = {}
        self.namesakes: dict[tuple[str, str], list[Row]] = {}
        self.find_elsewhere(rows)

    def find_elsewhere(self, rows: list[Row]) -> None:
        """Numbers of the file that somebody outside this roll holds; the number of one who has left stays theirs."""
        numbers = {r.values["number"] for r in rows if r.values.get("number")} - set(self.by_number)
        identities = {identity_index(r.values["identity"]) for r in rows if r.values.get("identity")}
        identities -= set(self.by_identity)
        self.ended: set[str] = set()
        self.elsewhere: set[str] = set()
        for chunk in chunks(sorted(numbers)):
            for number, ended_on in Member.objects.filter(number__in=chunk).values_list("number", "ended_on"):
                (self.ended if ended_on else self.elsewhere).add(str(number))
        for chunk in chunks(sorted(identities)):
            taken = Member.objects.on_roll().filter(identity_index__in=chunk)
            self.elsewhere.update(taken.values_list("identity_index", flat=True))

    def find_doubles(self, row: Row) -> None:
        """Refuse both rows where one person stands twice, or where nobody could tell two people apart."""
        for key, label in LABELS.items():
            value = canonical(row.values.get(key, "")) if key == "identity" else row.values.get(key, "")
            if not value:
                continue
            first = self.seen.setdefault((key, value), row)
            if first is not row:
                for one, other in ((row, first), (first, row)):
                    reason = f"{label}与{other.place}（{other.values['name']}，{other.values['where']}）相同，"
                    one.refuse(key, masked(key, value), f"{reason}一人只能在一个支部出现一次。请核对后改正或删除一行。")
        others = self.namesakes.setdefault((known_as(row.values["name"]), row.values["branch_key"]), [])
        for other in others:
            if not distinct(row, other) and not row.is_refused:
                for one, twin in ((row, other), (other, row)):
                    reason = f"与{twin.place}同名同支部，无法区分是否同一人。若是重复请删除一行，"
                    one.refuse("name", one.values["name"], f"{reason}若是两人请补填身份证号、党员编号或出生年月。")
        others.append(row)

    def find(self, row: Row) -> Member | None:
        """The person on the roll: by number, then identity number, then name and birth in the branch.

        Refuses the row where it would be a guess, or where somebody else holds one of its numbers.
        """
        number, identity = row.values.get("number", ""), row.values.get("identity", "")
        index = identity_index(identity)
        by_number, by_identity = self.by_number.get(number), self.by_identity.get(index)
        if by_number and by_identity and by_number.pk != by_identity.pk:
            names = f"编号是“{by_number.name}”的，身份证号是“{by_identity.name}”的"
            row.refuse("number", number, f"名册中这个{names}，不是同一人。请核对这两项。")
        elif by_number and self.is_another(row, by_number, index):
            row.refuse("number", number, f"名册中该编号是“{by_number.name}”，身份证号也不同。请核对编号。")
        elif number in self.ended:
            row.refuse("number", number, "这个编号属于已经离开名册的党员。请核对；如需恢复在册，请在该党员的页面办理。")
        elif number in self.elsewhere:
            row.refuse("number", number, "已登记在本级范围以外的党组织。请先办理组织关系转接。")
        elif index in self.elsewhere:
            row.refuse("identity", masked("identity", identity), "已登记在本级范围以外的党组织。请先办理组织关系转接。")
        if row.is_refused:
            return None
        return self.claim(row, by_number or by_identity or self.by_person(row, number, index))

    def is_another(self, row: Row, person: Member, index: str) -> bool:
        """Name and identity number both differ: no correction, but a wrong member number."""
        differs = bool(index) and person.identity_index not in ("", index)
        return differs and known_as(person.name) != known_as(row.values["name"])

    def by_person(self, row: Row, number: str, index: str) -> Member | None:
        fitting = [
            p
            for p in self.by_name.get((known_as(row.values["name"]), row.values["branch_key"]), [])
            if not (number and p.number)
            and not (index and p.identity_index)
            and compatible(p.born, row.values.get("born", ""))
        ]
        if len(fitting) > 1:
            row.refuse("name", row.values["name"], "该支部有多名同名党员，无法确定是哪一位。请补填党员编号或身份证号。")
            return None
        return fitting[0] if fitting else None

    def claim(self, row: Row, person: Member | None) -> Member | None:
        """One person, one row."""
        if person is None:
            return None
        first = self.claimed.setdefault(person.pk, row)
        if first is not row:
            for one, other in ((row, first), (first, row)):
                one.refuse("name", one.values["name"], f"与{other.place}指的都是名册中的同一人。请核对后删除一行。")
            return None
        return person
