"""Read capture files as one stream of the frames that pass the sieve.

The order is that of `sensor.capture.files.Captures`. That one always takes the earliest of the
files' next frames, and whatever goes back in time at once: so it takes the frames by the largest
time of their file up to them, then by the place of the path. A frame that is dropped is part of
that time, so the survivors come in the same order as among all frames.

Of a file only a stretch is in memory; a file whose next survivor is not known yet stands in the
queue with the time it was walked to.
"""

import contextlib
import heapq
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from typing import BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensor.capture import ahead, course
from sensor.capture.crew import Crew
from sensor.capture.files import Files
from sensor.capture.stretch import Sieve, Step
from sensor.frame import Frame
from sensor.sieve import walk
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.stage import LATEST, Nanoseconds

# Less than so many octets are walked before threads are at work.
FEW: Final = 4 * 1024 * 1024

# Of more files than these less is in memory of each.
MANY: Final = 16

_Steps: TypeAlias = Generator[Step, None, None]
# As in `Captures`: the time, the place among the paths, the frame, and the steps after it. The
# place settles ties, so a comparison never gets to the frame.
_Next: TypeAlias = tuple[Nanoseconds, int, Frame | None, Reason, _Steps | None]


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


class Sifted(Files):
    """The frames of capture files that pass the sieve, as one stream.

    Iterating yields (`now`, frame), where `now` is the largest time of all frames up to this one,
    those that did not pass included. Iterating again reads the files again.

    Args:
        sieve: What decides.
        threads: How many may walk at once. With one nothing is read ahead of what is taken.

    Attributes:
        now: The largest time of all frames so far, at the end that of all there are.
        counts: What became of the frames so far.
    """

    def __init__(
        self,
        paths: Sequence[str],
        sieve: Sieve,
        *,
        stdin: BinaryIO | None = None,
        threads: int = 1,
    ) -> None:
        super().__init__(paths, stdin=stdin)
        self.now: Nanoseconds = 0
        self.counts = Counts()
        self._sieve = sieve
        self._threads = threads

    def __iter__(self) -> Iterator[tuple[Nanoseconds, Frame]]:
        with contextlib.closing(self.reasoned()) as reasoned:
            for now, frame, _ in reasoned:
                yield now, frame

    def reasoned(self) -> Generator[tuple[Nanoseconds, Frame, Reason], None, None]:
        """Iterate, with the reason for which each frame passes."""
        self.problems.clear()
        self.now = 0
        self.counts = Counts()
        queue: list[_Next] = []
        crew = self._crew()
        try:
            for place in range(len(self._files)):
                self._begin(place, queue, crew)
            heapq.heapify(queue)
            if crew is not None:
                closed = sorted(entry[:2] for entry in queue if entry[-1] is None)
                crew.expect([self._files[place] for _, place in closed])
            yield from self._merge(queue, crew)
        finally:
            if crew is not None:
                crew.close()
            for *_, rest in queue:
                if rest is not None:
                    rest.close()

    def _crew(self) -> Crew | None:
        """Set threads to work, where there are enough octets; what has no size is not for them."""
        octets = sum(file.size or 0 for file in self._files)
        if self._threads < 2 or octets < FEW:
            return None
        return Crew(self._threads, self._sieve)

    def _begin(self, place: int, queue: list[_Next], crew: Crew | None) -> None:
        """Put a file into the queue by the time of its first frame, when it has one."""
        file = self._files[place]
        if len(self._files) == 1 or file.size is None:
            # Of one file nothing need be known beforehand; a pipe gives its octets only once.
            steps = self._steps(place, crew)
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

    def _merge(
        self, queue: list[_Next], crew: Crew | None
    ) -> Iterator[tuple[Nanoseconds, Frame, Reason]]:
        """Take from the file at the head of the queue for as long as it is the earliest."""
        while queue:
            now, place, frame, reason, rest = queue[0]
            self.now = max(self.now, now)
            if frame is not None:
                yield now, frame, reason
            steps = self._steps(place, crew) if rest is None else rest
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

    def _steps(self, place: int, crew: Crew | None) -> _Steps:
        """Walk one file from its beginning, and close it."""
        file = self._files[place]
        report = self._reporter(place)
        counts = self.counts.by_reason
        if crew is not None and file.size is not None:
            yield from crew.steps(file, report, counts)
            return
        with file.opened(report, ahead.wide if len(self._files) <= MANY else ahead.pane) as pane:
            begun = None if pane is None else course.begun(pane, self._sieve, report)
            if begun is not None:
                yield from begun.steps(self._sieve.arguments(), counts)
