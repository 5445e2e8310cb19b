"""What is different between two versions of a blueprint, in the order in which one reads it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaign.blueprints.facts import planned_facts
from campaign.blueprints.words import LABELS

Data = Mapping[str, Any]
GENERAL = ("name", "sequential", "committees", "yearly", "concentrated_months")
PHASE = ("name", "aim", "preparation", "concentrated")
DEFAULTS: dict[str, Any] = {"sequential": True, "concentrated_months": 0, "aim": ""}


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same; an empty side means that it is not there at all."""

    where: str
    what: str
    before: str
    after: str


def words(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "无" if value in ("", None) else str(value)


def values(where: str, names: Sequence[str], before: Data, after: Data) -> Iterator[Difference]:
    for name in names:
        default = DEFAULTS.get(name, False)
        old, new = before.get(name, default), after.get(name, default)
        if old != new:
            yield Difference(where, LABELS[name], words(old), words(new))


def paired(before: Sequence[Data], after: Sequence[Data], name: str) -> list[tuple[Data | None, Data | None]]:
    """Rows of both sides that carry the same name, or stand at the same place where neither name is on the other side (renamed);
    in the order of the new side, then what is gone."""
    names = {row.get(name) for row in before}, {row.get(name) for row in after}
    left = list(before)
    pairs: list[tuple[Data | None, Data | None]] = []
    for position, row in enumerate(after):
        same = next((old for old in left if old.get(name) == row.get(name)), None)
        there = before[position] if position < len(before) else None
        if (
            same is None
            and there in left
            and there
            and there.get(name) not in names[1]
            and row.get(name) not in names[0]
        ):
            same = there
        if same is not None:
            left.remove(same)
        pairs.append((same, row))
    return pairs + [(old, None) for old in left]


def reordered(before: Sequence[Data], after: Sequence[Data], name: str) -> bool:
    """Whether what is on both sides comes in another order."""
    old, new = [row.get(name) for row in before], [row.get(name) for row in after]
    return [n for n in old if n in new] != [n for n in new if n in old]


def lists(where: str, what: str, before: Sequence[Data], after: Sequence[Data], shown: Any) -> Iterator[Difference]:
    old, new = "、".join(map(shown, before)), "、".join(map(shown, after))
    if old != new:
        yield Difference(where, what, old or "无", new or "无")


def differences(before: Data, after: Data) -> list[Difference]:
    """Everything that is different, each with its place."""
    found = list(values("蓝本", GENERAL, before, after))
    found += lists(
        "蓝本",
        "批次",
        before.get("batches", []),
        after.get("batches", []),
        lambda b: f"{b.get('name')} {b.get('months')}个月",
    )
    found += lists(
        "蓝本",
        "学习材料",
        before.get("materials", []),
        after.get("materials", []),
        lambda m: f"{m.get('title')}{'' if m.get('required', True) else '（选读）'}",
    )
    found += order("蓝本", "阶段", before.get("phases", []), after.get("phases", []), "name")
    for old, new in paired(before.get("phases", []), after.get("phases", []), "name"):
        found += of_phase(old, new)
    return found


def order(where: str, what: str, before: Sequence[Data], after: Sequence[Data], name: str) -> Iterator[Difference]:
    if reordered(before, after, name):
        yield Difference(
            where,
            f"{what}顺序",
            "、".join(str(row.get(name)) for row in before),
            "、".join(str(row.get(name)) for row in after),
        )


def gone_or_new(where: str, what: str, old: Data | None, new: Data | None, name: str) -> list[Difference]:
    if old is None and new is not None:
        return [Difference(where, what, "", str(new.get(name, "")))]
    return [Difference(where, what, str(old.get(name, "")) if old else "", "")]


def of_phase(old: Data | None, new: Data | None) -> list[Difference]:
    if old is None or new is None:
        return gone_or_new("蓝本", "阶段", old, new, "name")
    where = f"阶段“{new.get('name')}”"
    found = list(values(where, PHASE, old, new))
    found += order(where, "环节", old.get("steps", []), new.get("steps", []), "name")
    for old_step, new_step in paired(old.get("steps", []), new.get("steps", []), "name"):
        found += of_step(where, old_step, new_step)
    return found


def of_step(where: str, old: Data | None, new: Data | None) -> list[Difference]:
    if old is None or new is None:
        return gone_or_new(where, "环节", old, new, "name")
    where = f"{where}环节“{new.get('name')}”"
    before, after = old.get("requirements", []), new.get("requirements", [])
    found = [*values(where, ("name",), old, new), *order(where, "规定动作", before, after, "label")]
    for old_row, new_row in paired(before, after, "label"):
        if old_row is None or new_row is None:
            found += gone_or_new(where, "规定动作", old_row, new_row, "label")
            continue
        facts = zip(planned_facts(old_row), planned_facts(new_row), strict=False)
        place = f"{where}“{new_row.get('label')}”"
        found += [Difference(place, what, a, b) for (what, a), (_, b) in facts if a != b]
    return found
