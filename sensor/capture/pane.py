"""A window on a stream in one buffer that stays where it is, for compiled code to read.

`sensor.capture.window.Window` makes new `bytes` as it slides, which costs more than a compiled
walk over them. Here the octets not yet read are moved to the front and the buffer is filled up
behind them; it grows only for a record that is longer than the buffer.

Who wants the octets for longer than until the next slide lends the pane a buffer, takes it back
filled, and lends another.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensor.capture.window import StreamError

# Small enough for a near cache, large enough that a call for each costs nothing.
USUAL: Final = 1024 * 1024

Fill: TypeAlias = Callable[[memoryview], int]
"""Writes octets to the front of what it is given, says how many, 0 at the end of the stream."""


class Pane:
    """The octets of a stream from `start` on, as far as they are in memory.

    `octets[:held]` is what is in memory, `start` the offset in the stream of `octets[0]`; `data`
    is the same for Python to read. What was taken from either is another thing's after the next
    `slide`. `broken` says why the stream stopped before its end, empty as long as it did not.
    """

    def __init__(self, fill: Fill, capacity: int = USUAL) -> None:
        self._fill = fill
        self.held = 0
        self.start = 0
        self.broken = ""
        self._take(_empty(capacity))
        self._own = self._buffer

    def _take(self, buffer: NDArray[np.uint8]) -> None:
        self._buffer = buffer
        self._writable = buffer.data
        self.octets = buffer.view()
        self.octets.flags.writeable = False  # one array type for the kernels
        self._readable = self.octets.data

    @property
    def data(self) -> memoryview:
        """What is in memory."""
        return self._readable[: self.held]

    def slide(self, position: int) -> bool:
        """Slide to `octets[position]`, which becomes `octets[0]`, and take what comes next.

        Returns:
            Whether anything came. When not, `octets[:held]` is all that is left.
        """
        self._move(position)
        return self._more()

    def reach(self, position: int, octets: int) -> bool:
        """Slide to `octets[position]`, and hold so many octets from there on.

        Returns:
            Whether so many octets are left in the stream.
        """
        self._move(position)
        while self.held < octets and self._more():
            pass
        return self.held >= octets

    def borrow(self, buffer: NDArray[np.uint8], position: int) -> None:
        """Go on in another's buffer from `octets[position]` on; what is held must fit there."""
        self._own = self._buffer
        self._go_over(buffer, position)

    def give_back(self, position: int) -> None:
        """Go on in an own buffer from `octets[position]` on, and leave the lent one as it is."""
        left = self.held - position
        self._go_over(self._own if left < self._own.size else _empty(2 * left), position)

    def fill(self, octets: int) -> bool:
        """Take so many octets more, or as many as there is room for.

        Returns:
            Whether they came; when not, `octets[:held]` is all that is left.
        """
        wanted = min(self.held + octets, self._buffer.size)
        while self.held < wanted:
            if not self._more(wanted):
                return False
        return True

    @property
    def is_full(self) -> bool:
        """Whether nothing more comes into memory as it is."""
        return self.held == self._buffer.size

    def _go_over(self, buffer: NDArray[np.uint8], position: int) -> None:
        left = self.held - position
        buffer[:left] = self._buffer[position : self.held]
        self._take(buffer)
        self.held = left
        self.start += position

    def _move(self, position: int) -> None:
        if not position:
            return
        left = self.held - position
        self._buffer[:left] = self._buffer[position : self.held]
        self.held = left
        self.start += position

    def _more(self, end: int | None = None) -> bool:
        if self.is_full:
            full = self._buffer
            self._take(_empty(2 * self.held))
            self._buffer[: self.held] = full
        try:
            came = self._fill(self._writable[self.held : end])
        except StreamError as error:
            self.broken = str(error)
            return False
        self.held += came
        return came > 0


def _empty(octets: int) -> NDArray[np.uint8]:
    return np.empty(octets, dtype=np.uint8)


def filled(chunks: Iterator[bytes]) -> Fill:
    """Fill from chunks of any size, each as it comes."""
    rest = memoryview(b"")

    def fill(into: memoryview) -> int:
        nonlocal rest
        rest = rest or memoryview(next(chunks, b""))
        size = min(len(into), len(rest))
        into[:size] = rest[:size]
        rest = rest[size:]
        return size

    return fill
