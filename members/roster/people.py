"""Which person on the roll a file's row is about: by number, identity number, then name with birth and branch; else the clerk is asked."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import islice
from typing import TypeVar

from django.db.models import Q

from members.identity import canonical, identity_index
from members.models import Member, Organization
from members.roster.comparing import compare
from members.roster.roll import CHUNK, Person, Roll
from members.roster.rows import ASKED, Row, masked
from members.roster.tree import plain
from members.roster.values import DOTS

LABELS = {"number": "党员编号", "identity": "身份证号"}
# To be asked about, a birth must say at least the month: years alone fit too many.
MONTH = 7
SHOWN = 8
LEFT = (
    "这个身份证号的党员已经离开名册（转出、去世等）。请核对；转回的请办理“从外面转入”，登记有误的请在其页面恢复在册。"
)
# The clerk's word on a row, by sheet and row number: a member's key, or ``None`` for somebody who is not on the roll.
T = TypeVar("T")
Choices = Mapping[tuple[str, int], int | None]


@lru_cache(maxsize=20_000)
def known_as(name: str) -> str:
    """A person's name for comparison."""
    return plain(name.translate(DOTS))


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def compatible(one: str, other: str) -> bool:
    """Whether two partial dates may be the same day."""
    return not one or not other or one.startswith(other) or other.startswith(one)


def same_birth(one: str, other: str) -> bool:
    """Whether two partial dates say the same month, or the same day."""
    return len(one) >= MONTH and len(other) >= MONTH and compatible(one, other)


def distinct(one: Row, other: Row) -> bool:
    """Whether two rows of one name in one branch are certainly two people."""
    if one.index and other.index and one.index != other.index:
        return True
    first, second = one.values.get("number", ""), other.values.get("number", "")
    if first and second and first != second:
        return True
    return not compatible(one.values.get("born", ""), other.values.get("born", ""))


class Rows:
    """The rows of the file: each number stands in one of them, and no two are about the same person as far as they tell."""

    def __init__(self) -> None:
        self.by_number: dict[str, Row] = {}
        self.by_identity: dict[str, Row] = {}
        self.namesakes: dict[str, dict[str, Row]] = {}
        self.more: dict[tuple[str, str], list[Row]] = {}

    def add(self, row: Row) -> None:
        """Refuse both rows where one person stands twice, or where nobody could tell two people apart."""
        number, identity = row.values.get("number", ""), row.values.get("identity", "")
        if number:
            self.add_once("number", number, row, self.by_number.setdefault(number, row))
        if identity:
            row.index = identity_index(identity)
            self.add_once("identity", canonical(identity), row, self.by_identity.setdefault(row.index, row))
        self.add_name(row)

    def add_once(self, key: str, value: str, row: Row, first: Row) -> None:
        if first is not row:
            for one, other in ((row, first), (first, row)):
                reason = f"{LABELS[key]}与{other.place}（{other.values['name']}，{other.values['where']}）相同，"
                one.refuse(key, masked(key, value), f"{reason}一人只能在一个支部出现一次。请核对后改正或删除一行。")

    def add_name(self, row: Row) -> None:
        name, branch = known_as(row.values["name"]), row.values["branch_key"]
        first = self.namesakes.setdefault(branch, {}).setdefault(name, row)
        if first is row:
            return
        others = self.more.setdefault((name, branch), [first])
        for other in others:
            if not distinct(row, other) and not row.is_refused:
                for one, twin in ((row, other), (other, row)):
                    reason = f"与{twin.place}同名同支部，无法区分是否同一人。若是重复请删除一行，"
                    one.refuse("name", one.values["name"], f"{reason}若是两人请补填身份证号、党员编号或出生年月。")
        others.append(row)

    def about(self, person: Person) -> Row | None:
        """The row that is about this person and cannot be about anybody else: every number that it says is theirs."""
        by_number = self.by_number.get(person.number or "")
        row = self.by_identity.get(person.identity_index) or by_number
        if row is None or row.is_refused or (by_number is not None and by_number is not row):
            return None
        theirs = row.values.get("number", person.number) == person.number and row.index in ("", person.identity_index)
        return row if theirs else None


class People:
    """Members under ``root``, and who elsewhere holds a number that the file claims.

    Rows that are about somebody beyond doubt are compared while the roll is read; ``roll.people`` are all the others.
    """

    def __init__(self, root: Organization, rows: list[Row], choices: Choices, branches: dict[str, str]) -> None:
        self.root, self.choices, self.branches = root, choices, branches
        self.rows = Rows()
        for row in rows:
            if not row.is_refused:
                self.rows.add(row)
        self.chosen = set(filter(None, choices.values()))
        self.roll = Roll(root, self.meet)
        self.by_number = {person.number: person for person in self.roll.people if person.number}
        self.by_identity = {person.identity_index: person for person in self.roll.people if person.identity_index}
        self.by_key = {person.pk: person for person in self.roll.people if person.pk in self.chosen}
        self.claimed: dict[int, Row] = {}
        self.ended: set[str] = set()
        self.elsewhere: set[str] = set()
        if Member.objects.filter(Q(ended_on__isnull=False) | ~Q(branch__path__startswith=root.path)).exists():
            self.find_elsewhere([row for row in rows if row.target is None])

    def meet(self, person: Person) -> bool:
        """Compare the row about this person, if there is one beyond doubt and nobody chose the person for another row."""
        row = None if person.pk in self.chosen else self.rows.about(person)
        if row is None:
            return False
        self.match(row, person)
        return True

    def match(self, row: Row, person: Person) -> None:
        row.target = person.pk
        compare(row, person, self.branches)

    def find_elsewhere(self, rows: list[Row]) -> None:
        """Numbers of the file that somebody outside this roll holds; the number of one who has left stays theirs."""
        numbers = {r.values["number"] for r in rows if r.values.get("number")} - set(self.by_number)
        indexes = {r.index for r in rows if r.index} - set(self.by_identity)
        for chunk in chunks(sorted(numbers)):
            for number, ended_on in Member.objects.filter(number__in=chunk).values_list("number", "ended_on"):
                (self.ended if ended_on else self.elsewhere).add(str(number))
        for chunk in chunks(sorted(indexes)):
            known = Member.objects.filter(identity_index__in=chunk).exclude(identity_index="")
            for index, ended_on in known.values_list("identity_index", "ended_on"):
                (self.ended if ended_on else self.elsewhere).add(index)

    def find_all_certain(self, rows: list[Row]) -> None:
        """Match the rows that numbers or choices tell of, once it is clear that no two of them mean the same person."""
        waiting = (row for row in rows if row.target is None and not row.is_refused)
        found = [(row, person) for row in waiting if (person := self.find_certain(row)) is not None]
        for row, person in found:
            if not row.is_refused:
                self.match(row, person)

    def find_certain(self, row: Row) -> Person | None:
        """By the clerk's choice, by number, by identity number. Refuses the row where somebody else holds one of its numbers."""
        number = row.values.get("number", "")
        by_number, by_identity = self.by_number.get(number), self.by_identity.get(row.index)
        if by_number and by_identity and by_number.pk != by_identity.pk:
            names = f"编号是“{by_number.name}”的，身份证号是“{by_identity.name}”的"
            row.refuse("number", number, f"名册中这个{names}，不是同一人。请核对这两项。")
        elif by_number and self.is_another(row, by_number):
            row.refuse("number", number, f"名册中该编号是“{by_number.name}”，身份证号也不同。请核对编号。")
        elif number in self.ended:
            row.refuse("number", number, "这个编号属于已经离开名册的党员。请核对；如需恢复在册，请在该党员的页面办理。")
        elif number in self.elsewhere:
            row.refuse("number", number, "已登记在本级范围以外的党组织。请先办理组织关系转接。")
        elif row.index in self.elsewhere:
            shown = masked("identity", row.values["identity"])
            row.refuse("identity", shown, "已登记在本级范围以外的党组织。请先办理组织关系转接。")
        elif row.index in self.ended and by_identity is None:
            row.refuse("identity", masked("identity", row.values["identity"]), LEFT)
        if row.is_refused:
            return None
        return self.claim(row, by_number or by_identity or self.by_key.get(self.choices.get(row.key) or 0))

    def is_another(self, row: Row, person: Person) -> bool:
        """Name and identity number both differ: no correction, but a wrong member number."""
        differs = bool(row.index) and person.identity_index not in ("", row.index)
        return differs and known_as(person.name) != known_as(row.values["name"])

    def find_likely(self, row: Row) -> Person | None:
        """By name, birth and branch, when everybody certain has been found. More than one, or nearly: the clerk is asked."""
        if self.choices.get(row.key, 0) is None:
            row.note("按您的选择，登记为另一个人")
            return None
        name, born = known_as(row.values["name"]), row.values.get("born", "")
        here = self.free(self.by_place.get(row.values["branch_key"], {}).get(name, []))
        fitting = [p for p in here if compatible(p.born, born) and not self.contradicts(row, p)]
        if len(fitting) == 1:
            return self.claim(row, fitting[0])
        # Another number than on the roll, or another branch: a correction or a transfer, or somebody else.
        near = fitting or [p for p in here if same_birth(p.born, born)]
        if not near and len(born) >= MONTH:
            everywhere = self.free(self.by_name.get(name, []))
            near = [p for p in everywhere if same_birth(p.born, born) and not self.contradicts(row, p)]
        if near:
            row.outcome, row.candidates = ASKED, near[:SHOWN]
        return None

    def free(self, people: list[Person]) -> list[Person]:
        return [person for person in people if person.pk not in self.claimed]

    def contradicts(self, row: Row, person: Person) -> bool:
        """Whether both have a number and the numbers differ."""
        number = row.values.get("number", "")
        return bool((number and person.number) or (row.index and person.identity_index))

    @cached_property
    def by_place(self) -> dict[str, dict[str, list[Person]]]:
        """By branch and name, those whom no row is certainly about."""
        found: dict[str, dict[str, list[Person]]] = {}
        for person in self.free(self.roll.people):
            found.setdefault(person.branch, {}).setdefault(known_as(person.name), []).append(person)
        return found

    @cached_property
    def by_name(self) -> dict[str, list[Person]]:
        found: dict[str, list[Person]] = {}
        for person in self.free(self.roll.people):
            found.setdefault(known_as(person.name), []).append(person)
        return found

    def claim(self, row: Row, person: Person | None) -> Person | None:
        """One person, one row."""
        if person is None:
            return None
        first = self.claimed.setdefault(person.pk, row)
        if first is not row:
            for one, other in ((row, first), (first, row)):
                one.refuse("name", one.values["name"], f"与{other.place}指的都是名册中的同一人。请核对后删除一行。")
            return None
        return person

    def absent(self) -> list[Person]:
        """On the roll, and in no row; refused rows may have meant them, so none of theirs counts."""
        return [person for person in self.roll.people if person.pk not in self.claimed]
