"""When what falls due: one deadline a key, handed out in order of time."""

import heapq
from collections.abc import Hashable, Iterator
from typing import Final, Generic, TypeVar

from sensor.stage import END, Nanoseconds

K = TypeVar("K", bound=Hashable)

# A key set anew or dropped may leave an old entry in the heap; past twice the keys plus this many
# the heap is built again, so it stays in proportion to them.
SLACK: Final = 64


class Deadlines(Generic[K]):
    """Plain state: it pickles. Equal times leave in the order in which they were set.

    A deadline that is put off costs no look at the heap: the key's entry there stays where it is
    until it comes to the top, and only then goes to its new place.
    """

    def __init__(self) -> None:
        # The deadline, when it was set, and the number of the one entry in the heap that stands
        # for it: at its time or, where it was put off, before it. The first entry always holds.
        self._at: dict[K, tuple[Nanoseconds, int, int]] = {}
        self._heap: list[tuple[Nanoseconds, int, K]] = []
        self._serial = 0

    def set(self, key: K, at: Nanoseconds) -> None:
        """Let `key` fall due at `at`, instead of when it would have; `END` is never."""
        held = self._at.get(key)
        if held is not None and held[0] == at:
            return
        self._serial = serial = self._serial + 1
        if held is not None and at > held[0]:
            self._at[key] = (at, serial, held[2])
        else:
            self._at[key] = (at, serial, serial)
            heapq.heappush(self._heap, (at, serial, key))
            if len(self._heap) > 2 * len(self._at) + SLACK:
                self._build()
        if held is not None and self._heap[0][1] == held[2]:
            self._clear()

    def drop(self, key: K) -> None:
        """Let `key` never fall due."""
        held = self._at.pop(key, None)
        if held is not None and self._heap[0][1] == held[2]:
            self._clear()

    def next(self) -> Nanoseconds:
        """Tell the earliest deadline, `END` when there is none."""
        return self._heap[0][0] if self._heap else END

    def due(self, now: Nanoseconds) -> Iterator[tuple[Nanoseconds, K]]:
        """Hand out what is due by `now`, earliest first, each once; more may be set meanwhile."""
        while self._heap and self._heap[0][0] <= now:
            at, _, key = heapq.heappop(self._heap)
            del self._at[key]
            self._clear()
            yield at, key

    def _clear(self) -> None:
        """Take away what stands first and does not hold; what was put off goes to its place."""
        heap = self._heap
        while heap:
            _, number, key = heap[0]
            held = self._at.get(key)
            if held is None or held[2] != number:
                heapq.heappop(heap)
            elif held[1] == number:
                return
            else:
                at, serial, _ = held
                heapq.heapreplace(heap, (at, serial, key))
                self._at[key] = (at, serial, serial)

    def _build(self) -> None:
        self._heap = [(at, serial, key) for key, (at, serial, _) in self._at.items()]
        heapq.heapify(self._heap)
        self._at = {key: (at, serial, serial) for key, (at, serial, _) in self._at.items()}
