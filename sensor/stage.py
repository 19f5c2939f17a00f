"""What a stage is, and what time is.

A stage is a function of `(items, now)`: it yields what the items complete, then what has come
due by `now`. Its state is plain values, so it pickles between any two items.

Time is event time in nanoseconds since the Unix epoch. It comes from packets and from log
records, never from a clock.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final, Protocol, TypeAlias, TypeVar

Nanoseconds: TypeAlias = int

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000 * MILLISECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

# Readers clamp every time to 1970…2200: it prints, and it leaves room below `END` for any
# deadline counted from it.
LATEST: Final = 7_258_118_400 * SECOND

# "Nothing more comes": later than every time, so all that waits is due. It fits 64 bits.
END: Final = (1 << 63) - 1

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class Stage(Protocol[In, Out]):
    """One stretch of the river.

    Every item has `at`, the event time at which it came to be. A stage keeps the largest `at`
    and `now` it has seen and lets everything due by then leave before it takes the next item:
    so any cut of the items into batches gives the same output.
    """

    key: ClassVar[str]
    """By what the work may be spread over several copies: "frame", "client" or "host"."""

    def __call__(self, items: Iterable[In], now: Nanoseconds) -> Iterator[Out]:
        """Take the items, then let go of what is due by `now`; `END` lets go of everything."""
        ...

    def deadline(self) -> Nanoseconds:
        """When something held falls due, `END` when nothing waits."""
        ...
