"""Registries: what a lower room needs of an upper one comes to it through one of these, filled when the upper room loads."""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class Coded(Protocol):
    """Anything with a unique code."""

    @property
    def code(self) -> str: ...


T = TypeVar("T", bound=Coded)


class Registry(Generic[T]):
    """Items by code, in the order of registration. A second item under one code is a programming error."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._items: dict[str, T] = {}

    def register(self, item: T) -> T:
        """Add ``item``; raises ``ValueError`` when its code is taken by another."""
        if self._items.get(item.code, item) is not item:
            raise ValueError(f"{self.what} {item.code!r} is registered twice")
        self._items[item.code] = item
        return item

    def __getitem__(self, code: str) -> T:
        return self._items[code]

    def get(self, code: str) -> T | None:
        return self._items.get(code)

    def __contains__(self, code: object) -> bool:
        return code in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)


F = TypeVar("F", bound=Callable[..., object])


class Hooks(Generic[F]):
    """Functions that an upper room asks a lower one to call, in the order of registration."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._functions: list[F] = []

    def register(self, function: F) -> F:
        if function not in self._functions:
            self._functions.append(function)
        return function

    def __iter__(self) -> Iterator[F]:
        return iter(self._functions)
