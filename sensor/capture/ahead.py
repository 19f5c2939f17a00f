"""Read a file ahead, a stretch at a time, for threads to walk; then the rest of it where it is.

Only one thread reads at a time, and whoever may is settled elsewhere (`sensor.capture.crew`).
"""

import contextlib
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sensor.capture import course
from sensor.capture.course import Course
from sensor.capture.files import File, Stream
from sensor.capture.pane import USUAL, Pane, filled
from sensor.capture.stretch import Sieve, Step, Stretch
from sensor.stage import Nanoseconds

# The octets in memory of a file that is walked where it is read: of one of a few so many that a
# call for each stretch costs nothing, of one of many so few that hundreds may overlap.
WIDE: Final = USUAL
NEAR: Final = 256 * 1024


def wide(stream: Stream) -> Pane:
    """Open a window for the kernels on a file that is one of a few."""
    return _opened(stream, WIDE)


def pane(stream: Stream) -> Pane:
    """Open a window for the kernels on a file that may be one of many."""
    return _opened(stream, NEAR)


def _opened(stream: Stream, octets: int) -> Pane:
    return Pane(stream.read_into if stream.is_plain() else filled(stream.chunks()), octets)


class Ahead:
    """A file that is read ahead.

    Attributes:
        problems: What is wrong with the file, to be told when its frames were taken.
        queue: The stretches that were read and not yet taken.
        stretches: How many are being read or walked, or in the queue.
        reached: The largest time of all frames up to there.
        is_busy: A thread is reading.
        is_read: Nothing more is to be read ahead.
    """

    def __init__(self, file: File, sieve: Sieve) -> None:
        self.problems: list[str] = []
        self.queue: deque[Stretch] = deque()
        self.stretches = 0
        self.reached: Nanoseconds = 0
        self.is_busy = False
        self.is_read = False
        self.file = file
        self._sieve = sieve
        self._stack = contextlib.ExitStack()
        self._pane: Pane | None = None
        self._course: Course | None = None

    def read(self, stretch: Stretch, octets: int, arguments: tuple[Any, ...]) -> None:
        """Read the next stretch, of about so many octets."""
        if self._pane is None:
            opened = self.file.opened(self.problems.append, pane)
            self._pane = self._stack.enter_context(opened)
            if self._pane is not None:
                self._course = course.begun(self._pane, self._sieve, self.problems.append)
        if self._pane is None or self._course is None:
            stretch.is_last = True
            return
        stretch.is_last = not _hopped(self._pane, self._course, stretch, octets, arguments)

    def rest(self, arguments: tuple[Any, ...], counts: NDArray[np.int64]) -> Iterator[Step]:
        """Walk what is behind the last stretch."""
        if self._course is not None:
            yield from self._course.steps(arguments, counts)

    def close(self) -> None:
        self._stack.close()


def _hopped(
    pane: Pane, course: Course, stretch: Stretch, octets: int, arguments: tuple[Any, ...]
) -> bool:
    """Fill a slot, and find where the last whole record in it ends; say whether to go on so.

    Not at the end of the file, where something is wrong, or with a record larger than a slot.
    """
    pane.borrow(stretch.slot.buffer, course.position)
    course.position = 0
    goes_on = True
    while goes_on and not course.position and not pane.is_full:
        comes = pane.fill(octets)
        goes_on = course.hop(stretch, arguments) and comes
    pane.give_back(course.position)
    goes_on = goes_on and course.position > 0
    course.position = 0
    return goes_on
