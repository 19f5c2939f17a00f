"""One direction of a TCP connection: segments in, in any order; DNS messages out.

A direction is *in step* when it knows where the next message's length prefix stands: behind a SYN,
and then from message to message (RFC 1035 §4.2.2, RFC 7766 §8). One that begins midway, or that
lost what it could not count over, looks for a plausible message first (`sensor.resync`).

Octets have a `position`: the sequence number (RFC 9293 §3.4), counted on past 2^32. What came
first counts, whatever comes for the same position later.
"""

from bisect import bisect_left, bisect_right, insort
from typing import Final, NamedTuple

import msgspec

from sensor import resync
from sensor.anomalies import Anomaly
from sensor.packet import Packet
from sensor.stage import END, MILLISECOND, Nanoseconds

NUMBERS: Final = 1 << 32  # sequence numbers begin again behind this many

# A receiver asks at once for a segment it lacks, and the sender sends it unasked after a second at
# first (RFC 6298 §2.1, §5.4). What has not come by then was likely lost on the way to us; should it
# come after all, it is still taken. A lookup takes part in what else its client asks for 2 s.
GAP_WAIT: Final = 1_500 * MILLISECOND

# What waits behind a gap, a stream: the longest message twice, in segments of ordinary length.
MOST_WAITING: Final = 128 * 1024
MOST_PIECES: Final = 256

# How far from the place reached a segment may lie to belong there. Nobody has so much DNS under
# way at once; what lies further off is another connection's, or forged.
REACH: Final = 1 << 20

# What Python takes up for a direction, for one that holds something, and for a piece beside its
# octets (measured).
QUIET_OCTETS: Final = 512
HOLDING_OCTETS: Final = 1024
PIECE_OCTETS: Final = 1024

# What is cut stays at hand so long, to be compared with what comes again: more than a packet of
# ordinary size holds, so that one forged packet can not push itself out.
KEPT: Final = 2048


class Piece(NamedTuple):
    """A segment, or what was new of it; `packet.payload` are its octets.

    `since` is the `now` at which it came, `serial` says which of two came first.
    """

    position: int
    since: Nanoseconds
    serial: int
    packet: Packet

    @property
    def end(self) -> int:
        return self.position + len(self.packet.payload)

    def part(self, begin: int, end: int) -> "Piece":
        """Cut out the octets from one position to another."""
        octets = self.packet.payload[begin - self.position : end - self.position]
        return self._replace(
            position=begin, packet=msgspec.structs.replace(self.packet, payload=octets)
        )


def _position(piece: Piece) -> int:
    return piece.position


class Direction(msgspec.Struct):
    """What is known of one direction. Plain state.

    `start` is where its first octet stands, `next` where those `held` end. The first `done` of
    these are cut; looking at the others is of no use before there are `wanted`. `waiting` are the
    pieces behind a gap. `noted` is what the next message has to bear. `last` is the packet, without
    its octets, that came last of those not cut; `serial` its own. `limit` marks what was left
    behind at a gap: the gap's end.
    """

    start: int
    next: int
    in_step: bool
    noted: tuple[Anomaly, ...] = ()
    wanted: int = resync.PREFIX
    held: bytearray = msgspec.field(default_factory=bytearray)
    done: int = 0
    waiting: list[Piece] = []
    waiting_octets: int = 0
    last: Packet | None = None
    serial: int = 0
    limit: int | None = None

    # --- where a segment belongs ------------------------------------------------------------

    def place(self, sequence: int) -> int:
        """Tell the position of a sequence number: the one nearest to where we are."""
        half = NUMBERS // 2
        return self.next + (sequence - self.next + half) % NUMBERS - half

    def continues(self, position: int, size: int) -> bool:
        """Say whether a segment holds the very octet that comes next."""
        is_open = self.limit is None or self.next < self.limit
        return is_open and position <= self.next < position + size

    def is_late(self, position: int) -> bool:
        """Say whether a segment lies in the gap at which this was left behind."""
        return self.limit is not None and self.next <= position < self.limit

    def is_lacking(self, position: int, size: int) -> bool:
        """Say whether a segment holds octets of the gap at which this was left behind."""
        return self.limit is not None and position < self.limit and self.next < position + size

    def goes_on_from(self, other: "Direction") -> bool:
        """Say whether this begins within what another has, and all it ever had is at hand."""
        return (
            self.limit is None
            and other.limit is None
            and self.start <= other.next < self.next
            and self.next - len(self.held) == self.start
        )

    def is_near(self, position: int, size: int) -> bool:
        """Say whether a segment may belong here, be it new, old or a keep-alive.

        What ends before the first octet seen was never seen, but for a keep-alive's octet
        (RFC 9293 §3.8.4).
        """
        if abs(position - self.next) > REACH or self.limit is not None:
            return False
        end = position + size
        return end > self.start or (size <= 1 and end == self.start)

    def differs(self, segment: Piece) -> bool:
        """Say whether a segment has other octets than those that came before it.

        A keep-alive's is no data (RFC 9293 §3.8.4).
        """
        if segment.position + 1 == segment.end == self.next:
            return False
        if _conflicts(segment, self.next - len(self.held), self.held):
            return True
        return any(
            _conflicts(segment, piece.position, piece.packet.payload)
            for piece in self._waiting_at(segment)
        )

    def has(self, message: Packet) -> bool:
        """Say whether a message's octets are at hand as they are."""
        begin = self.place(message.sequence) - (self.next - len(self.held)) + resync.PREFIX
        return begin >= resync.PREFIX and self.held.startswith(message.payload, begin)

    # --- time and room ------------------------------------------------------------------------

    @property
    def due(self) -> Nanoseconds:
        """When what waits has waited long enough."""
        if not self.waiting or self.limit is not None:
            return END
        return min(piece.since for piece in self.waiting) + GAP_WAIT

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing is held that could be lost."""
        return not (self.rest or self.waiting or self.noted)

    @property
    def rest(self) -> int:
        """How many octets are held that are not cut."""
        return len(self.held) - self.done

    @property
    def boundary(self) -> int:
        """Where what is not cut begins."""
        return self.next - self.rest

    @property
    def is_crowded(self) -> bool:
        """Say whether more waits than may."""
        return self.waiting_octets > MOST_WAITING or len(self.waiting) > MOST_PIECES

    @property
    def weight(self) -> int:
        """The room it takes up."""
        return (
            QUIET_OCTETS
            + (0 if self.is_quiet else HOLDING_OCTETS)
            + len(self.held)
            + self.waiting_octets
            + len(self.waiting) * PIECE_OCTETS
        )

    # --- segments in, messages out --------------------------------------------------------------

    def take(self, segment: Piece) -> list[Packet]:
        """Take a segment; return the messages it completes.

        Anomalies of a segment that brings nothing new are told by themselves.
        """
        fresh = self._fresh(segment)
        if not fresh:
            return [_bare(segment.packet)] if segment.packet.anomalies else []
        for piece in fresh:
            insort(self.waiting, piece, key=_position)
            self.waiting_octets += len(piece.packet.payload)
        return self._drain()

    def go_on(self, other: "Direction", packet: Packet) -> list[Packet]:
        """Take all of a reading that goes on from this; `packet` came last."""
        self.note(*other.noted)
        octets = bytes(other.held[self.next - other.start :])
        last, serial = (packet, 0) if other.last is None else (other.last, other.serial)
        carrier = msgspec.structs.replace(last, payload=octets, anomalies=())
        messages = self.take(Piece(self.next, 0, serial, carrier))
        for piece in other.waiting:
            messages += self.take(piece)
        return messages

    def skip(self) -> tuple[list[Packet], "Direction"]:
        """Give the first gap up; return the messages behind it, and what is left behind.

        A message that was cut off says by its length where the next one begins. What waits before
        that is its own; where that is itself lost, the first piece behind it is searched.
        """
        messages = [] if self.in_step else self._search_rest()
        boundary = None
        if self.in_step and self.rest >= resync.PREFIX:
            boundary = self.boundary + self._message_size()
        first = self.waiting[0]
        below, self.waiting = self._split(boundary)
        left = self._left_behind(below, first.position)

        self.waiting_octets = sum(len(piece.packet.payload) for piece in self.waiting)
        self.last = self.last or _bare(first.packet)
        self.held, self.done = bytearray(), 0
        self.note(Anomaly.SEGMENT_LOST)
        if boundary is not None and (not self.waiting or self.waiting[0].position == boundary):
            self.next, self.wanted = boundary, resync.PREFIX
        else:
            self.next, self.wanted = self.waiting[0].position, resync.LEAST
            self.in_step = False
        return messages + self._drain(), left

    def end(self, now: Nanoseconds) -> list[Packet]:
        """Give up waiting for anything; return what there is, last of all what is incomplete."""
        messages = []
        while self.waiting:
            messages += self.skip()[0]
        is_incomplete = self.rest > 0 and (self.in_step or self.wanted > resync.LEAST)
        if not self.in_step:
            searched = self._search_rest()
            messages += searched
            is_incomplete = self.rest > 0 if searched else is_incomplete
        if is_incomplete:
            self.note(Anomaly.STREAM_INCOMPLETE)
        is_keep_alive = not self.in_step and self.next - self.start <= 1
        if self.noted and self.last is not None and self.limit is None and not is_keep_alive:
            messages.append(
                msgspec.structs.replace(
                    self.last,
                    at=now,
                    sequence=self.boundary % NUMBERS,
                    anomalies=self.noted,
                )
            )
        return messages

    # --- the parts of that ------------------------------------------------------------------------

    def _fresh(self, segment: Piece) -> list[Piece]:
        """Cut out what of a segment is not at hand."""
        at, end = max(segment.position, self.next), segment.end
        if self.limit is not None:
            end = min(end, self.limit)
        fresh = []
        for other in self._waiting_at(segment):
            if other.position >= end:
                break
            if at < other.position:
                fresh.append(segment.part(at, other.position))
            at = max(at, other.end)
        if at < end:
            is_part = at > segment.position or end < segment.end
            fresh.append(segment.part(at, end) if is_part else segment)
        return fresh

    def _waiting_at(self, segment: Piece) -> list[Piece]:
        """Find what waits where a segment stands, and at most one piece before it."""
        first = bisect_right(self.waiting, segment.position, key=_position)
        last = bisect_left(self.waiting, segment.end, key=_position)
        return self.waiting[max(0, first - 1) : last]

    def _drain(self) -> list[Packet]:
        """Take up what waits, as far as there is no gap."""
        messages = []
        done = 0
        for piece in self.waiting:
            if piece.position != self.next:
                break
            done += 1
            self.waiting_octets -= len(piece.packet.payload)
            messages += self._append(piece)
        del self.waiting[:done]
        return messages

    def _append(self, piece: Piece) -> list[Packet]:
        packet = piece.packet
        if not self.rest or self.last is None or piece.serial > self.serial:
            self.last, self.serial = packet, piece.serial
        self.held += packet.payload
        self.next = piece.end
        self.note(*packet.anomalies)
        messages = self._cut(packet, piece.serial)
        if self.is_quiet:
            self.last = None
        elif self.last.payload:
            self.last = _bare(self.last)
        return messages

    def _cut(self, packet: Packet, serial: int) -> list[Packet]:
        """Cut off what is whole; the rest is of `packet` alone then."""
        messages = []
        while self.rest >= self.wanted and (self.in_step or self._search()):
            self.wanted = size = self._message_size()
            if size > self.rest:
                break
            begin = self.boundary
            payload = bytes(self.held[self.done + resync.PREFIX : self.done + size])
            self.done += size
            self.wanted = resync.PREFIX
            if not payload:  # a length of nothing is nothing
                continue
            messages.append(
                msgspec.structs.replace(
                    self.last or packet,
                    payload=payload,
                    sequence=begin % NUMBERS,
                    anomalies=self.noted,
                )
            )
            self.noted = packet.anomalies if self.rest else ()
            self.last, self.serial = packet, serial
        if self.done > KEPT:
            del self.held[: self.done - KEPT]
            self.done = KEPT
        return messages

    def _message_size(self) -> int:
        """Tell how many octets the first message not cut has, with its length prefix."""
        prefix = self.held[self.done : self.done + resync.PREFIX]
        return resync.PREFIX + int.from_bytes(prefix, "big")

    def _search(self) -> bool:
        """Look for a message; say whether this is in step now."""
        self.done, wanted = resync.find(self.held, self.done, to_come=True)
        self.in_step = wanted == 0
        self.wanted = wanted or resync.PREFIX
        return self.in_step

    def _search_rest(self) -> list[Packet]:
        """Look for whole messages in what is held, as nothing more will come to it."""
        self.done, wanted = resync.find(self.held, self.done, to_come=False)
        if wanted or self.last is None:
            return []
        self.in_step, self.wanted = True, resync.PREFIX
        return self._cut(self.last, self.serial)

    def _split(self, boundary: int | None) -> tuple[list[Piece], list[Piece]]:
        """Part what waits at a position; with none, nothing stands before it."""
        below: list[Piece] = []
        above = list(self.waiting)
        while boundary is not None and above and above[0].position < boundary:
            piece = above.pop(0)
            if piece.end > boundary:
                above.insert(0, piece.part(boundary, piece.end))
                piece = piece.part(piece.position, boundary)
            below.append(piece)
        return below, above

    def _left_behind(self, pieces: list[Piece], gap_end: int) -> "Direction":
        """What stands before a gap, to go on from there should its octets come after all."""
        return Direction(
            start=self.start,
            next=self.next,
            in_step=self.in_step,
            wanted=self.wanted,
            held=self.held,
            done=self.done,
            waiting=pieces,
            waiting_octets=sum(len(piece.packet.payload) for piece in pieces),
            last=self.last,
            serial=self.serial,
            limit=gap_end,
        )

    def note(self, *anomalies: Anomaly) -> None:
        """Let the next message bear these."""
        if anomalies:
            self.noted = tuple(dict.fromkeys((*self.noted, *anomalies)))


def _conflicts(segment: Piece, position: int, octets: bytes | bytearray) -> bool:
    """Say whether a segment has other octets than these, where it stands over them."""
    begin = max(segment.position, position)
    end = min(segment.end, position + len(octets))
    if begin >= end:
        return False
    its = segment.packet.payload[begin - segment.position : end - segment.position]
    return its != octets[begin - position : end - position]


def _bare(packet: Packet) -> Packet:
    """Take the octets off a packet."""
    return msgspec.structs.replace(packet, payload=b"")
