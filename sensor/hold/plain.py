"""Read a plain fragment or segment off a frame, in a fraction of what taking off its headers costs.

Plain is what has nothing but Ethernet, VLAN tags and one IP header in front of it, as nearly all
have. What is read here is what `sensor.decap` reads: addresses, numbers, octets, lengths.
"""

import struct
from typing import Final, NamedTuple, TypeAlias

from sensor.checksum import TCP
from sensor.decap import extension
from sensor.decap.ipv4 import MORE_FRAGMENTS, OFFSET
from sensor.frame import Frame

_LINK: Final = 1  # LINKTYPE_ETHERNET
_TAGS: Final = frozenset({b"\x81\x00", b"\x88\xa8"})  # IEEE 802.1Q
_MOST_TAGS: Final = 2
_ETHERTYPE_IPV4: Final = b"\x08\x00"
_ETHERTYPE_IPV6: Final = b"\x86\xdd"

_IPV4: Final = struct.Struct("!BxHHHxB2x8s")  # RFC 791 §3.1; both addresses in one
_IPV6: Final = struct.Struct("!B3xHBx32s")  # RFC 8200 §3
_IPV6_FRAGMENT: Final = struct.Struct("!BxHI")  # RFC 8200 §4.5
_IPV6_SIZE: Final = 40
_SEGMENT: Final = struct.Struct("!4sI4xBB6x")  # RFC 9293 §3.1; both ports in one

_IS_FRAGMENT: Final = MORE_FRAGMENTS | OFFSET
_IS_IPV6_FRAGMENT: Final = extension.MORE | extension.OFFSET


class Part(NamedTuple):
    """A fragment: `octets` of the datagram `key` from `offset` on, and whether `more` follow.

    `protocol` is what the datagram begins with, where this is its beginning. `is_whole` says that
    nothing of it was left out by the capture.
    """

    key: bytes
    version: int
    protocol: int
    offset: int
    more: bool
    octets: bytes
    is_whole: bool


class Segment(NamedTuple):
    """A TCP segment of the direction `key`; the number is that of its first octet, or of SYN."""

    key: bytes
    sequence: int
    control: int
    octets: bytes
    is_whole: bool


# Version, protocol, addresses, where what is behind the header begins and ends, whether all of it
# was captured, identification, and the field of flags and fragment offset.
_Network: TypeAlias = tuple[int, int, bytes, int, int, bool, int, int]


def fragment(frame: Frame) -> Part | None:
    """Read a fragment; None where the frame is not plain, or holds none."""
    network = _network(frame)
    if network is None:
        return None
    version, protocol, addresses, at, stop, is_whole, identification, place = network
    data = frame.data
    if version == 6:
        if protocol != extension.FRAGMENT or stop - at < _IPV6_FRAGMENT.size:
            return None
        protocol, place, identification = _IPV6_FRAGMENT.unpack_from(data, at)
        octets = data[at + _IPV6_FRAGMENT.size : stop]
        if not place & _IS_IPV6_FRAGMENT:  # an atomic fragment is no part (RFC 6946)
            return None
        key = addresses + identification.to_bytes(4)
        offset, more = place & extension.OFFSET, bool(place & extension.MORE)
        return Part(key, 6, protocol, offset, more, octets, is_whole)
    if not place & _IS_FRAGMENT:
        return None
    offset = (place & OFFSET) * 8
    key = addresses + bytes((protocol, identification >> 8, identification & 0xFF))
    return Part(key, 4, protocol, offset, bool(place & MORE_FRAGMENTS), data[at:stop], is_whole)


def segment(frame: Frame) -> Segment | None:
    """Read a segment; None where the frame is not plain, or holds none."""
    network = _network(frame)
    if network is None:
        return None
    _, protocol, addresses, at, stop, is_whole, _, place = network
    if protocol != TCP or place & _IS_FRAGMENT or stop - at < _SEGMENT.size:
        return None
    data = frame.data
    ports, sequence, size, control = _SEGMENT.unpack_from(data, at)
    at += (size >> 4) * 4
    if size < 0x50 or at > stop:
        return None
    return Segment(addresses + ports, sequence, control, data[at:stop], is_whole)


def _network(frame: Frame) -> _Network | None:
    """Read the IP header, and where what is behind it begins and ends."""
    data = frame.data
    if frame.link != _LINK:
        return None
    at = 14
    kind = data[12:14]
    while kind in _TAGS and at < 14 + 4 * _MOST_TAGS:
        kind = data[at + 2 : at + 4]
        at += 4
    held = len(data)
    if kind == _ETHERTYPE_IPV4:
        if held - at < _IPV4.size:
            return None
        first, total, identification, place, protocol, addresses = _IPV4.unpack_from(data, at)
        size = (first & 0x0F) * 4
        stop = at + total
        if first >> 4 != 4 or size < _IPV4.size or total < size or held - at < size:
            return None
        return (
            4,
            protocol,
            addresses,
            at + size,
            min(stop, held),
            stop <= held,
            identification,
            place,
        )
    if kind == _ETHERTYPE_IPV6:
        if held - at < _IPV6_SIZE:
            return None
        first, length, protocol, addresses = _IPV6.unpack_from(data, at)
        at += _IPV6_SIZE
        stop = at + length
        if first >> 4 != 6 or not length:
            return None
        return (6, protocol, addresses, at, min(stop, held), stop <= held, 0, 0)
    return None
