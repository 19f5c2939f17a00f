"""Values by key and time: the next ones to a moment are found without a look at the others."""

from bisect import bisect_left, insort
from collections.abc import Hashable
from typing import Generic, TypeVar

from sensor.stage import Nanoseconds

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Timeline(Generic[K, V]):
    """Plain state: it pickles. Values of equal time stand in the order of their numbers."""

    def __init__(self) -> None:
        self._held: dict[K, list[tuple[Nanoseconds, int, V]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def put(self, key: K, at: Nanoseconds, number: int, value: V) -> None:
        """Keep a value; `number` tells it from all others of this key."""
        insort(self._held.setdefault(key, []), (at, number, value))

    def drop(self, key: K, at: Nanoseconds, number: int) -> None:
        """Forget a value that is here."""
        held = self._held[key]
        del held[bisect_left(held, (at, number))]
        if not held:
            del self._held[key]

    def between(self, key: K, earliest: Nanoseconds, latest: Nanoseconds) -> list[V]:
        """Find the values of a span of time, both ends included, in order of time."""
        held = self._held.get(key)
        if held is None:
            return []
        return [value for _, _, value in held[_place(held, earliest) : _place(held, latest + 1)]]

    def nearest(
        self, key: K, around: Nanoseconds, span: tuple[Nanoseconds, Nanoseconds], most: int
    ) -> list[V]:
        """Find the values of a span of time, but no more than `most` on either side of a moment."""
        held = self._held.get(key)
        if held is None:
            return []
        middle = _place(held, around)
        start = max(_place(held, span[0]), middle - most)
        end = min(_place(held, span[1] + 1), middle + most)
        return [value for _, _, value in held[start:end]]


def _place(held: list[tuple[Nanoseconds, int, V]], at: Nanoseconds) -> int:
    return bisect_left(held, (at,))  # before all that are of this time
