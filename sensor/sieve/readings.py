"""Keep in mind what else a frame may be, where a header does not prove what follows it.

A way through the headers ends in a packet, which settles all, in what has a name (ARP, ICMP), or
nowhere. What else there is to try lies on a stack in `scratch`, whose rows are `Row`; the uppermost
is tried next. So all comes in the order of `sensor.decap.unwrap`: the readings that one header has,
least doubtful first, as `sensor.decap.readings` ranks them; of a UDP payload the tunnel on the port
sent to, that on the port sent from, and the payload itself.
"""

from enum import IntEnum
from typing import Final

import numpy as np

from sensor.sieve import headers, tables, tunnels
from sensor.sieve.compiled import Integer, Integers, Octets, part
from sensor.sieve.headers import CHDLC, ETHERNET, NOWHERE, PPP, RAW
from sensor.sieve.message import two
from sensor.sieve.tables import MOST_LABELS, Kind


class Row(IntEnum):
    """What the stack has of each thing to try."""

    KIND = 0  # NOWHERE, if it is not to be tried any more
    AT = 1
    STOP = 2
    SEEN = 3  # how many headers there were, see `sensor.sieve.frame.sought`
    IS_TUNNEL = 4  # or the payload that one was looked for in


PAYLOAD: Final = int(Kind.PAYLOAD)
TUNNELS: Final = int(Kind.TUNNELS)  # this and the kinds behind it have several readings

_PORT: Final = tables.PORT
_KIND_BITS: Final = tables.KIND_BITS

_ROW: Final = len(Row)
_MOST: Final = MOST_LABELS // _ROW  # rows in `scratch`; a frame that needs more is the river's

CERTAIN, LIKELY, DOUBTFUL = range(3)
_FEW: Final = 4  # headers between a reading and IP, `sensor.decap.readings.FEW`

# L2TPv3's, in the order of `sensor.decap.l2tp.FRAMES`, each at four distances of four octets.
_SESSION_FRAMES: Final = (ETHERNET, PPP, CHDLC, RAW)
_DISTANCES: Final = 4


@part
def put(
    scratch: Integers,
    top: Integer,
    kind: Integer,
    at: Integer,
    stop: Integer,
    seen: Integer,
    is_tunnel: Integer,
) -> Integer:
    """Put one thing to try on the stack; gives its new height, -1 where it is full."""
    if top < 0 or top >= _MOST:
        return np.int64(-1)
    row = top * _ROW
    scratch[row] = kind
    scratch[row + 1] = at
    scratch[row + 2] = stop
    scratch[row + 3] = seen
    scratch[row + 4] = is_tunnel
    return top + 1


@part
def taken(scratch: Integers, top: Integer) -> tuple[Integer, Integer, Integer, Integer, Integer]:
    """Take the uppermost off a stack that is not empty: the height left, and its row."""
    row = (top - 1) * _ROW
    return top - 1, scratch[row], scratch[row + 1], scratch[row + 2], scratch[row + 3]


@part
def forget_tunnels(scratch: Integers, top: Integer) -> None:
    """A way through them led to what has a name, so each is one: no more of them is tried.

    Another reading in them still may lead to a packet, and is.
    """
    for place in range(top):
        row = place * _ROW
        if scratch[row + 4]:
            scratch[row] = NOWHERE


@part
def put_readings(
    octets: Octets,
    at: Integer,
    stop: Integer,
    kinds: Octets,
    fork: Integer,
    scratch: Integers,
    top: Integer,
    seen: Integer,
) -> Integer:
    """Put all readings on the stack, the most doubtful at the bottom; -1 where it is full."""
    if fork == TUNNELS:
        top = put(scratch, top, PAYLOAD, at, stop, seen, 1)
        for port in (at - 8, at - 6):  # sent from, and sent to
            kind = np.int64(kinds[_PORT + two(octets, port)]) & _KIND_BITS
            if kind:
                top = put(scratch, top, kind, at, stop, seen, 1)
        return top
    count = np.int64(_DISTANCES * len(_SESSION_FRAMES) if fork == tunnels.SESSION else 2)
    doubts = np.int64(0)  # two bits for each
    for number in range(count):
        kind, begin = reading(fork, number, at, stop)
        doubts |= doubt(octets, begin, stop, kinds, kind) << 2 * number
    for level in range(DOUBTFUL, -1, -1):
        for number in range(count - 1, -1, -1):
            if doubts >> 2 * number & 3 == level:
                kind, begin = reading(fork, number, at, stop)
                top = put(scratch, top, kind, begin, stop, seen, 0)
    return top


@part
def reading(fork: Integer, number: Integer, at: Integer, stop: Integer) -> tuple[Integer, Integer]:
    """Say of which kind a reading is, and where it begins."""
    if fork == tunnels.IP_OR_ETHERNET:
        return np.int64(ETHERNET if number else RAW), at
    if fork == tunnels.ETHERNET_OR_IP:
        return np.int64(RAW if number else ETHERNET), at
    if fork == tunnels.ETHERNET_OR_WORDED:
        return np.int64(ETHERNET), min(at + 4 * number, stop)
    kind = np.int64(_SESSION_FRAMES[number // _DISTANCES])
    return kind, min(at + 4 * (number % _DISTANCES), stop)


@part
def doubt(octets: Octets, at: Integer, stop: Integer, kinds: Octets, kind: Integer) -> Integer:
    """How doubtful a reading is, as `sensor.decap.readings` says."""
    number = np.int64(0)  # what follows: an Ethernet type, or 0 if the version alone says it
    if kind in (ETHERNET, CHDLC):
        size = 14 if kind == ETHERNET else 4
        if stop - at < size or (kind == CHDLC and octets[at] & 0x7F != 0x0F):
            return np.int64(DOUBTFUL)
        at += size
        number = two(octets, at - 2)
        for _ in range(_FEW - 1):
            if number != 0x8100 and number != 0x88A8:
                break
            if stop - at < 4:
                return np.int64(DOUBTFUL)
            at += 4
            number = two(octets, at - 2)
        if number != 0x0800 and number != 0x86DD:
            return np.int64(DOUBTFUL)
    elif kind == PPP:
        kind, at, stop = headers.ppp(octets, at, stop, kinds)
        if kind != headers.IPV4 and kind != headers.IPV6:
            return np.int64(DOUBTFUL)
        number = np.int64(0x0800 if kind == headers.IPV4 else 0x86DD)
    version = np.int64(octets[at]) >> 4 if at < stop else np.int64(0)
    if version == 4 and number != 0x86DD:
        return doubt_of_ipv4(octets, at, stop)
    if version == 6 and number != 0x0800:
        return doubt_of_ipv6(octets, at, stop)
    return np.int64(DOUBTFUL)


@part
def doubt_of_ipv4(octets: Octets, at: Integer, stop: Integer) -> Integer:
    """None where the checksum is right; it proves nothing where it is not."""
    size = (np.int64(octets[at]) & 0x0F) * 4
    if size < 20 or stop - at < size:
        return np.int64(DOUBTFUL)
    total = np.int64(0)
    for place in range(at, at + size, 2):
        total += two(octets, place)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    if total == 0xFFFF:
        return np.int64(CERTAIN)
    return np.int64(LIKELY if size <= two(octets, at + 2) <= stop - at else DOUBTFUL)


@part
def doubt_of_ipv6(octets: Octets, at: Integer, stop: Integer) -> Integer:
    """None where the length is exact, most where it goes beyond the octets."""
    if stop - at < 40:
        return np.int64(DOUBTFUL)
    total = 40 + two(octets, at + 4)
    if total == stop - at:
        return np.int64(CERTAIN)
    return np.int64(LIKELY if total < stop - at else DOUBTFUL)
