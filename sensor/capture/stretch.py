"""A stretch of a capture file: whole records in memory, to be walked at once or by a thread.

The frames that pass are made as soon as it is walked, so its memory can be used again.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensor.frame import Frame
from sensor.sieve import walk
from sensor.sieve.frame import judge
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.sieve.walk import At, Walk
from sensor.stage import Nanoseconds

# Rows for one stretch: 1 MiB of ordinary traffic is some 1,000 to 10,000 frames, of which few
# pass. A walk that runs out of rows goes on after they were taken.
ROOM: Final = 4096

JUDGING: Final = True

_REASONS: Final = tuple(Reason)

# The largest time of the file so far, and the frame that passes with its reason: None where there
# is none yet.
Step: TypeAlias = tuple[Nanoseconds, Frame | None, Reason]

# Link type and name of an interface, by its number.
Origin: TypeAlias = Callable[[int], tuple[int, str]]


class Sieve(NamedTuple):
    """The kernels, and what they look up.

    `arguments` makes the arguments that follow a kernel's own; one of them is written to, so each
    thread makes its own.
    """

    arguments: Callable[[], tuple[Any, ...]]
    walk_records: Callable[..., int] = walk.walk_records
    walk_blocks: Callable[..., int] = walk.walk_blocks
    judge: Callable[..., int] = judge


class Span(NamedTuple):
    """Records that follow one another, `octets[begin:end]`, and how to walk them.

    `about` is what `kernel` must know of them, `now` the largest time of all frames before.
    """

    octets: NDArray[np.uint8]
    kernel: Callable[..., int]
    about: tuple[Any, ...]
    origin: Origin
    begin: int
    end: int
    now: Nanoseconds


class Slot:
    """The memory for a stretch, for one after the other: octets, rows and counts."""

    def __init__(self, capacity: int) -> None:
        self.buffer: NDArray[np.uint8] = np.empty(capacity, dtype=np.uint8)
        self.going = Walk.begun(0, none_counted(), room=ROOM)


class Stretch:
    """Some spans of one file, and frames between them that were read and judged otherwise.

    Attributes:
        slot: Where it lies; another stretch may have it when no span is left.
        spans: What is not walked yet.
        steps: What the last walk gave.
        counts: What became of the frames of the last walk: how many and how many octets, by reason.
        now: The largest time of all frames up to its end; None where the file had none so far.
        is_last: The rest of the file is no stretch: it is walked where it is read.
        is_walked: It was walked, up to the end or as far as there was room for rows.
    """

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.spans: deque[Span | Step] = deque()
        self.steps: list[Step] = []
        self.counts = slot.going.counts
        self.now: Nanoseconds | None = None
        self.is_last = False
        self.is_walked = False

    def walk(self, arguments: tuple[Any, ...]) -> None:
        """Walk up to the end, or as far as there is room for rows."""
        state, _, counts = self.slot.going
        self.steps = []
        while self.spans:
            span = self.spans[0]
            if isinstance(span, Span):
                self._walk(span, arguments)
                if span.end > state[At.POSITION]:
                    begin, now = int(state[At.POSITION]), int(state[At.NOW])
                    self.spans[0] = span._replace(begin=begin, now=now)
                    break
            else:
                self.steps.append(span)
            self.spans.popleft()
        if self.now is not None and not self.spans:
            self.steps.append((self.now, None, Reason.DROPPED_OTHER))
        self.counts = counts.copy()
        counts[:] = 0
        self.is_walked = True

    def _walk(self, span: Span, arguments: tuple[Any, ...]) -> None:
        going = self.slot.going
        going.state[At.POSITION], going.state[At.NOW] = span.begin, span.now
        about = (span.end, span.end, *span.about, JUDGING)
        span.kernel(span.octets, *about, *going, *arguments)
        data = span.octets.data
        self.steps += [passed(data, row, span.origin) for row in going.taken()]


def passed(data: memoryview, row: list[int], origin: Origin) -> Step:
    """Make the frame that a row tells of."""
    at, now, begin, captured, length, interface, reason = row
    link, name = origin(interface)
    frame = Frame(at, bytes(data[begin : begin + captured]), link, length, name)
    return now, frame, _REASONS[reason]


def judged(
    frame: Frame, sieve: Sieve, arguments: tuple[Any, ...], counts: NDArray[np.int64]
) -> Reason:
    """Judge and count one frame that did not come by a walk."""
    octets = np.frombuffer(frame.data, dtype=np.uint8)
    reason = sieve.judge(octets, 0, len(octets), frame.length, frame.link, *arguments)
    counts[walk.FRAMES, reason] += 1
    counts[walk.OCTETS, reason] += len(octets)
    return _REASONS[reason]


def is_passing(reason: Reason) -> bool:
    """Say whether a frame goes on for this reason."""
    return reason > LAST_DROPPED


def none_counted() -> NDArray[np.int64]:
    """Begin to count."""
    return np.zeros((2, walk.REASONS), dtype=np.int64)
