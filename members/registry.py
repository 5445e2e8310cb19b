"""What roll and tree tell the rooms above: they register here and are called inside the transaction that makes the change."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.registry import Hooks, Registry

RollObserver = Callable[[Collection[int]], None]
roll_observers: Hooks[RollObserver] = Hooks("roll observer")


def roll_changed(branch_ids: Collection[int]) -> None:
    """Members came, went, or changed in what is asked of them, in these branches. Call it as the last write of the action."""
    for observer in roll_observers:
        observer(branch_ids)


Whereabouts = Callable[[Any], Iterable[str]]
whereabouts: Hooks[Whereabouts] = Hooks("where a member takes part")


def taking_part_in_words(member: Any) -> list[str]:
    """Where the member takes part now, a sentence for each campaign."""
    return [sentence for source in whereabouts for sentence in source(member)]


class Reshaping(StrEnum):
    """What can be done to an organisation in the tree."""

    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True)
class TreeChange:
    """One reshaping of ``node``. ``other`` is the branch that takes the members in (merge), the new branch (split; ``None``
    before it is made) or the new parent (move). ``by`` does it."""

    kind: Reshaping
    node: Any
    other: Any = None
    by: Any = None


@dataclass(frozen=True)
class Effect:
    """What a change will bring, in words; one that ``blocks`` must be settled first, at ``url`` where there is a page for it."""

    text: str
    blocks: bool = False
    url: str = ""


TreeObserver = Callable[[TreeChange], None]
TreeEffects = Callable[[TreeChange], Iterable[Effect]]
tree_observers: Hooks[TreeObserver] = Hooks("tree observer")
tree_effects: Hooks[TreeEffects] = Hooks("effects of a tree change")


def tree_changed(change: TreeChange) -> None:
    """The tree has another shape, and the members are where they belong now."""
    for observer in tree_observers:
        observer(change)


def effects_of(change: TreeChange) -> list[Effect]:
    """Everything that the rooms have to say before the change is made; what blocks it comes first."""
    found = [effect for source in tree_effects for effect in source(change)]
    return sorted(found, key=lambda effect: not effect.blocks)


@dataclass(frozen=True)
class MemberPanel:
    """A part of a member's page that an upper room adds: ``context(member, user)`` fills ``template``, or is ``None`` when there is
    nothing that the user may see."""

    code: str
    template: str
    context: Callable[[Any, Any], dict[str, Any] | None]


member_panels: Registry[MemberPanel] = Registry("member panel")
