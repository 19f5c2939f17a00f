"""When what falls due: one deadline a key, handed out in order of time."""

import heapq
from collections.abc import Hashable, Iterator
from typing import Final, Generic, TypeVar

from sensor.stage import END, Nanoseconds

K = TypeVar("K", bound=Hashable)

# A key set anew leaves its old entry in the heap; past twice the keys plus this many the heap is
# built again, so it stays in proportion to them.
SLACK: Final = 64


class Deadlines(Generic[K]):
    """Plain state: it pickles. Equal times leave in the order in which they were set."""

    def __init__(self) -> None:
        self._at: dict[K, tuple[Nanoseconds, int]] = {}
        self._heap: list[tuple[Nanoseconds, int, K]] = []
        self._serial = 0

    def set(self, key: K, at: Nanoseconds) -> None:
        """Let `key` fall due at `at`, instead of when it would have; `END` is never."""
        held = self._at.get(key)
        if held is not None and held[0] == at:
            return
        self._serial += 1
        self._at[key] = (at, self._serial)
        heapq.heappush(self._heap, (at, self._serial, key))
        if len(self._heap) > 2 * len(self._at) + SLACK:
            self._heap = [(at, serial, key) for key, (at, serial) in self._at.items()]
            heapq.heapify(self._heap)

    def drop(self, key: K) -> None:
        """Let `key` never fall due."""
        self._at.pop(key, None)

    def next(self) -> Nanoseconds:
        """Tell the earliest deadline, `END` when there is none."""
        while self._heap:
            at, serial, key = self._heap[0]
            if self._at.get(key) == (at, serial):
                return at
            heapq.heappop(self._heap)
        return END

    def due(self, now: Nanoseconds) -> Iterator[tuple[Nanoseconds, K]]:
        """Hand out what is due by `now`, earliest first, each once; more may be set meanwhile."""
        while self.next() <= now and self._heap:
            at, _, key = heapq.heappop(self._heap)
            del self._at[key]
            yield at, key
