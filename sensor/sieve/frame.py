"""Say of one frame whether the river would make anything of it.

The walk is that of `sensor.decap.unwrap`: header after header, the next one's kind out of a table.
Where a header leaves several readings, and where a UDP port may be a tunnel's, they are tried in
the river's order (see `sensor.sieve.readings`); the first that leads to a packet counts.
"""

import numpy as np

from sensor.sieve import headers, tables
from sensor.sieve.compiled import Following, Integer, Integers, Octets, Words, kernel, part
from sensor.sieve.headers import FRAGMENT, NOWHERE
from sensor.sieve.message import HEADER as DNS_HEADER
from sensor.sieve.message import IS_WATCHED, TOO_LONG, has_question, is_dns, is_watched, two
from sensor.sieve.readings import PAYLOAD, TUNNELS, forget_tunnels, put_readings, taken
from sensor.sieve.reasons import Reason
from sensor.sieve.tables import Kind
from sensor.sieve.tunnels import peeled

_DROPPED_OTHER = int(Reason.DROPPED_OTHER)
_DROPPED_DNS = int(Reason.DROPPED_DNS)
_WATCHED = int(Reason.WATCHED)
_FRAGMENT = int(Reason.FRAGMENT)
_TCP = int(Reason.TCP)
_MALFORMED = int(Reason.MALFORMED)
_HEADER = int(Reason.HEADER)

UDP = int(Kind.UDP)
TCP = int(Kind.TCP)
_NAMED = int(Kind.NAMED)
_OTHER = int(Kind.OTHER)
_PORT = tables.PORT
_CONFIGURED = tables.CONFIGURED
_KIND_BITS = tables.KIND_BITS

# Headers of one name that may come off, and steps in all: the river tries no more headers
# (`unwrap.DEEPEST`, `unwrap.MOST`). A frame that has more is the river's affair.
_DEEPEST = 8
_MOST = 64

# Nearly every frame has fewer headers.
_FEW = 8

_LINKS = 1 << 16

_SYN_FIN_RST = 0x07


@part
def payload_reason(
    octets: Octets,
    at: Integer,
    stop: Integer,
    kinds: Octets,
    keys: Words,
    bloom: Words,
    slots: Words,
    any_port: Integer,
    scratch: Integers,
) -> Integer:
    """What becomes of a UDP payload, in front of which its header stands."""
    ends = kinds[_PORT + two(octets, at - 8)] | kinds[_PORT + two(octets, at - 6)]
    is_configured = ends & _CONFIGURED
    if is_configured:
        if stop - at < DNS_HEADER:
            return _DROPPED_OTHER
    elif not any_port or not is_dns(octets, at, stop):
        return _DROPPED_OTHER
    found = is_watched(octets, at, stop, keys, bloom, slots, scratch)
    if found == IS_WATCHED:
        return _WATCHED
    if found == TOO_LONG:
        return _MALFORMED
    return _DROPPED_DNS if is_configured else _DROPPED_OTHER


@part
def tcp_reason(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Integer:
    """What becomes of a segment; nothing, where it is not whole up to its data."""
    if stop - at < 20:
        return -1
    size = (np.int64(octets[at + 12]) >> 4) * 4
    if size < 20 or stop - at < size:
        return -1
    ends = kinds[_PORT + two(octets, at)] | kinds[_PORT + two(octets, at + 2)]
    if not ends & _CONFIGURED:
        return _DROPPED_OTHER
    if stop - at == size and not octets[at + 13] & _SYN_FIN_RST:
        return _DROPPED_OTHER
    return _TCP


@part
def is_message(octets: Octets, at: Integer, stop: Integer, is_configured: Integer) -> bool:
    """Whether a payload is DNS before it is a tunnel; on a DNS port a question will do."""
    if is_dns(octets, at, stop):
        return True
    return bool(is_configured and has_question(octets, at, stop))


@part
def udp(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    """A payload, or tunnels to look for in it: on either port, and if it is not DNS before."""
    if stop - at < 8:
        return np.int64(NOWHERE), at, stop
    size = two(octets, at + 4)
    if size == 0:
        size = stop - at
    if size < 8:
        return np.int64(NOWHERE), at, stop
    ends = kinds[_PORT + two(octets, at)] | kinds[_PORT + two(octets, at + 2)]
    stop = min(stop, at + size)
    at += 8
    if ends & _KIND_BITS and not is_message(octets, at, stop, ends & _CONFIGURED):
        return np.int64(TUNNELS), at, stop
    return np.int64(PAYLOAD), at, stop


@part
def sought(
    octets: Octets,
    at: Integer,
    stop: Integer,
    link: Integer,
    kinds: Octets,
    keys: Words,
    bloom: Words,
    slots: Words,
    any_port: Integer,
    scratch: Integers,
) -> Integer:
    """Do as `judge` with whatever headers there are, in whatever number and however read."""
    kind = np.int64(kinds[link])
    top = np.int64(0)  # so much else is there to try
    seen = np.int64(0)  # how many headers of each kind came off, in four bits
    for _ in range(_MOST):
        if kind <= _NAMED:
            if top == 0:
                return _DROPPED_OTHER
            if kind == _NAMED:
                forget_tunnels(scratch, top)
            top, kind, at, stop, seen = taken(scratch, top)
            continue
        place = 4 * (kind & 15)
        seen += 1 << place
        if seen >> place & 15 > _DEEPEST:
            return _HEADER
        if kind == UDP:
            kind, at, stop = udp(octets, at, stop, kinds)
        elif kind == PAYLOAD:
            return payload_reason(octets, at, stop, kinds, keys, bloom, slots, any_port, scratch)
        elif kind == TCP:
            reason = tcp_reason(octets, at, stop, kinds)
            if reason >= 0:
                return reason
            kind = np.int64(NOWHERE)
        elif kind == FRAGMENT:
            return _FRAGMENT
        elif kind == _OTHER:
            return _HEADER
        elif kind >= TUNNELS:
            top = put_readings(octets, at, stop, kinds, kind, scratch, top, seen)
            if top < 0:
                return _HEADER
            kind = np.int64(NOWHERE)
        else:
            kind, at, stop = peeled(octets, at, stop, kinds, kind)
    return _HEADER


@kernel
def judge(
    octets: Octets,
    start: Integer,
    stop: Integer,
    length: Integer,  # noqa: ARG001  (callers have it, and a later reason may ask)
    link: Integer,
    kinds: Octets,
    keys: Words,
    bloom: Words,
    slots: Words,
    any_port: Integer,
    scratch: Integers,
) -> Integer:
    """Give the `Reason` for which a frame passes or does not.

    The frame is `octets[start:stop]`, of link type `link`; `length`, what it had on the wire, has
    no bearing. The rest is `Tables.arguments`. A frame with other headers than nearly every one
    has is begun again in `sought`.
    """
    if start < 0 or stop > octets.size or start > stop or link < 0 or link >= _LINKS:
        return _DROPPED_OTHER
    at, end = start, stop
    kind = np.int64(kinds[link])
    for _ in range(_FEW):
        if kind == headers.IPV4:
            kind, at, end = headers.ipv4(octets, at, end, kinds)
        elif kind == UDP:
            kind, at, end = udp(octets, at, end, kinds)
            if kind == PAYLOAD:
                return payload_reason(octets, at, end, kinds, keys, bloom, slots, any_port, scratch)
        elif kind == headers.ETHERNET:
            kind, at, end = headers.ethernet(octets, at, end, kinds)
        elif kind == headers.VLAN:
            kind, at, end = headers.tag(octets, at, end, kinds, 4)
        elif kind == TCP:
            return max(tcp_reason(octets, at, end, kinds), _DROPPED_OTHER)
        elif kind == headers.IPV6:
            kind, at, end = headers.ipv6(octets, at, end, kinds)
        elif kind <= _NAMED:
            return _DROPPED_OTHER
        else:
            break
    return sought(octets, start, stop, link, kinds, keys, bloom, slots, any_port, scratch)
