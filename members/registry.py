"""What the roll tells the rooms above: they register here and are called inside the transaction that changes the roll."""

from collections.abc import Callable, Collection

from portal.registry import Hooks

RollObserver = Callable[[Collection[int]], None]
roll_observers: Hooks[RollObserver] = Hooks("roll observer")


def roll_changed(branch_ids: Collection[int]) -> None:
    """Members came, went, or changed in what is asked of them, in these branches. Call it as the last write of the action."""
    for observer in roll_observers:
        observer(branch_ids)
