"""Go through the records of one capture file, to walk them on the way or to hop over them.

A course walks the frames and gives those that pass. Or it hops to where the last whole record in
memory ends, which costs little, and the spans hopped over are walked by others. It may hop first
and walk from there on: so the end of a file, and whatever is wrong with it, is found in one way.
"""

from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sensor.capture import pcap, pcapng
from sensor.capture.files import MAGIC, Report
from sensor.capture.pane import Pane
from sensor.capture.points import Points
from sensor.capture.stretch import (
    ROOM,
    Origin,
    Sieve,
    Span,
    Step,
    Stretch,
    is_passing,
    judged,
    none_counted,
    passed,
)
from sensor.sieve.reasons import Reason
from sensor.sieve.walk import At, Stop, Walk

# Spans and frames between them in one stretch: each is an object or some, and 1 MiB holds 65,536
# of the smallest blocks.
MOST_SPANS: Final = 4096


class Course(Protocol):
    """Where somebody stands in a file."""

    position: int
    """Where in `pane.octets` the next record begins."""

    def hop(self, stretch: Stretch, arguments: tuple[Any, ...]) -> bool:
        """Put into a stretch what is whole in memory.

        Returns:
            Whether there is nothing in the way but that more must come into memory.
        """
        ...

    def steps(self, arguments: tuple[Any, ...], counts: NDArray[np.int64]) -> Iterator[Step]:
        """Walk from here to the end of the file, and report what is wrong with it."""
        ...


def begun(pane: Pane, sieve: Sieve, report: Report) -> Course | None:
    """Stand at the first record of a file; None where its header is cut, and that is reported."""
    if bytes(pane.data[:MAGIC]) in pcapng.MAGICS:
        return _Blocks(pane, sieve, report)
    layout = pcap.layout(pane, report)
    return None if layout is None else _Records(pane, layout, sieve, report)


class _Records:
    """A pcap file."""

    def __init__(self, pane: Pane, layout: pcap.Layout, sieve: Sieve, report: Report) -> None:
        self._pane = pane
        self._layout = layout
        self._walk = sieve.walk_records
        self._report = report
        self._form = _form(layout)
        self._hopping = Walk.begun(pcap.FILE_HEADER, none_counted(), room=0)
        self._state = self._hopping.state

    @property
    def position(self) -> int:
        return int(self._state[At.POSITION])

    @position.setter
    def position(self, position: int) -> None:
        self._state[At.POSITION] = position

    def hop(self, stretch: Stretch, arguments: tuple[Any, ...]) -> bool:
        begin, now = self.position, int(self._state[At.NOW])
        stop = self._go(self._hopping, arguments, is_judging=False)
        if self.position > begin:
            way = (self._walk, (self._form,), self._origin)
            stretch.spans.append(Span(self._pane.octets, *way, begin, self.position, now))
            stretch.now = int(self._state[At.NOW])
        return stop != Stop.BROKEN

    def steps(self, arguments: tuple[Any, ...], counts: NDArray[np.int64]) -> Iterator[Step]:
        pane = self._pane
        going = _walking(self._state, counts)
        while True:
            stop = self._go(going, arguments, is_judging=True)
            yield from _passed(pane, going, self._origin)
            position = self.position
            if stop == Stop.FULL:
                continue
            if stop == Stop.BROKEN or not pane.slide(position):
                break
            self.position = 0
        layout = self._layout
        record = int(self._state[At.NUMBER]) + 1
        if stop == Stop.BROKEN:
            captured, _ = pcap.lengths(pane.data, position, layout)
            octet = pane.start + position
            self._report(pcap.too_long(record, octet, captured, layout.largest))
        else:
            needed = layout.record_header
            if pane.held >= needed:
                needed += pcap.lengths(pane.data, 0, layout)[0]
            pcap.report_end(pane, record, needed, self._report)

    def _go(self, going: Walk, arguments: tuple[Any, ...], *, is_judging: bool) -> int:
        octets, held = self._pane.octets, self._pane.held
        return self._walk(octets, held, held, self._form, is_judging, *going, *arguments)

    def _origin(self, _: int) -> tuple[int, str]:
        return self._layout.link, ""


class _Blocks:
    """A pcapng file; what is not a plain packet goes through Python, one block at a time."""

    def __init__(self, pane: Pane, sieve: Sieve, report: Report) -> None:
        self._pane = pane
        self._sieve = sieve
        self._report = report
        self._blocks = pcapng.Blocks(pane)
        self._points = Points(self._blocks.section)
        self._hopping = Walk.begun(0, none_counted(), room=0)
        self._state = self._hopping.state

    @property
    def position(self) -> int:
        return self._blocks.position

    @position.setter
    def position(self, position: int) -> None:
        self._blocks.position = position

    def hop(self, stretch: Stretch, arguments: tuple[Any, ...]) -> bool:
        goes_on = True
        while goes_on and len(stretch.spans) < MOST_SPANS:
            begin, now = self.position, int(self._state[At.NOW])
            stop = self._go(self._hopping, arguments, is_judging=False)
            if self.position > begin:
                stretch.spans.append(self._span(begin, now))
            if stop != Stop.OTHER or not self._blocks.is_held():
                break
            goes_on = self._blocks.advance()
            step = self._step(arguments, stretch.slot.going.counts)
            if step is not None:
                stretch.spans.append(step)
        if self._state[At.FRAMES]:
            stretch.now = int(self._state[At.NOW])
        return goes_on

    def steps(self, arguments: tuple[Any, ...], counts: NDArray[np.int64]) -> Iterator[Step]:
        pane, blocks = self._pane, self._blocks
        going = _walking(self._state, counts)
        while True:
            stop = self._go(going, arguments, is_judging=True)
            yield from _passed(pane, going, self._points.origin)
            if stop == Stop.FULL:
                continue
            if stop != Stop.OTHER and pane.slide(blocks.position):
                blocks.position = 0
                continue
            if stop != Stop.OTHER:
                blocks.position = 0
            if not blocks.advance():
                break
            step = self._step(arguments, counts)
            if step is not None:
                yield step
        yield from _passed(pane, going, self._points.origin)
        blocks.report(self._report)

    def _go(self, going: Walk, arguments: tuple[Any, ...], *, is_judging: bool) -> int:
        """Walk, or hop over, the packets up to the next block of another kind."""
        pane, blocks, state = self._pane, self._blocks, self._state
        section = blocks.section
        if self._points.section is not section:
            self._points = Points(section)
        self._points.follow()
        state[At.POSITION], state[At.NUMBER] = blocks.position, blocks.number
        state[At.LAST] = section.at
        about = self._about()
        walk, held = self._sieve.walk_blocks, pane.held
        stop = walk(pane.octets, held, held, *about, is_judging, *going, *arguments)
        blocks.position, blocks.number = int(state[At.POSITION]), int(state[At.NUMBER])
        section.at = int(state[At.LAST])
        return stop

    def _about(self) -> tuple[bool, NDArray[np.int64], int]:
        points = self._points
        return points.section.order.is_big, points.array, points.known

    def _span(self, begin: int, now: int) -> Span:
        way = (self._sieve.walk_blocks, self._about(), self._points.origin)
        return Span(self._pane.octets, *way, begin, self.position, now)

    def _step(self, arguments: tuple[Any, ...], counts: NDArray[np.int64]) -> Step | None:
        """Judge the frame that the last block was, if it was one; None when it does not pass."""
        frame = self._blocks.frame
        if frame is None:
            return None
        self._state[At.FRAMES] += 1
        self._state[At.NOW] = max(int(self._state[At.NOW]), frame.at)
        reason = judged(frame, self._sieve, arguments, counts)
        return (int(self._state[At.NOW]), frame, reason) if is_passing(reason) else None


def _walking(state: NDArray[np.int64], counts: NDArray[np.int64]) -> Walk:
    return Walk.begun(0, counts, room=ROOM)._replace(state=state)


def _passed(pane: Pane, going: Walk, origin: Origin) -> Iterator[Step]:
    """Take the frames that passed out of the rows, then tell how far the walk has come.

    A file without any frame is over before it stands in the queue, so it tells nothing.
    """
    data = pane.data
    for row in going.taken():
        yield passed(data, row, origin)
    if going.state[At.FRAMES]:
        yield int(going.state[At.NOW]), None, Reason.DROPPED_OTHER


def _form(layout: pcap.Layout) -> NDArray[np.int64]:
    """Tell the kernel how records are read: `walk.Form`."""
    is_big = layout.order == ">"
    return np.array(
        (
            is_big,
            layout.unit,
            layout.record_header,
            layout.link,
            layout.largest,
            layout.swapped,
            layout.maybe_swapped,
        ),
        dtype=np.int64,
    )
