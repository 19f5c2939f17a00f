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
ETHERNET = int(Kind.ETHERNET)
VLAN = int(Kind.VLAN)
IPV4 = int(Kind.IPV4)
IPV6 = int(Kind.IPV6)
RAW = int(Kind.RAW)
LLC = int(Kind.LLC)
PPPOE = int(Kind.PPPOE)
PPP = int(Kind.PPP)
SLL = int(Kind.SLL)
SLL2 = int(Kind.SLL2)
NULL = int(Kind.NULL)
LOOP = int(Kind.LOOP)
CHDLC = int(Kind.CHDLC)
SERIAL = int(Kind.SERIAL)
ITAG = int(Kind.ITAG)
VNTAG = int(Kind.VNTAG)
ETAG = int(Kind.ETAG)
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
def tag(octets: Octets, at: Integer, stop: Integer, kinds: Octets, size: Integer) -> Following:
    """Of VLAN, VN-Tag or E-TAG: so many octets, the last two a type or a length."""
    if stop - at < size:
        return np.int64(NOWHERE), at, stop
    return typed(at + size, stop, kinds, two(octets, at + size - 2))


@part
def itag(at: Integer, stop: Integer) -> Following:
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    return np.int64(ETHERNET), at + 4, stop


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
def chdlc(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    if stop - at < 4 or octets[at] & 0x7F != 0x0F:
        return np.int64(NOWHERE), at, stop
    return np.int64(kinds[_ETHERTYPE + two(octets, at + 2)]), at + 4, stop


@part
def serial(octets: Octets, at: Integer, stop: Integer) -> Following:
    """Nothing comes off: Cisco's HDLC has its address in front, anything else is PPP."""
    is_chdlc = at < stop and octets[at] & 0x7F == 0x0F
    return np.int64(CHDLC if is_chdlc else PPP), at, stop
