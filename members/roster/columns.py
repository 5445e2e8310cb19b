"""Which column of a file means what: as the clerk said, as was said before for such headings, or guessed from the headings."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from typing import Any

from members.roster.headings import HEADINGS, LABELS, MEMBER, ORGANIZATION, REASON, REQUIRED, SERIAL, match, plain
from portal.sheets import Sheet, column_letter

SEARCHED_ROWS = 20
SAMPLES = 3
GUESSED, REMEMBERED, CHOSEN = "guessed", "remembered", "chosen"

Numbered = tuple[int, list[Any]]
# Digests of headings → kind and field → column, of those that were said before.
Memory = Callable[[list[str]], Mapping[str, tuple[str, dict[str, int]]]]


@dataclass
class Layout:
    """Of one sheet: which roster it is (``kind``, empty: none), where its fields are (field → column index), its data rows.

    ``problems``: what has to be said before it can be read. ``row`` and ``height``: number of the heading row, and how many it has.
    """

    sheet: str
    kind: str
    fields: dict[str, int]
    headings: list[str]
    row: int = 0
    height: int = 1
    source: str = GUESSED
    hidden: bool = False
    problems: list[str] = field(default_factory=list)
    samples: list[list[str]] = field(default_factory=list)
    rows: Iterable[Numbered] = ()

    @property
    def is_roster(self) -> bool:
        return bool(self.kind) and not self.hidden

    @property
    def is_complete(self) -> bool:
        """Whether every field that such a roster must have is there."""
        return all(key in self.fields for key in REQUIRED[self.kind])

    @property
    def unused(self) -> list[str]:
        """Headings of columns that are not read."""
        used = set(self.fields.values())
        return [h for index, h in enumerate(self.headings) if h and h not in SERIAL and index not in used]

    def letter(self, key: str) -> str:
        """A field as the user finds it: B列“姓名”; its plain name where the file has no such column."""
        name = LABELS[self.kind].get(key, key)
        if key not in self.fields:
            return name
        index = self.fields[key]
        return f"{column_letter(index)}列“{self.headings[index] or name}”"

    def described(self) -> dict[str, Any]:
        """What the page needs to show the columns and to have them corrected."""
        names = ("sheet", "kind", "fields", "headings", "row", "height", "source", "hidden", "problems", "samples")
        return {name: getattr(self, name) for name in names}


def layout_of(sheet: Sheet, said: Mapping[str, Any] | None = None, memory: Memory = lambda digests: {}) -> Layout:
    """Find out what a sheet holds. ``said``: what the clerk said of it: ``{"kind", "row", "height", "fields"}``."""
    rows = iter(sheet.rows)
    head = list(islice(rows, SEARCHED_ROWS))
    found = as_said(sheet.name, head, said) or remembered(sheet.name, head, memory) or guessed(sheet.name, head)
    found.hidden = sheet.hidden and found.source != CHOSEN
    data = [each for each in head if each[0] > found.row + found.height - 1] if found.row else head
    found.samples = [samples_of(index, data) for index in range(len(found.headings))]
    found.rows = chain(after_headings(head, found), rows)
    if found.kind:
        found.problems += missing(found)
    return found


def after_headings(head: list[Numbered], found: Layout) -> list[Numbered]:
    position = next((n for n, (number, _) in enumerate(head) if number == found.row), -1)
    return head[position + found.height :]


def as_said(name: str, head: list[Numbered], said: Mapping[str, Any] | None) -> Layout | None:
    for position, (number, _) in enumerate(head):
        if said is not None and number == said["row"]:
            headings = headings_at(head, position, said["height"])
            fields = {key: index for key, index in said["fields"].items() if index < len(headings)}
            return Layout(name, said["kind"], fields, headings, number, said["height"], CHOSEN)
    return None


def remembered(name: str, head: list[Numbered], memory: Memory) -> Layout | None:
    """The same headings have come before, and somebody said what they mean."""
    places: dict[str, tuple[int, int, list[str], int]] = {}
    for position, (number, _) in reversed(list(enumerate(head))):
        for height in (1, 2):
            headings = headings_at(head, position, height)
            # Refused rows come back with the reason in a column before the others.
            added = 1 if headings[:1] == [REASON] else 0
            places[digest_of(headings[added:])] = number, height, headings, added
    for digest, (kind, fields) in memory(list(places)).items():
        number, height, headings, added = places[digest]
        return Layout(name, kind, {k: n + added for k, n in fields.items()}, headings, number, height, REMEMBERED)
    return None


def digest_of(headings: list[str]) -> str:
    """Equal for equal headings in equal order."""
    return hashlib.sha256(json.dumps(headings, ensure_ascii=False).encode()).hexdigest()


def headings_at(head: list[Numbered], position: int, height: int) -> list[str]:
    """One heading per column; of two rows the lower one says more."""
    upper = [plain(cell) for cell in head[position][1]]
    if height == 1 or position + 1 >= len(head):
        return upper
    lower = [plain(cell) for cell in head[position + 1][1]]
    return [low or high for low, high in zip_longest(lower, upper, fillvalue="")]


def guessed(name: str, head: list[Numbered]) -> Layout:
    """The heading row is the one with most known headings: titles may stand above it, a second heading row below."""
    best = (0, 0, "", 0)
    for position, (_, cells) in enumerate(head):
        headings = [plain(cell) for cell in cells]
        for kind in (MEMBER, ORGANIZATION):
            columns = match(headings, kind)
            complete = all(key in columns for key in REQUIRED[kind])
            if len(columns) >= 2 and (complete, len(columns)) > best[:2]:
                best = (int(complete), len(columns), kind, position)
    _, known, kind, position = best
    if not known:
        return unknown(name, head)
    upper = match(headings_at(head, position, 1), kind)
    below = second_row(head[position + 1][1], kind, upper) if position + 1 < len(head) else None
    height = 1 if below is None else 2
    headings = headings_at(head, position, height)
    found = Layout(name, kind, {}, headings, head[position][0], height)
    choose(found, upper | (below or {}))
    if not all(key in found.fields for key in REQUIRED[kind]):
        found.kind = kind if kind == MEMBER and known >= 3 else ""
    return found


def unknown(name: str, head: list[Numbered]) -> Layout:
    """No known headings: the fullest of the first rows is offered as such."""
    texts = [(sum(isinstance(cell, str) for cell in cells), -n) for n, (_, cells) in enumerate(head)]
    position = -max(texts)[1] if texts else 0
    return Layout(name, "", {}, headings_at(head, position, 1) if head else [], head[position][0] if head else 0)


def second_row(cells: list[Any], kind: str, above: dict[str, list[int]]) -> dict[str, list[int]] | None:
    """What a second heading row adds; ``None`` when the row holds data. A merged heading stands in both rows."""
    below = match([plain(cell) for cell in cells], kind)
    taken = {index for found in above.values() for index in found}
    added = {key: found for key, found in below.items() if key not in above and not taken & set(found)}
    repeated = sum(below.get(key) == found for key, found in above.items())
    return added if added or repeated >= 2 or repeated == len(above) else None


def choose(found: Layout, columns: dict[str, list[int]]) -> None:
    """One column per field: of several names the one that is listed first; of two equal headings the clerk must say which."""
    for key, indexes in columns.items():
        names = HEADINGS[found.kind][key]
        ranks = {i: names.index(found.headings[i]) if found.headings[i] in names else len(names) for i in indexes}
        best = [i for i in indexes if ranks[i] == min(ranks.values())]
        if len(best) > 1:
            letters = "、".join(column_letter(index) for index in best)
            found.problems.append(
                f"工作表“{found.sheet}”的{letters}列都是“{found.headings[best[0]]}”，无法确定用哪一列。请在“列的对应关系”中选定一列。"
            )
        found.fields[key] = best[0]


def missing(found: Layout) -> list[str]:
    words = [LABELS[found.kind][key] for key in REQUIRED[found.kind] if key not in found.fields]
    return [f"工作表“{found.sheet}”缺少“{'”“'.join(words)}”列。请在“列的对应关系”中指定。"] if words else []


def samples_of(index: int, data: list[Numbered]) -> list[str]:
    """A few different values of a column, without long numbers, which may be anybody's."""
    cells = (str(row[index]) for _, row in data if index < len(row) and row[index] is not None)
    return list(islice(dict.fromkeys(hidden(text)[:20] for text in cells), SAMPLES))


def hidden(text: str) -> str:
    return re.sub(r"\d{7,}[\dXx]?", lambda m: f"{m[0][:3]}{'*' * (len(m[0]) - 5)}{m[0][-2:]}", text)
