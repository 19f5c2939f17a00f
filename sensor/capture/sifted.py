"""Read capture files as one stream of the frames that pass the sieve.

The order is that of `sensor.capture.files.Captures`. That one always takes the earliest of the
files' next frames, and whatever goes back in time at once: so it takes the frames by the largest
time of their file up to them, then by the place of the path. A frame that is dropped is part of
that time, so the survivors come in the same order as among all frames.

Of a file only a stretch is in memory; a file whose next survivor is not known yet stands in the
queue with the time it was walked to.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensor.capture import pcap, pcapng
from sensor.capture.files import MAGIC, File
from sensor.capture.pane import USUAL, Pane, filled
from sensor.frame import Frame
from sensor.sieve import walk
from sensor.sieve.frame import judge
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.sieve.walk import At, Stop, Walk
from sensor.stage import END, LATEST, Nanoseconds

# Rows for one stretch: 1 MiB of ordinary traffic is some 1,000 to 10,000 frames, of which few
# pass. A walk that runs out of rows goes on after they were taken.
ROOM: Final = 4096

# The octets of a file in memory.
STRETCH: Final = USUAL

_REASONS: Final = tuple(Reason)

# Up to here ticks in nanoseconds, and the offset added to them, fit 64 bits with ease.
_MOST: Final = 1 << 61

Report: TypeAlias = Callable[[str], None]

# The largest time of the file so far, and the frame that passes: None where there is none yet.
Step: TypeAlias = tuple[Nanoseconds, Frame | None, Reason]
_Steps: TypeAlias = Generator[Step, None, None]
# As in `Captures`: the time, the place among the paths, the frame, and the steps after it. The
# place settles ties, so a comparison never gets to the frame.
_Next: TypeAlias = tuple[Nanoseconds, int, Frame | None, Reason, _Steps | None]


class Sieve(NamedTuple):
    """The kernels, and what they look up.

    `arguments` makes the arguments that follow a kernel's own; one of them is written to, so each
    thread makes its own.
    """

    arguments: Callable[[], tuple[Any, ...]]
    walk_records: Callable[..., int] = walk.walk_records
    walk_blocks: Callable[..., int] = walk.walk_blocks
    judge: Callable[..., int] = judge


class Counts:
    """What became of the frames: how many, and how many captured octets, by `Reason`."""

    def __init__(self) -> None:
        self.by_reason: NDArray[np.int64] = np.zeros((2, walk.REASONS), dtype=np.int64)

    @property
    def frames(self) -> int:
        """Frames dropped."""
        return int(self.by_reason[walk.FRAMES, : LAST_DROPPED + 1].sum())

    @property
    def octets(self) -> int:
        """Captured octets of the frames dropped."""
        return int(self.by_reason[walk.OCTETS, : LAST_DROPPED + 1].sum())

    @property
    def dns_messages(self) -> int:
        """Messages on the configured ports among the frames dropped."""
        return int(self.by_reason[walk.FRAMES, Reason.DROPPED_DNS])

    @property
    def reasons(self) -> Counter[Reason]:
        """All frames by what became of them."""
        return +Counter({each: int(self.by_reason[walk.FRAMES, each]) for each in Reason})


class Sifted:
    """The frames of capture files that pass the sieve, as one stream.

    Iterating yields (`now`, frame), where `now` is the largest time of all frames up to this one,
    those that did not pass included. Iterating again reads the files again.

    Args:
        paths: Files, `-` for standard input.
        sieve: What decides.
        stdin: What `-` is, `sys.stdin.buffer` by default. It is not closed.

    Attributes:
        problems: What is wrong with the files, line for line as `Captures` has it.
        octets_total: As `Captures` has it.
        now: The largest time of all frames so far, at the end that of all there are.
        counts: What became of the frames so far.
    """

    def __init__(
        self, paths: Sequence[str], sieve: Sieve, *, stdin: BinaryIO | None = None
    ) -> None:
        self.problems: list[str] = []
        self.now: Nanoseconds = 0
        self.counts = Counts()
        self._sieve = sieve
        self._files = [File(path, stdin) for path in paths]
        sizes = [file.size for file in self._files]
        self.octets_total = None if None in sizes else sum(filter(None, sizes))

    @property
    def octets_read(self) -> int:
        """Octets taken from the files so far, before decompression."""
        return sum(file.octets_read for file in self._files)

    def __iter__(self) -> Iterator[tuple[Nanoseconds, Frame]]:
        return ((now, frame) for now, frame, _ in self.reasoned())

    def reasoned(self) -> Iterator[tuple[Nanoseconds, Frame, Reason]]:
        """Iterate, with the reason for which each frame passes."""
        self.problems.clear()
        self.now = 0
        self.counts = Counts()
        queue: list[_Next] = []
        try:
            for place in range(len(self._files)):
                self._begin(place, queue)
            heapq.heapify(queue)
            yield from self._merge(queue)
        finally:
            for *_, rest in queue:
                if rest is not None:
                    rest.close()

    def _begin(self, place: int, queue: list[_Next]) -> None:
        """Put a file into the queue by the time of its first frame, when it has one."""
        file = self._files[place]
        if len(self._files) == 1 or file.size is None:
            # Of one file nothing need be known beforehand; a pipe gives its octets only once.
            steps = self._steps(place)
            step = next(steps, None)
            if step is not None:
                queue.append((step[0], place, *step[1:], steps))
            return
        frames = file.frames(self._reporter(place))
        first = next(frames, None)
        if first is not None:
            frames.close()
            file.octets_read = 0
            queue.append((first.at, place, None, Reason.DROPPED_OTHER, None))

    def _reporter(self, place: int) -> Report:
        name = self._files[place].name
        return lambda line: self.problems.append(f"{name}: {line}")

    def _merge(self, queue: list[_Next]) -> Iterator[tuple[Nanoseconds, Frame, Reason]]:
        """Take from the file at the head of the queue for as long as it is the earliest."""
        while queue:
            now, place, frame, reason, rest = queue[0]
            self.now = max(self.now, now)
            if frame is not None:
                yield now, frame, reason
            steps = self._steps(place) if rest is None else rest
            limit = LATEST + 1
            if len(queue) > 1:
                rival_at, rival_place, *_ = min(queue[1:3])  # the second smallest of a heap
                limit = rival_at if rival_place < place else rival_at + 1
            for now, frame, reason in steps:
                if now >= limit:
                    heapq.heapreplace(queue, (now, place, frame, reason, steps))
                    break
                self.now = now
                if frame is not None:
                    yield now, frame, reason
            else:
                heapq.heappop(queue)

    def _steps(self, place: int) -> _Steps:
        """Walk one file from its beginning, and close it."""
        report = self._reporter(place)
        file = self._files[place]
        with file.opened(report, lambda stream: Pane(filled(stream.chunks()), STRETCH)) as pane:
            if pane is not None:
                steps = _blocks if bytes(pane.data[:MAGIC]) in pcapng.MAGICS else _records
                yield from steps(pane, self._sieve, self.counts.by_reason, report)


def _records(pane: Pane, sieve: Sieve, counts: NDArray[np.int64], report: Report) -> Iterator[Step]:
    """Walk a pcap file."""
    layout = pcap.layout(pane, report)
    if layout is None:
        return
    form = _form(layout)
    going = Walk.begun(pcap.FILE_HEADER, counts, room=ROOM)
    state = going.state
    arguments = sieve.arguments()
    while True:
        stop = sieve.walk_records(pane.octets, pane.held, pane.held, form, *going, *arguments)
        yield from _passed(pane, going, lambda _: (layout.link, ""))
        position = int(state[At.POSITION])
        if stop == Stop.FULL:
            continue
        if stop == Stop.BROKEN or not pane.slide(position):
            break
        state[At.POSITION] = 0
    record = int(state[At.NUMBER]) + 1
    if stop == Stop.BROKEN:
        captured, _ = pcap.lengths(pane.data, position, layout)
        report(pcap.too_long(record, pane.start + position, captured, layout.largest))
    else:
        needed = layout.record_header
        if pane.held >= needed:
            needed += pcap.lengths(pane.data, 0, layout)[0]
        pcap.report_end(pane, record, needed, report)


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


def _blocks(pane: Pane, sieve: Sieve, counts: NDArray[np.int64], report: Report) -> Iterator[Step]:
    """Walk a pcapng file; what is not a plain packet goes through Python, one block at a time."""
    blocks = pcapng.Blocks(pane)
    points = _Points()
    going = Walk.begun(0, counts, room=ROOM)
    state = going.state
    arguments = sieve.arguments()
    while True:
        section = blocks.section
        points.follow(section)
        state[At.POSITION], state[At.NUMBER] = blocks.position, blocks.number
        state[At.LAST] = section.at
        stop = sieve.walk_blocks(
            pane.octets,
            pane.held,
            pane.held,
            section.order.is_big,
            points.array,
            len(section.interfaces),
            *going,
            *arguments,
        )
        yield from _passed(pane, going, points.origin)
        blocks.position, blocks.number = int(state[At.POSITION]), int(state[At.NUMBER])
        section.at = int(state[At.LAST])
        if stop == Stop.FULL:
            continue
        if stop != Stop.OTHER and pane.slide(blocks.position):
            blocks.position = 0
            continue
        if stop != Stop.OTHER:
            blocks.position = 0
        if not blocks.advance():
            break
        if blocks.frame is not None:
            frame = blocks.frame
            state[At.FRAMES] += 1
            state[At.NOW] = max(int(state[At.NOW]), frame.at)
            reason = _reason(frame, sieve, arguments, counts)
            if reason > LAST_DROPPED:
                yield int(state[At.NOW]), frame, reason
    yield from _passed(pane, going, points.origin)
    blocks.report(report)


def _passed(pane: Pane, going: Walk, origin: Callable[[int], tuple[int, str]]) -> Iterator[Step]:
    """Take the frames that passed out of the rows, then tell how far the walk has come.

    A file without any frame is over before it stands in the queue, so it tells nothing.
    """
    data = pane.data
    for at, now, begin, captured, length, interface, reason in going.taken():
        link, name = origin(interface)
        frame = Frame(at, bytes(data[begin : begin + captured]), link, length, name)
        yield now, frame, _REASONS[reason]
    if going.state[At.FRAMES]:
        yield int(going.state[At.NOW]), None, Reason.DROPPED_OTHER


def _reason(
    frame: Frame, sieve: Sieve, arguments: tuple[Any, ...], counts: NDArray[np.int64]
) -> Reason:
    """Judge and count one frame that did not come by a walk."""
    octets = np.frombuffer(frame.data, dtype=np.uint8)
    reason = sieve.judge(octets, 0, len(octets), frame.length, frame.link, *arguments)
    counts[walk.FRAMES, reason] += 1
    counts[walk.OCTETS, reason] += len(octets)
    return _REASONS[reason]


class _Points:
    """A section's interfaces as the kernel wants them."""

    def __init__(self) -> None:
        self.array: NDArray[np.int64] = np.zeros((8, len(walk.Point)), dtype=np.int64)
        self._section: pcapng.Section | None = None
        self._interfaces: list[pcapng.Interface | None] = []
        self._known = 0

    def follow(self, section: pcapng.Section) -> None:
        """Take over the interfaces that have come since."""
        if section is not self._section:
            self._section, self._interfaces, self._known = section, section.interfaces, 0
        if len(self._interfaces) > len(self.array):
            more = np.zeros((2 * len(self._interfaces), len(walk.Point)), dtype=np.int64)
            more[: self._known] = self.array[: self._known]
            self.array = more
        for number in range(self._known, len(self._interfaces)):
            self.array[number] = _point(self._interfaces[number])
        self._known = len(self._interfaces)

    def origin(self, number: int) -> tuple[int, str]:
        """Tell the link type and the name of an interface."""
        interface = self._interfaces[number]
        return (interface.link, interface.name) if interface else (0, "")


def _point(interface: pcapng.Interface | None) -> tuple[int, int, int, int, int]:
    """Tell what the kernel must know; where 64 bits are too few for it, that it take nothing."""
    nothing = (0, 1, 1, 0, -1)
    if interface is None:
        return nothing
    multiplier, divisor, offset = interface.multiplier, interface.divisor, interface.offset
    if abs(offset) > _MOST or divisor * multiplier > _MOST:
        return nothing
    most = min(_MOST * divisor // multiplier, END)
    return interface.link, multiplier, divisor, offset, most
