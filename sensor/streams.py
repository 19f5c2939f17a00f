"""Cut TCP streams into DNS messages at the length prefix (RFC 1035 §4.2.2, RFC 7766 §8).

Each direction of a connection is a stream of its own, so that a tap that sees one of them reads it
all the same. A message leaves as a packet: that of the segment that came last of those it is made
of, with the message as payload and the sequence number of its length prefix. What was lost with no
message to bear it leaves as a packet without payload.

  SYN        says where the first message begins; it waits in a table of its own until data comes,
             so that a flood of half-open connections pushes out no stream
  midway     without it the first plausible message is looked for (`sensor.resync`)
  gap        what comes behind one waits `GAP_WAIT` for the rest, then the gap is given up
  FIN, RST   the stream goes on for `LINGER`, for copies, and for what comes behind a forged one
  idle       after `IDLE` it is let go

A forged segment that its receiver drops (its checksum wrong, its TTL too short) must not hide the
one behind it: of each stream two readings are kept, and a segment goes to the one that it
continues. A SYN with another number, a segment far off, one that holds another message where there
was one, and a gap given up each begin a new one.
"""

import copy
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final, TypeAlias

import msgspec

from sensor import resync
from sensor.anomalies import Anomaly
from sensor.deadlines import Deadlines
from sensor.direction import NUMBERS, REACH, Direction, Piece
from sensor.packet import Packet
from sensor.stage import END, SECOND, Nanoseconds

# Control bits (RFC 9293 §3.1).
FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04

# A server that keeps idle connections longer than this is rare (RFC 7766 §6.2.3 speaks of
# seconds); the next message on one is found midway.
IDLE: Final = 120 * SECOND

# What was under way at a FIN has come by then, and a mirror's copies have.
LINGER: Final = 3 * SECOND

# A third of a kilobyte each. A flood of a hundred thousand a second leaves the others half a
# second from SYN to data; whose entry is gone is read midway.
MOST_HALF_OPEN: Final = 65_536

# All streams together, as `Direction.weight` counts: fourteen thousand that hold a part of a
# message, twice as many between messages, or seventy that hold as much as one may.
MOST_OCTETS: Final = 32 * 1024 * 1024
FLOW_OCTETS: Final = 768

# Addresses and ports as one text: the tuple of them would take three times the room.
Key: TypeAlias = str


class _Flow(msgspec.Struct):
    """A stream's two readings: the one that was continued last, and the one before.

    `seen` is the `now` of its last segment, `closes` when it ends after a FIN or RST.
    """

    reading: Direction
    before: Direction | None
    seen: Nanoseconds
    closes: Nanoseconds = END
    weight: int = 0

    def readings(self) -> tuple[Direction, ...]:
        return (self.reading,) if self.before is None else (self.reading, self.before)

    @property
    def is_quiet(self) -> bool:
        return all(reading.is_quiet for reading in self.readings())

    @property
    def ends(self) -> Nanoseconds:
        """When it ends with something to tell, or with time to spare."""
        return self.closes if self.is_quiet else min(self.closes, self.seen + IDLE)

    @property
    def due(self) -> Nanoseconds:
        return min(self.ends, *(reading.due for reading in self.readings()))


class Streams:
    """The stage that cuts. `evicted` counts by name what left early for want of room.

    `half_open`: connections without data, `streams`: all others that had not ended.
    """

    key: ClassVar[str] = "client"

    def __init__(self) -> None:
        self._half_open: OrderedDict[Key, int] = OrderedDict()  # the first octet's number
        self._flows: OrderedDict[Key, _Flow] = OrderedDict()  # least recently active first
        self._deadlines: Deadlines[Key] = Deadlines()
        self._octets = 0
        self._serial = 0
        self._now: Nanoseconds = 0
        self.evicted: Counter[str] = Counter()

    def __call__(self, items: Iterable[Packet], now: Nanoseconds) -> Iterator[Packet]:
        for packet in items:
            if packet.late is None:
                yield from self._settle(max(self._now, packet.at))
                yield from self._take(packet)
            else:
                yield from self._catch_up(packet, packet.late)
        yield from self._settle(now)

    def deadline(self) -> Nanoseconds:
        return self._deadlines.next()

    def _catch_up(self, packet: Packet, then: Nanoseconds) -> list[Packet]:
        """Take a segment that was held back, as at the time when it came."""
        found = list(self._settle(then))
        now, self._now = self._now, then
        found += self._take(packet)
        self._now = now
        return found

    def _take(self, packet: Packet) -> Iterator[Packet]:
        key = f"{packet.src} {packet.sport} {packet.dst} {packet.dport}"
        control = packet.control
        is_reset = bool(control & RST)
        sequence = (packet.sequence + bool(control & SYN)) % NUMBERS
        size = 0 if is_reset else len(packet.payload)  # a RST's is no data (RFC 9293 §3.5.3)
        known = self._flows.get(key)
        if known is not None and known.seen + IDLE <= self._now:
            yield from self._end(key)
        if control & SYN and not is_reset:
            self._open(key, sequence)
        if size:
            yield from self._segment(key, packet, sequence, size)
        elif packet.anomalies:
            yield msgspec.structs.replace(packet, payload=b"")
        if control & (FIN | RST):
            self._close(key, sequence)
        while self._octets > MOST_OCTETS:
            yield from self._evict()

    # --- which reading ---------------------------------------------------------------------------

    def _open(self, key: Key, start: int) -> None:
        """Keep where a connection begins, unless it is one that is read already."""
        flow = self._flows.get(key)
        if flow and any(each.start % NUMBERS == start for each in flow.readings()):
            return
        self._half_open[key] = start
        self._half_open.move_to_end(key)
        if len(self._half_open) > MOST_HALF_OPEN:
            self._half_open.popitem(last=False)
            self.evicted["half_open"] += 1

    def _reading(self, key: Key, sequence: int, size: int) -> Direction | None:
        """Find the reading that a segment belongs to, or begin one; None for a keep-alive."""
        flow = self._flows.get(key)
        reading = None if flow is None else _continued(flow, sequence, size)
        start = self._half_open.get(key)
        if reading is None and start is not None:
            ahead = _distance(start, sequence)
            if ahead == -1 and size == 1:  # before any data
                return None
            if 0 <= ahead <= REACH:
                del self._half_open[key]
                return Direction(start=start, next=start, in_step=True)
        if reading is None and flow is not None:
            reading = _near(flow, sequence, size)
        return reading or _midway(sequence, Anomaly.STREAM_MIDWAY)

    def _segment(self, key: Key, packet: Packet, sequence: int, size: int) -> Iterator[Packet]:
        """Hand a segment to the reading that it belongs to."""
        start = self._half_open.get(key)
        reading = self._reading(key, sequence, size)
        if reading is None:
            return
        flow, told = self._turn(key, self._flows.get(key), reading)
        yield from told

        self._serial += 1
        before = reading.next, len(reading.waiting)
        piece = Piece(reading.place(sequence), self._now, self._serial, packet)
        for left in flow.readings():
            if left is not reading and left.is_lacking(piece.position, size):
                yield from left.take(piece)
        if reading.differs(piece):
            yield from self._fork(key, flow, reading, piece)
        else:
            yield from reading.take(piece)
        other = flow.before
        if other and reading is flow.reading and before[0] < other.start <= reading.next:
            yield from _joined(flow, other, packet)
        while reading.is_crowded:
            yield from self._skip(flow, reading)
        if flow.closes != END and before != (reading.next, len(reading.waiting)):
            flow.closes = self._now + LINGER
        if start is not None and 0 < _distance(start, reading.next % NUMBERS) <= REACH:
            self._half_open.pop(key, None)
        self._weigh(key, flow)

    def _turn(self, key: Key, flow: _Flow | None, reading: Direction) -> tuple[_Flow, list[Packet]]:
        """Make a reading its stream's latest; the one before the last leaves for a new one."""
        told: list[Packet] = []
        if flow is None:
            flow = self._flows[key] = _Flow(reading=reading, before=None, seen=self._now)
        elif reading is flow.before:
            if reading.limit is None:
                flow.reading, flow.before = reading, flow.reading
        elif reading is not flow.reading:
            told = flow.before.end(self._now) if flow.before else []
            flow.reading, flow.before, flow.closes = reading, flow.reading, END
        flow.seen = self._now
        self._flows.move_to_end(key)
        return flow, told

    def _fork(self, key: Key, flow: _Flow, reading: Direction, piece: Piece) -> Iterator[Packet]:
        """Read a segment that differs by itself too; where it holds other messages, go on with it.

        Which of two the receiver took nobody can tell here. A whole message in the later one is
        told, lest one forged packet ahead of it hide it.
        """
        fork = _midway(piece.position, Anomaly.SEGMENT_OVERLAP)
        others = [
            message
            for message in fork.take(piece)
            if not any(each.has(message) for each in flow.readings())
        ]
        reading.note(Anomaly.SEGMENT_OVERLAP)
        messages = reading.take(piece)
        yield from messages
        told = {(message.sequence, message.payload) for message in messages}
        others = [each for each in others if (each.sequence, each.payload) not in told]
        if others:
            yield from others
            yield from self._turn(key, flow, fork)[1]

    # --- gaps and ends ---------------------------------------------------------------------------

    def _skip(self, flow: _Flow, reading: Direction) -> Iterator[Packet]:
        """Give up a reading's first gap; what stands before it is a reading still."""
        messages, left = reading.skip()
        yield from messages
        if reading is flow.reading:
            if flow.before is not None:
                yield from flow.before.end(self._now)
            flow.before = left

    def _close(self, key: Key, sequence: int) -> None:
        """Let a stream end soon; a FIN or RST from elsewhere is not its own."""
        flow = self._flows.get(key)
        if flow is None or flow.closes != END or _near(flow, sequence, 1) is None:
            return
        flow.closes = self._now + LINGER
        self._weigh(key, flow)

    def _settle(self, now: Nanoseconds) -> Iterator[Packet]:
        """Let go of what has waited long enough: each at its own time, in order."""
        for due, key in self._deadlines.due(now):
            if now != END:
                self._now = max(self._now, due)
            flow = self._flows[key]
            if flow.ends <= due:
                yield from self._end(key)
                continue
            for reading in flow.readings():
                while reading.due <= due:
                    yield from self._skip(flow, reading)
            self._weigh(key, flow)
        if now == END:
            self._half_open.clear()
        else:
            self._now = max(self._now, now)
        while self._flows:  # the quiet ones have nothing to tell, and no deadline
            key, flow = next(iter(self._flows.items()))
            if flow.seen + IDLE > now:
                return
            yield from self._end(key)

    def _evict(self) -> Iterator[Packet]:
        """Let go of the stream that was silent longest."""
        key, flow = next(iter(self._flows.items()))
        if not flow.is_quiet or flow.closes == END:
            self.evicted["streams"] += 1
        yield from self._end(key)

    def _end(self, key: Key) -> Iterator[Packet]:
        flow = self._flows.pop(key)
        self._deadlines.drop(key)
        self._octets -= flow.weight
        for reading in reversed(flow.readings()):
            yield from reading.end(self._now)

    def _weigh(self, key: Key, flow: _Flow) -> None:
        """Note what a stream takes up now, and when it falls due."""
        weight = FLOW_OCTETS + sum(reading.weight for reading in flow.readings())
        self._octets += weight - flow.weight
        flow.weight = weight
        due = flow.due
        if due == END:
            self._deadlines.drop(key)
        else:
            self._deadlines.set(key, due)


def _continued(flow: _Flow, sequence: int, size: int) -> Direction | None:
    """Find the reading that a segment continues, or in whose gap it lies."""
    for reading in flow.readings():
        position = reading.place(sequence)
        if reading.continues(position, size) or reading.is_late(position):
            return reading
    return None


def _near(flow: _Flow, sequence: int, size: int) -> Direction | None:
    """Find the reading that a segment may belong to."""
    for reading in flow.readings():
        if reading.is_near(reading.place(sequence), size):
            return reading
    return None


def _joined(flow: _Flow, other: Direction, packet: Packet) -> Iterator[Packet]:
    """Make one of two readings once `packet` brought what lay between them.

    So it is where the first segments come out of order, and no SYN said which is the first.
    """
    whole = copy.deepcopy(flow.reading)
    if not other.goes_on_from(whole):
        return
    messages = whole.go_on(other, packet)
    if other.in_step and not (whole.in_step and whole.boundary == other.boundary):
        return
    flow.reading, flow.before = whole, None
    yield from (message for message in messages if not other.has(message))


def _midway(start: int, anomaly: Anomaly) -> Direction:
    """Begin where nobody says that a message begins."""
    return Direction(start=start, next=start, in_step=False, wanted=resync.LEAST, noted=(anomaly,))


def _distance(start: int, sequence: int) -> int:
    """How far a sequence number lies ahead of another, negative when behind."""
    half = NUMBERS // 2
    return (sequence - start + half) % NUMBERS - half
