"""Put together the datagrams whose pieces go as they should, and hold these back meanwhile.

As it should a datagram goes whose pieces, in any order, neither overlap nor contradict each other;
the same piece may come twice, as mirrors show it. `sensor.fragments` remembers one that is whole
for as long again; so are its pieces kept here, for a piece that comes after them makes it look at
all of them anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec

from sensor.anomalies import Anomaly
from sensor.fragments import LONGEST, MOST, OCTETS, TIMEOUT
from sensor.frame import Frame
from sensor.hold.kept import Kept, Passing, Tally
from sensor.hold.plain import Part
from sensor.sieve.reasons import LAST_DROPPED, Reason
from sensor.stage import Nanoseconds

# What Python takes for a datagram and its parts beside their frames.
DATAGRAM: Final = 512
PART: Final = 256

# Queries and responses are cut in a few; who cuts finer is read by the river.
MOST_FRAMES: Final = 64

# In a datagram that may be whole, what may be a part of another.
PARTS: Final = frozenset({Reason.FRAGMENT, Reason.TCP, Reason.HEADER})

Judge: TypeAlias = Callable[[int, int, bytes], Reason]
"""Takes version, protocol and octets of a datagram."""


class _Gathering(Kept):
    """A datagram: its parts, its `end` once that is known, when it is forgotten.

    `again` are the octets of parts that came again once it `is_whole`, since `again_since`.
    """

    parts: dict[int, Part] = msgspec.field(default_factory=dict)
    gathered: int = 0
    end: int = 0
    until: Nanoseconds = 0
    is_whole: bool = False
    is_dns: bool = False
    again: set[int] = msgspec.field(default_factory=set)
    again_since: Nanoseconds = 0


class HeldFragments:
    """Fragments held back.

    Args:
        judged: Gives a datagram's reason.
        is_closed: Says whether a datagram that begins with this part holds no other's parts.
        tally: Is added to.

    Attributes:
        is_open: Whether what was last let go may hold parts of what is held elsewhere.
    """

    def __init__(self, judged: Judge, is_closed: Callable[[Part], bool], tally: Tally) -> None:
        self.is_open = False
        self._judged = judged
        self._is_closed = is_closed
        self._tally = tally
        self._held: OrderedDict[bytes, _Gathering] = OrderedDict()
        self._passing = Passing(MOST)
        self._octets = 0

    def __call__(self, now: Nanoseconds, frame: Frame, part: Part) -> list[Frame]:
        """Take a fragment; give the frames that go down the river."""
        key = part.key
        if now < self._passing.until(key):
            return [*self.let_go(now, part), frame]
        self._settle(now, key)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Gathering(octets=DATAGRAM, until=now + TIMEOUT)
            self._octets += DATAGRAM
        if not _is_right(part) or len(held.frames) >= MOST_FRAMES:
            return [*self.let_go(now, part), frame]
        known = held.parts.get(part.offset)
        if known is not None and (known.octets, known.more) == (part.octets, part.more):
            self._repeat(now, held, part)
        elif held.is_whole or not _fits(held, part):
            return [*self.let_go(now, part), frame]
        elif (reason := self._add(now, held, part)) > LAST_DROPPED:
            let_go = self.let_go(now, part)
            self.is_open |= reason in PARTS
            return [*let_go, frame]
        self._octets += held.keep(now, frame, self._tally)
        self._held.move_to_end(key)
        while self._octets > OCTETS or len(self._held) > MOST:
            oldest = next(iter(self._held))
            self._tally.evicted["fragments"] += not self._held[oldest].is_whole
            self._forget(oldest)
        return []

    def let_go(self, now: Nanoseconds, part: Part) -> list[Frame]:
        """Give back all that is held of a datagram, for the river has this part of it."""
        key = part.key
        self._passing.note(key, now + TIMEOUT)
        self.is_open = not self._is_closed(part)
        held = self._held.pop(key, None)
        if held is None:
            return []
        self._octets -= held.octets
        if 0 in held.parts:
            self.is_open |= not self._is_closed(held.parts[0])
        return list(held.given_back(self._tally))

    def let_all_go(self) -> Iterator[Frame]:
        """Give back all that is held."""
        for held in self._held.values():
            yield from held.given_back(self._tally)
        self._held.clear()
        self._octets = 0

    def finish(self) -> None:
        """Count what never became whole."""
        for key in list(self._held):
            self._lapse(key)

    def _add(self, now: Nanoseconds, held: _Gathering, part: Part) -> Reason:
        """Add a part; give the reason of the datagram when it is whole with it."""
        held.parts[part.offset] = part
        held.octets += PART + len(part.octets)
        self._octets += PART + len(part.octets)
        held.gathered += len(part.octets)
        if not part.more:
            held.end = part.offset + len(part.octets)
        if held.gathered != held.end:
            return Reason.DROPPED_OTHER
        first = held.parts[0]
        octets = b"".join(held.parts[offset].octets for offset in sorted(held.parts))
        reason = self._judged(first.version, first.protocol, octets)
        held.is_whole, held.is_dns, held.until = True, reason == Reason.DROPPED_DNS, now + TIMEOUT
        held.count(held.is_dns, self._tally)
        return reason

    def _repeat(self, now: Nanoseconds, held: _Gathering, part: Part) -> None:
        """Take a part that came before; all of them once more are the datagram once more."""
        if not held.is_whole:
            return
        held.until = now + TIMEOUT
        if now >= held.again_since + TIMEOUT:
            held.again.clear()
        if not held.again:
            held.again_since = now
        held.again.add(part.offset)
        if len(held.again) == len(held.parts):
            held.again.clear()
            held.count(held.is_dns, self._tally)

    def _settle(self, now: Nanoseconds, key: bytes) -> None:
        """Forget what `sensor.fragments` forgets by now, of this key and of the oldest."""
        held = self._held.get(key)
        if held is not None and held.until <= now:
            self._lapse(key)
        while self._held:
            oldest, held = next(iter(self._held.items()))
            if held.until > now:
                break
            self._lapse(oldest)

    def _lapse(self, key: bytes) -> None:
        if not self._held[key].is_whole:
            self._tally.anomalies[Anomaly.FRAGMENTS_INCOMPLETE] += 1
        self._forget(key)

    def _forget(self, key: bytes) -> None:
        self._octets -= self._held.pop(key).octets


def _is_right(part: Part) -> bool:
    """Say whether any receiver takes a part, and the capture has all of it."""
    size = len(part.octets)
    is_cut = part.more and size % 8
    return part.is_whole and bool(size) and not is_cut and part.offset + size <= LONGEST


def _fits(held: _Gathering, part: Part) -> bool:
    """Say whether a part neither overlaps nor contradicts those before it."""
    begin, end = part.offset, part.offset + len(part.octets)
    if held.end and (not part.more or end > held.end):
        return False
    return not any(
        (offset < end and begin < offset + len(other.octets)) or (not part.more and offset > begin)
        for offset, other in held.parts.items()
    )
