"""Take headers off as `sensor.decap` does, each a kernel of its own.

Each takes the octets from `at` to `stop`, which is within them, and gives what follows: its kind
(see `sensor.sieve.tables.Kind`), where it starts, and where it ends. `NOWHERE` is a header that
cannot be taken off, or that leads to what nobody reads. Lengths, flags and bounds are those of the
module of the same name in `sensor.decap`, where their sources stand.
"""

import numpy as np

from sensor.sieve import tables
from sensor.sieve.compiled import Following, Integer, Octets, part
from sensor.sieve.message import two
from sensor.sieve.tables import Kind

NOWHERE = int(Kind.NOWHERE)
OTHER = int(Kind.OTHER)
ETHERNET = int(Kind.ETHERNET)
VLAN = int(Kind.VLAN)
IPV4 = int(Kind.IPV4)
IPV6 = int(Kind.IPV6)
RAW = int(Kind.RAW)
LLC = int(Kind.LLC)
MPLS = int(Kind.MPLS)
PPPOE = int(Kind.PPPOE)
PPP = int(Kind.PPP)
GRE = int(Kind.GRE)
ERSPAN_I = int(Kind.ERSPAN_I)
ERSPAN_II = int(Kind.ERSPAN_II)
ERSPAN_III = int(Kind.ERSPAN_III)
VXLAN = int(Kind.VXLAN)
GENEVE = int(Kind.GENEVE)
GTP = int(Kind.GTP)
SLL = int(Kind.SLL)
SLL2 = int(Kind.SLL2)
NULL = int(Kind.NULL)
LOOP = int(Kind.LOOP)
FRAGMENT = int(Kind.FRAGMENT)

_ETHERTYPE = tables.ETHERTYPE
_IP = tables.IP
_PPP = tables.PPP
_FAMILY = tables.FAMILY

_AUTHENTICATION = 51
_IPV6_FRAGMENT = 44


@part
def typed(at: Integer, stop: Integer, kinds: Octets, number: Integer) -> Following:
    """What follows an Ethernet type, or a length (up to 1500), which cuts off the padding."""
    if number > 1500:
        return np.int64(kinds[_ETHERTYPE + number]), at, stop
    return np.int64(LLC), at, min(stop, at + number)


@part
def ethernet(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    if stop - at < 14:
        return np.int64(NOWHERE), at, stop
    return typed(at + 14, stop, kinds, two(octets, at + 12))


@part
def vlan(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    return typed(at + 4, stop, kinds, two(octets, at + 2))


@part
def llc(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    """SNAP with an organisation under which the number is an Ethernet type."""
    if stop - at < 8 or two(octets, at) != 0xAAAA or octets[at + 2] != 3:
        return np.int64(NOWHERE), at, stop
    organisation = two(octets, at + 3) << 8 | np.int64(octets[at + 5])
    if organisation != 0 and organisation != 0xF8:
        return np.int64(NOWHERE), at, stop
    return np.int64(kinds[_ETHERTYPE + two(octets, at + 6)]), at + 8, stop


@part
def cooked(octets: Octets, at: Integer, stop: Integer, kinds: Octets, kind: Integer) -> Following:
    """Either version: where device and protocol stand, and how long the header is."""
    size = 16 if kind == SLL else 20
    if stop - at < size:
        return np.int64(NOWHERE), at, stop
    device = two(octets, at + (2 if kind == SLL else 8))
    protocol = two(octets, at + (14 if kind == SLL else 0))
    if device == 770 or device == 803 or device == 824:
        return np.int64(NOWHERE), at, stop
    if protocol == 4:
        return np.int64(LLC), at + size, stop
    return np.int64(kinds[_ETHERTYPE + protocol]), at + size, stop


@part
def loopback(octets: Octets, at: Integer, stop: Integer, kinds: Octets, kind: Integer) -> Following:
    """Four octets in network order, or of the capturing host's, which shows by their size."""
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    high, low = two(octets, at), two(octets, at + 2)
    family = high << 16 | low
    if kind == NULL and low == 0:
        family = (high & 0xFF) << 8 | high >> 8
    if family > 0xFFFF:
        return np.int64(NOWHERE), at, stop
    return np.int64(kinds[_FAMILY + family]), at + 4, stop


@part
def ipv4(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    if stop - at < 20:
        return np.int64(NOWHERE), at, stop
    size = (np.int64(octets[at]) & 0x0F) * 4
    total = two(octets, at + 2)
    if total == 0:
        total = stop - at
    if octets[at] >> 4 != 4 or size < 20 or total < size or stop - at < size:
        return np.int64(NOWHERE), at, stop
    stop = min(stop, at + total)
    protocol = np.int64(octets[at + 9])
    if two(octets, at + 6) & 0x3FFF:
        return np.int64(FRAGMENT), at, stop
    at += size
    while protocol == _AUTHENTICATION:
        if stop - at < 8:
            return np.int64(NOWHERE), at, stop
        protocol, size = np.int64(octets[at]), 8 + np.int64(octets[at + 1]) * 4
        if stop - at < size:
            return np.int64(NOWHERE), at, stop
        at += size
    return np.int64(kinds[_IP + protocol]), at, stop


@part
def ipv6(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    if stop - at < 40 or octets[at] >> 4 != 6:
        return np.int64(NOWHERE), at, stop
    length = two(octets, at + 4)
    protocol = np.int64(octets[at + 6])
    at += 40
    if length:
        stop = min(stop, at + length)
    while True:
        if protocol in (0, 43, 60, 135, 139, 140):
            unit = 8
        elif protocol == _AUTHENTICATION:
            unit = 4
        elif protocol == _IPV6_FRAGMENT:
            unit = 0
        else:
            return np.int64(kinds[_IP + protocol]), at, stop
        if stop - at < 8:
            return np.int64(NOWHERE), at, stop
        size = 8 + np.int64(octets[at + 1]) * unit
        if stop - at < size:
            return np.int64(NOWHERE), at, stop
        if protocol == _IPV6_FRAGMENT and two(octets, at + 2) & 0xFFF9:
            return np.int64(FRAGMENT), at, stop
        protocol = np.int64(octets[at])
        at += size


@part
def raw(octets: Octets, at: Integer, stop: Integer) -> Following:
    """Nothing comes off: the version says which IP it is."""
    version = np.int64(octets[at]) >> 4 if at < stop else 0
    if version == 4:
        return np.int64(IPV4), at, stop
    if version == 6:
        return np.int64(IPV6), at, stop
    return np.int64(NOWHERE), at, stop


@part
def pppoe(octets: Octets, at: Integer, stop: Integer) -> Following:
    if stop - at < 6 or two(octets, at) != 0x1100:
        return np.int64(NOWHERE), at, stop
    end = at + 6 + two(octets, at + 4)
    return np.int64(PPP), at + 6, min(stop, end)


@part
def ppp(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    """A protocol in two octets, or in the one odd one; address and control may stand in front."""
    if stop - at >= 2 and two(octets, at) == 0xFF03:
        at += 2
    if stop - at < 1:
        return np.int64(NOWHERE), at, stop
    protocol = np.int64(octets[at])
    at += 1
    if not protocol & 1:
        if stop - at < 1 or not octets[at] & 1:
            return np.int64(NOWHERE), at, stop
        protocol = protocol << 8 | np.int64(octets[at])
        at += 1
    return np.int64(kinds[_PPP + protocol]), at, stop


@part
def gre(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    """Version 0 with its optional fields; source routes and PPTP are left to the river."""
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    flags, protocol = two(octets, at), two(octets, at + 2)
    if flags & 0x0007 == 1 or (flags & 0x4007) == 0x4000:
        return np.int64(OTHER), at, stop
    if flags & 0x0007:
        return np.int64(NOWHERE), at, stop
    size = 4
    for flag in (0x8000, 0x2000, 0x1000):  # checksum, key, sequence number
        if flags & flag:
            size += 4
    if stop - at < size:
        return np.int64(NOWHERE), at, stop
    if protocol == 0x88BE and not flags & 0x1000:
        return np.int64(ERSPAN_I), at + size, stop
    return np.int64(kinds[_ETHERTYPE + protocol]), at + size, stop


@part
def erspan(octets: Octets, at: Integer, stop: Integer, kind: Integer) -> Following:
    """Type II: eight octets; type III: twelve, a subheader of eight, and a type of frame."""
    size = 8 if kind == ERSPAN_II else 12
    if stop - at < size:
        return np.int64(NOWHERE), at, stop
    if np.int64(octets[at]) >> 4 != (1 if kind == ERSPAN_II else 2):
        return np.int64(NOWHERE), at, stop
    if kind == ERSPAN_II:
        return np.int64(ETHERNET), at + size, stop
    last = two(octets, at + 10)
    if last & 1:
        size += 8
    if stop - at < size:
        return np.int64(NOWHERE), at, stop
    frame = last >> 10 & 0x1F
    if frame == 0:
        return np.int64(ETHERNET), at + size, stop
    return np.int64(RAW if frame == 2 else NOWHERE), at + size, stop


@part
def vxlan(octets: Octets, at: Integer, stop: Integer) -> Following:
    if stop - at < 8 or not octets[at] & 0x08:
        return np.int64(NOWHERE), at, stop
    return np.int64(ETHERNET), at + 8, stop


@part
def geneve(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    if stop - at < 8 or octets[at] >> 6:
        return np.int64(NOWHERE), at, stop
    size = 8 + (np.int64(octets[at]) & 0x3F) * 4
    if stop - at < size:
        return np.int64(NOWHERE), at, stop
    return np.int64(kinds[_ETHERTYPE + two(octets, at + 2)]), at + size, stop


@part
def gtp(octets: Octets, at: Integer, stop: Integer) -> Following:
    """Where the packet starts that a G-PDU carries; what it is, is in doubt: `raw` or Ethernet."""
    if stop - at < 8 or octets[at] & 0xF0 != 0x30 or octets[at + 1] != 255:
        return np.int64(NOWHERE), at, stop
    rest = at + 8
    end = rest + two(octets, at + 2)
    if octets[at] & 0x07:
        rest += 4
        if rest > stop:
            return np.int64(NOWHERE), at, stop
        while octets[at] & 0x04 and octets[rest - 1]:
            if rest >= stop or not octets[rest]:
                return np.int64(NOWHERE), at, stop
            rest += np.int64(octets[rest]) * 4
            if rest > stop:
                return np.int64(NOWHERE), at, stop
    if end < rest:
        return np.int64(NOWHERE), at, stop
    return np.int64(RAW), rest, min(stop, end)


@part
def is_surely_ip(octets: Octets, at: Integer, stop: Integer) -> bool:
    """Whether octets are IP beyond doubt: a right checksum (IPv4), an exact length (IPv6)."""
    if stop - at < 20:
        return False
    version = np.int64(octets[at]) >> 4
    if version == 6:
        return bool(stop - at >= 40 and stop - at == 40 + two(octets, at + 4))
    size = (np.int64(octets[at]) & 0x0F) * 4
    if version != 4 or size < 20 or stop - at < size:
        return False
    total = np.int64(0)
    for place in range(at, at + size, 2):
        total += two(octets, place)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return bool(total == 0xFFFF)
