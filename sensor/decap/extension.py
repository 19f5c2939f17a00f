"""Extension headers of IPv6 (RFC 8200 §4), and the Authentication Header, which IPv4 has too.

All begin with the number of the next header and are eight octets long, plus what the second
octet counts in a unit of their own. Numbers: IANA, "IPv6 Extension Header Types".
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from sensor.anomalies import Anomaly
from sensor.decap.header import WireError

SHORTEST: Final = 8

FRAGMENT: Final = 44
FRAGMENT_LAYOUT: Final = struct.Struct("!xxHI")  # next header, reserved, place, identification
OFFSET: Final = 0xFFF8  # in units of eight octets, which is to say in octets
MORE: Final = 0x0001

# What the second octet counts, in octets.
IN_IPV4: Final[Mapping[int, int]] = MappingProxyType(
    {51: 4}  # authentication, RFC 4302 §2.2
)
IN_IPV6: Final[Mapping[int, int]] = MappingProxyType(
    {
        0: 8,  # hop-by-hop options, RFC 8200 §4.3
        43: 8,  # routing, RFC 8200 §4.4
        FRAGMENT: 0,  # of fixed size, its second octet is reserved: RFC 8200 §4.5
        51: 4,  # authentication, RFC 4302 §2.2
        60: 8,  # destination options, RFC 8200 §4.6
        135: 8,  # mobility, RFC 6275 §6.1.1
        139: 8,  # host identity, RFC 7401 §5.1
        140: 8,  # shim6, RFC 5533 §5.1
    }
)


class Piece(NamedTuple):
    """What a fragment header says: where in the datagram, `more` to follow, which datagram."""

    offset: int
    more: bool
    identification: int


class Skipped(NamedTuple):
    """What follows the extension headers; in a fragment that is a `piece` of anything."""

    protocol: int
    rest: memoryview
    piece: Piece | None = None


def skip(protocol: int, rest: memoryview, units: Mapping[int, int]) -> Skipped:
    """Go past the headers that `units` knows, the first of which is `protocol`.

    A fragment header at offset 0 with no more to come is an atomic fragment, a whole datagram
    (RFC 6946); at any other the walk ends. Each header is at least eight octets, so the
    datagram's own length bounds the walk, in whatever order and number they come.

    Raises:
        WireError: `HEADER_TRUNCATED`, with the offset from the first extension header.
    """
    start = 0
    while (unit := units.get(protocol)) is not None:
        if len(rest) < start + SHORTEST:
            raise WireError(Anomaly.HEADER_TRUNCATED, len(rest))
        end = start + SHORTEST + rest[start + 1] * unit
        if len(rest) < end:
            raise WireError(Anomaly.HEADER_TRUNCATED, len(rest))
        if protocol == FRAGMENT:
            place, identification = FRAGMENT_LAYOUT.unpack_from(rest, start)
            if place & (OFFSET | MORE):
                piece = Piece(place & OFFSET, bool(place & MORE), identification)
                return Skipped(rest[start], rest[end:], piece)
        protocol, start = rest[start], end
    return Skipped(protocol, rest[start:])
