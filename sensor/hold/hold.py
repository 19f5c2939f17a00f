"""Hold fragments and segments back until it is clear that the river would make nothing of them.

A kernel sees one frame; whether a fragment or a segment matters shows in what it is a part of. So
those that pass come here, in their order. A datagram in plain pieces is put together, a connection
is followed while it goes as it should, and each is judged as a whole. What the river would make
nothing of goes no further. As soon as anything watched, or out of the ordinary, comes, all that is
held of it is let go, and whatever follows under its key passes at once: the river then has every
piece, each with the time at which it came (`Frame.late`), and does all that it always does.

Its law is the sieve's: what the river tells of watched names is the same with and without it.

The river goes by addresses and numbers, whatever the path. So what is not plain (see
`sensor.hold.plain`) passes, with all that is held under its key. And a datagram that the river
puts together may hold in it a segment or another fragment, of which nobody knows here: where one
may, all that is held goes, and nothing is held for a while.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final

import numpy as np

from sensor.checksum import UDP
from sensor.decap.extension import IN_IPV6
from sensor.decap.unwrap import Unwrap
from sensor.frame import Frame
from sensor.hold import plain
from sensor.hold.fragments import HeldFragments
from sensor.hold.kept import Tally
from sensor.hold.plain import Part
from sensor.hold.segments import HeldSegments
from sensor.packet import Fragment, Packet
from sensor.sieve.frame import judge
from sensor.sieve.message import HEADER, IS_WATCHED, TOO_LONG, UNWATCHED, is_watched
from sensor.sieve.reasons import Reason
from sensor.sieve.tables import IP, KIND_BITS, PORT, Kind
from sensor.stage import SECOND, Nanoseconds

# The river knows of nothing that came longer ago: `sensor.streams.IDLE` is the longest.
FORGOTTEN: Final = 150 * SECOND

# What a datagram is judged behind: a header that says nothing but what follows it.
_RAW: Final = 101  # LINKTYPE_RAW
_IPV4: Final = (b"\x45" + bytes(8), bytes(10))  # a total length of 0: all that is there
_IPV6: Final = (b"\x60" + bytes(5), bytes(33))  # and so in IPv6

_REASONS: Final = tuple(Reason)
_MEANINGS: Final[Mapping[int, Reason]] = {
    UNWATCHED: Reason.DROPPED_DNS,
    IS_WATCHED: Reason.WATCHED,
    TOO_LONG: Reason.MALFORMED,
}
_PORTS: Final = struct.Struct("!HH")
_LEAVES: Final = frozenset({int(Kind.NOWHERE), int(Kind.NAMED)})


class Hold:
    """What is held back. Plain state, but for the kernels' tables.

    Calling it with the `now` of a frame that passed, the frame and its reason gives the frames
    that go down the river: mostly none, or that one; else those that were held before it, too.

    Args:
        arguments: What the kernels are called with (`Tables.arguments`).
        unwrap: Takes the headers off that a kernel could not take off, with the same settings.
    """

    def __init__(self, arguments: tuple[Any, ...], unwrap: Unwrap) -> None:
        self.tally = Tally()
        self._arguments = arguments
        self._unwrap = unwrap
        self._fragments = HeldFragments(self._datagram, self._is_closed, self.tally)
        self._segments = HeldSegments(self._message, self.tally)
        self._off: Nanoseconds = 0  # nothing is held before
        self._takers: dict[Reason, Callable[[Nanoseconds, Frame], Sequence[Frame]]] = {
            Reason.FRAGMENT: self._fragment,
            Reason.TCP: self._segment,
            Reason.HEADER: self._header,
        }

    def __call__(self, now: Nanoseconds, frame: Frame, reason: Reason) -> Sequence[Frame]:
        taker = self._takers.get(reason)
        return (frame,) if taker is None else taker(now, frame)

    def finish(self) -> None:
        """Count what never became whole; nothing more comes."""
        self._fragments.finish()
        self._segments.finish()

    def _fragment(self, now: Nanoseconds, frame: Frame) -> Sequence[Frame]:
        part = plain.fragment(frame)
        if part is None:
            return self._header(now, frame)
        if now < self._off:
            return self._past(now, frame, part)
        let_go = self._fragments(now, frame, part)
        return (*self._stopped(now), *let_go) if let_go and self._fragments.is_open else let_go

    def _segment(self, now: Nanoseconds, frame: Frame) -> Sequence[Frame]:
        segment = plain.segment(frame)
        if segment is None:
            return self._header(now, frame)
        if now < self._off:
            return (*self._segments.let_go(now, segment.key, segment.control), frame)
        return self._segments(now, frame, segment)

    def _header(self, now: Nanoseconds, frame: Frame) -> Sequence[Frame]:
        """Let a frame pass that is not plain, and what is held that it is a part of."""
        found = self._unwrap(frame)
        if isinstance(found, Fragment):
            return self._past(now, frame, _part(found))
        if not isinstance(found, Packet) or found.transport != "tcp":
            return (frame,)
        key = _packed((found.src, found.dst)) + found.sport.to_bytes(2) + found.dport.to_bytes(2)
        return (*self._segments.let_go(now, key, found.control), frame)

    def _past(self, now: Nanoseconds, frame: Frame, part: Part) -> Sequence[Frame]:
        """Let a fragment pass."""
        let_go = self._fragments.let_go(now, part)
        return (*(self._stopped(now) if self._fragments.is_open else ()), *let_go, frame)

    def _stopped(self, now: Nanoseconds) -> Iterable[Frame]:
        """Hold nothing until the river has forgotten what it knows by now."""
        self._off = now + FORGOTTEN
        yield from self._fragments.let_all_go()
        yield from self._segments.let_all_go()

    def _datagram(self, version: int, protocol: int, octets: bytes) -> Reason:
        """Judge a datagram."""
        before, behind = _IPV4 if version == 4 else _IPV6
        whole = before + bytes((protocol,)) + behind + octets
        array = np.frombuffer(whole, dtype=np.uint8)
        return _REASONS[judge(array, 0, len(whole), len(whole), _RAW, *self._arguments)]

    def _message(self, octets: bytes) -> Reason:
        """Judge a message on a DNS port."""
        if len(octets) < HEADER:
            return Reason.DROPPED_OTHER
        _, keys, bloom, slots, _, scratch = self._arguments
        array = np.frombuffer(octets, dtype=np.uint8)
        return _MEANINGS[is_watched(array, 0, len(octets), keys, bloom, slots, scratch)]

    def _is_closed(self, part: Part) -> bool:
        """Say whether a datagram that begins with this part holds no TCP and no other datagram.

        It does not where it is UDP between ports that are no tunnel's, or what nothing is read in.
        """
        if part.offset:
            return True
        kinds = self._arguments[0]
        if part.protocol != UDP:
            return part.protocol not in IN_IPV6 and kinds[IP + part.protocol] in _LEAVES
        if len(part.octets) < _PORTS.size:
            return False
        return not any(kinds[PORT + port] & KIND_BITS for port in _PORTS.unpack_from(part.octets))


def _packed(addresses: Iterable[str]) -> bytes:
    return b"".join(ip_address(address).packed for address in addresses)


def _part(fragment: Fragment) -> Part:
    """Make of a fragment the part that it would be in a plain frame."""
    number = fragment.identification
    if fragment.version == 4:
        behind = bytes((fragment.protocol,)) + number.to_bytes(2)
    else:
        behind = number.to_bytes(4)
    return Part(
        key=_packed((fragment.src, fragment.dst)) + behind,
        version=fragment.version,
        protocol=fragment.protocol,
        offset=fragment.offset,
        more=fragment.more,
        octets=fragment.data,
        is_whole=not fragment.missing,
    )
