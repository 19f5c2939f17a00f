"""Follow the TCP connections to DNS ports that go as they should, and hold them back meanwhile.

Each direction by itself, as in `sensor.streams`. As it should one goes that begins with a SYN and
brings its octets in order, messages behind their lengths (RFC 1035 §4.2.2), none of them watched;
the last segment may come again, as mirrors show it. What that stage forgets is forgotten here at
the same time; what makes no difference to it is not kept.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from sensor.anomalies import Anomaly
from sensor.direction import NUMBERS
from sensor.frame import Frame
from sensor.hold.kept import Kept, Passing, Tally
from sensor.hold.plain import Segment
from sensor.resync import PREFIX
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.stage import END, Nanoseconds
from sensor.streams import FIN, IDLE, LINGER, MOST_HALF_OPEN, RST, SYN

# What Python takes for a direction beside its frames, its last octets once more among it.
DIRECTION: Final = 2_048

# All of a direction is kept, for the river to begin where it began. Few conversations hold more
# than this; whoever transfers a zone is read by the river.
LONGEST: Final = 16 * 1024

# All directions together: five thousand, or what a thousand conversations a second leave behind
# until they are forgotten. Past it those leave first that were silent longest.
OCTETS: Final = 8 << 20

# Directions of which the river may know something; more than `sensor.streams` has room for.
MOST_PASSING: Final = 65_536

Judge: TypeAlias = Callable[[bytes], Reason]
"""Takes the octets of a message."""


class _Followed(Kept):
    """A direction: where it began, what comes next, its last data, the rest of a message.

    `seen` is the `now` of its last data, `closes` when it ends after FIN or RST.
    """

    start: int = 0
    next: int = 0
    last: tuple[int, bytes] = (-1, b"")
    rest: bytes = b""
    seen: Nanoseconds = 0
    closes: Nanoseconds = END


class HeldSegments:
    """Segments held back. `judged` gives the reason of a message; `tally` is added to."""

    def __init__(self, judged: Judge, tally: Tally) -> None:
        self._judged = judged
        self._tally = tally
        # Directions that sent a SYN and nothing else yet, so that a flood pushes out no other.
        self._begun: OrderedDict[bytes, _Followed] = OrderedDict()
        self._held: OrderedDict[bytes, _Followed] = OrderedDict()
        self._closing: deque[tuple[Nanoseconds, bytes]] = deque()
        self._passing = Passing(MOST_PASSING)
        self._octets = 0

    def __call__(self, now: Nanoseconds, frame: Frame, segment: Segment) -> Sequence[Frame]:
        """Take a segment; give the frames that go down the river."""
        key, sequence, control, octets, is_whole = segment
        self._settle(now)
        if now < self._passing.until(key):
            return (*self.let_go(now, key, control), frame)
        is_reset = control & RST
        size = 0 if is_reset else len(octets)
        held = self._held.get(key)
        if not is_whole:
            return (*self.let_go(now, key, control), frame)
        if control & SYN and not is_reset:
            if size or control & FIN:
                return (*self.let_go(now, key, control), frame)
            return self._syn(now, frame, key, (sequence + 1) % NUMBERS)
        if size:
            if held is None:
                held = self._opened(key, sequence)
            is_taken = held is not None and (
                held.last == (sequence, octets)
                or (held.next == sequence and held.closes == END and self._cut(held, octets))
            )
            if held is None or not is_taken or held.octets + len(octets) > LONGEST:
                return (*self.let_go(now, key, control), frame)
            held.last = sequence, octets
            held.next = (sequence + size) % NUMBERS
            held.seen = now
            self._held.move_to_end(key)
            self._keep(now, frame, held)
        if held is None or not control & (FIN | RST) or held.closes != END:
            if not size:
                self._drop(frame)
            return ()
        if not size:
            if held.next != (sequence + bool(control & SYN)) % NUMBERS:
                return (*self.let_go(now, key, control), frame)
            self._keep(now, frame, held)
        held.closes = now + LINGER
        self._closing.append((held.closes, key))
        return ()

    def let_go(self, now: Nanoseconds, key: bytes, control: int) -> list[Frame]:
        """Give back all that is held of a direction, for the river has a segment of it.

        A SYN it remembers for any time, when no data follows.
        """
        is_opened = control & SYN or key in self._begun or self._passing.until(key) == END
        self._passing.note(key, END if is_opened else now + IDLE)
        return list(self._given_back(key))

    def let_all_go(self) -> Iterator[Frame]:
        """Give back all that is held; a SYN is remembered, as by `let_go`."""
        for key in self._begun:
            self._passing.note(key, END)
        for key in [*self._begun, *self._held]:
            yield from self._given_back(key)
        self._closing.clear()

    def _given_back(self, key: bytes) -> Iterator[Frame]:
        begun, held = self._begun.pop(key, None), self._held.pop(key, None)
        if begun is not None:
            yield from begun.given_back(self._tally)
        if held is not None:
            self._octets -= held.octets
            yield from held.given_back(self._tally)

    def finish(self) -> None:
        """Count the messages that never became whole."""
        for key in list(self._held):
            self._forget(key)

    def _syn(self, now: Nanoseconds, frame: Frame, key: bytes, start: int) -> Sequence[Frame]:
        """Begin a direction; a SYN sent again brings nothing new."""
        held = self._held.get(key)
        if held is not None and held.start != start:
            return (*self.let_go(now, key, SYN), frame)
        if held is not None:
            self._drop(frame)
            return ()
        self._begun.pop(key, None)
        begun = self._begun[key] = _Followed(start=start, next=start)
        begun.keep(now, frame, self._tally)
        if len(self._begun) > MOST_HALF_OPEN:
            self._begun.popitem(last=False)
            self._tally.evicted["half_open"] += 1
        return ()

    def _opened(self, key: bytes, sequence: int) -> _Followed | None:
        """Find the direction that its first data opens."""
        begun = self._begun.get(key)
        if begun is None or begun.start != sequence:
            return None
        held = self._held[key] = self._begun.pop(key)
        held.octets += DIRECTION
        self._octets += held.octets
        return held

    def _cut(self, held: _Followed, octets: bytes) -> bool:
        """Cut messages off at their lengths; False where one is not to be dropped."""
        rest = held.rest + octets
        while len(rest) >= PREFIX and len(rest) >= (end := PREFIX + int.from_bytes(rest[:PREFIX])):
            reason = self._judged(rest[PREFIX:end]) if end > PREFIX else Reason.DROPPED_OTHER
            if reason > LAST_DROPPED:
                return False
            held.count(reason == Reason.DROPPED_DNS, self._tally)
            rest = rest[end:]
        held.rest = rest
        return True

    def _keep(self, now: Nanoseconds, frame: Frame, held: _Followed) -> None:
        self._octets += held.keep(now, frame, self._tally)
        while self._octets > OCTETS:
            key, oldest = next(iter(self._held.items()))
            self._tally.evicted["streams"] += oldest.closes == END
            self._forget(key)

    def _drop(self, frame: Frame) -> None:
        """Drop a frame of which the river would know nothing a moment later."""
        self._tally.frames += 1
        self._tally.octets += len(frame.data)

    def _settle(self, now: Nanoseconds) -> None:
        """Forget what `sensor.streams` forgets by now."""
        closing = self._closing
        while closing and closing[0][0] <= now:
            closes, key = closing.popleft()
            held = self._held.get(key)
            if held is not None and held.closes == closes:
                self._forget(key)
        while self._held:
            key, held = next(iter(self._held.items()))
            if held.seen + IDLE > now:
                break
            self._forget(key)

    def _forget(self, key: bytes) -> None:
        held = self._held.pop(key)
        self._octets -= held.octets
        if held.rest:
            self._tally.anomalies[Anomaly.STREAM_INCOMPLETE] += 1
