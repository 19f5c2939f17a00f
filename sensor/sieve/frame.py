"""Say of one frame whether the river would make anything of it.

The walk is that of `sensor.decap.unwrap`: header after header, the next one's kind out of a table.
A tunnel on a UDP port is left again where it leads nowhere, and the payload taken as it is. Where
the river has several readings to try and it is not plain which one counts, the frame passes.
"""

import numpy as np

from sensor.sieve import headers, tables
from sensor.sieve.compiled import Integer, Integers, Octets, Words, kernel, part
from sensor.sieve.message import HEADER as DNS_HEADER
from sensor.sieve.message import IS_WATCHED, TOO_LONG, has_question, is_dns, is_watched, two
from sensor.sieve.reasons import Reason
from sensor.sieve.tables import Kind

_DROPPED_OTHER = int(Reason.DROPPED_OTHER)
_DROPPED_DNS = int(Reason.DROPPED_DNS)
_WATCHED = int(Reason.WATCHED)
_FRAGMENT = int(Reason.FRAGMENT)
_TCP = int(Reason.TCP)
_MALFORMED = int(Reason.MALFORMED)
_HEADER = int(Reason.HEADER)

_UDP = int(Kind.UDP)
_TCP_KIND = int(Kind.TCP)
_NAMED = int(Kind.NAMED)
_PORT = tables.PORT
_CONFIGURED = tables.CONFIGURED
_KIND_BITS = tables.KIND_BITS

# The river gives up at the ninth header of one name (`unwrap.DEEPEST`). With one link header in
# front these are ten; a frame that is not done with by then is the river's affair.
_DEEPEST = 10

_LINKS = 1 << 16

_SYN_FIN_RST = 0x07


@part
def payload_reason(
    octets: Octets,
    at: Integer,
    stop: Integer,
    is_configured: Integer,
    keys: Words,
    bloom: Words,
    slots: Words,
    any_port: Integer,
    scratch: Integers,
) -> Integer:
    """What becomes of a UDP payload."""
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
    no bearing. The rest is `Tables.arguments`.
    """
    if start < 0 or stop > octets.size or start > stop or link < 0 or link >= _LINKS:
        return _DROPPED_OTHER
    at = start
    kind = np.int64(kinds[link])
    is_forked = False  # other readings wait, should this one not lead to a packet
    is_within_fork = False  # as much for what the last tunnel is in
    payload = np.int64(-1)  # of the last UDP that a tunnel was looked for in
    payload_stop = stop
    payload_configured = False
    for _ in range(_DEEPEST):
        if kind == headers.IPV4:
            kind, at, stop = headers.ipv4(octets, at, stop, kinds)
        elif kind == _UDP:
            if stop - at >= 8:
                size = two(octets, at + 4)
                if size == 0:
                    size = stop - at
            else:
                size = 0
            if size < 8:
                kind = np.int64(headers.NOWHERE)
            else:
                from_kind = np.int64(kinds[_PORT + two(octets, at)])
                to_kind = np.int64(kinds[_PORT + two(octets, at + 2)])
                is_configured = (from_kind | to_kind) & _CONFIGURED != 0
                stop = min(stop, at + size)
                at += 8
                from_kind &= _KIND_BITS
                to_kind &= _KIND_BITS
                if (
                    not from_kind | to_kind
                    or is_dns(octets, at, stop)
                    or (is_configured and has_question(octets, at, stop))
                ):
                    return payload_reason(
                        octets, at, stop, is_configured, keys, bloom, slots, any_port, scratch
                    )
                if from_kind and to_kind and from_kind != to_kind:
                    return _HEADER
                payload, payload_stop, payload_configured = at, stop, is_configured
                is_within_fork |= is_forked
                is_forked = False
                kind = from_kind | to_kind
        elif kind == headers.ETHERNET:
            kind, at, stop = headers.ethernet(octets, at, stop, kinds)
        elif kind == headers.VLAN:
            kind, at, stop = headers.vlan(octets, at, stop, kinds)
        elif kind == _TCP_KIND:
            reason = tcp_reason(octets, at, stop, kinds)
            if reason >= 0:
                return reason
            kind = np.int64(headers.NOWHERE)
        elif kind == headers.IPV6:
            kind, at, stop = headers.ipv6(octets, at, stop, kinds)
        elif kind == headers.FRAGMENT:
            return _FRAGMENT
        elif kind == headers.RAW:
            kind, at, stop = headers.raw(octets, at, stop)
        elif kind == headers.LLC:
            kind, at, stop = headers.llc(octets, at, stop, kinds)
        elif kind == headers.SLL or kind == headers.SLL2:
            kind, at, stop = headers.cooked(octets, at, stop, kinds, kind)
        elif kind == headers.NULL or kind == headers.LOOP:
            kind, at, stop = headers.loopback(octets, at, stop, kinds, kind)
        elif kind == headers.GRE:
            kind, at, stop = headers.gre(octets, at, stop, kinds)
        elif kind == headers.VXLAN:
            kind, at, stop = headers.vxlan(octets, at, stop)
        elif kind == headers.GENEVE:
            kind, at, stop = headers.geneve(octets, at, stop, kinds)
        elif kind == headers.ERSPAN_II or kind == headers.ERSPAN_III:
            kind, at, stop = headers.erspan(octets, at, stop, kind)
        elif kind == headers.PPPOE:
            kind, at, stop = headers.pppoe(octets, at, stop)
        elif kind == headers.PPP:
            kind, at, stop = headers.ppp(octets, at, stop, kinds)
        elif kind == headers.GTP:
            kind, at, stop = headers.gtp(octets, at, stop)
            if kind == headers.RAW:
                if not headers.is_surely_ip(octets, at, stop):
                    return _HEADER
                is_forked = True
        elif kind == headers.MPLS:
            if stop - at < 4:
                kind = np.int64(headers.NOWHERE)
            else:
                label = two(octets, at) << 4 | np.int64(octets[at + 2]) >> 4
                is_last = octets[at + 2] & 1
                at += 4
                if not is_last:
                    kind = np.int64(headers.MPLS)
                elif label == 0:
                    kind = np.int64(headers.IPV4)
                elif label == 2:
                    kind = np.int64(headers.IPV6)
                else:
                    first = np.int64(octets[at]) >> 4 if at < stop else np.int64(1)
                    if first == 4 or first == 6:
                        if not headers.is_surely_ip(octets, at, stop):
                            return _HEADER
                        kind = np.int64(headers.RAW)
                        is_forked = True
                    elif stop - at >= 2 and two(octets, at) == 0:
                        return _HEADER
                    else:
                        kind = np.int64(headers.ETHERNET)
        elif kind == headers.NOWHERE or kind == _NAMED:
            if is_forked or (kind == _NAMED and is_within_fork):
                return _HEADER
            if payload >= 0 and kind == headers.NOWHERE:
                return payload_reason(
                    octets,
                    payload,
                    payload_stop,
                    payload_configured,
                    keys,
                    bloom,
                    slots,
                    any_port,
                    scratch,
                )
            return _DROPPED_OTHER
        else:
            return _HEADER
    return _HEADER
