"""Take tunnels and labels off, each as the module of its name in `sensor.decap`.

As in `sensor.sieve.headers`, each kernel gives what follows: kind, start and end. What follows in
doubt is a kind of several readings, which `sensor.sieve.readings` orders.
"""

import numpy as np

from sensor.sieve import headers, tables
from sensor.sieve.compiled import Following, Integer, Octets, part
from sensor.sieve.headers import ETHERNET, IPV4, IPV6, NOWHERE, PPP, RAW
from sensor.sieve.message import two
from sensor.sieve.tables import Kind

MPLS = int(Kind.MPLS)
GRE = int(Kind.GRE)
ERSPAN_II = int(Kind.ERSPAN_II)
ERSPAN_III = int(Kind.ERSPAN_III)
VXLAN = int(Kind.VXLAN)
VXLAN_GPE = int(Kind.VXLAN_GPE)
GENEVE = int(Kind.GENEVE)
GTP = int(Kind.GTP)
NSH = int(Kind.NSH)
ETHERIP = int(Kind.ETHERIP)
TEREDO = int(Kind.TEREDO)
TZSP = int(Kind.TZSP)
L2TP_UDP = int(Kind.L2TP_UDP)
L2TP_IP = int(Kind.L2TP_IP)
IP_OR_ETHERNET = int(Kind.IP_OR_ETHERNET)
ETHERNET_OR_WORDED = int(Kind.ETHERNET_OR_WORDED)
ETHERNET_OR_IP = int(Kind.ETHERNET_OR_IP)
SESSION = int(Kind.SESSION)

_ETHERTYPE = tables.ETHERTYPE


@part
def mpls(octets: Octets, at: Integer, stop: Integer) -> Following:
    """One label; below the last, its first four bits tell which readings there are."""
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    label = two(octets, at) << 4 | np.int64(octets[at + 2]) >> 4
    is_last = octets[at + 2] & 1
    at += 4
    if not is_last:
        return np.int64(MPLS), at, stop
    if label == 0 or label == 2:
        return np.int64(IPV4 if label == 0 else IPV6), at, stop
    first = np.int64(octets[at]) >> 4 if at < stop else np.int64(1)
    if first == 4 or first == 6:
        return np.int64(IP_OR_ETHERNET), at, stop
    if stop - at >= 2 and two(octets, at) == 0:
        return np.int64(ETHERNET_OR_WORDED), at, stop
    return np.int64(ETHERNET), at, stop


@part
def gre(octets: Octets, at: Integer, stop: Integer, kinds: Octets) -> Following:
    """Version 0 with its optional fields and source routes; version 1 is PPTP's."""
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    flags, protocol = two(octets, at), two(octets, at + 2)
    if flags & 0x0007:
        return pptp(octets, at, stop, flags, protocol)
    size = np.int64(4)
    for flag in (0xC000, 0x2000, 0x1000):  # checksum or routing, key, sequence number
        if flags & flag:
            size += 4
    is_routed = flags & 0x4000
    while is_routed:
        if stop - at < size + 4:
            return np.int64(NOWHERE), at, stop
        length = np.int64(octets[at + size + 3])
        is_routed = two(octets, at + size) | length
        size += 4 + length
    if stop - at < size:
        return np.int64(NOWHERE), at, stop
    if protocol == 0x88BE and not flags & 0x1000:  # ERSPAN I, which has no octets
        return np.int64(ETHERNET_OR_IP), at + size, stop
    return np.int64(kinds[_ETHERTYPE + protocol]), at + size, stop


@part
def pptp(
    octets: Octets, at: Integer, stop: Integer, flags: Integer, protocol: Integer
) -> Following:
    """PPP, cut to the length that the key holds; without a sequence number it carries nothing."""
    if flags & 0xE007 != 0x2001 or protocol != 0x880B:
        return np.int64(NOWHERE), at, stop
    size = 8
    for flag in (0x1000, 0x0080):  # sequence and acknowledgment number
        if flags & flag:
            size += 4
    if stop - at < size or not flags & 0x1000:
        return np.int64(NOWHERE), at, stop
    return np.int64(PPP), at + size, min(stop, at + size + two(octets, at + 4))


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
def etherip(octets: Octets, at: Integer, stop: Integer) -> Following:
    if stop - at < 2 or octets[at] >> 4 != 3:
        return np.int64(NOWHERE), at, stop
    return np.int64(ETHERNET), at + 2, stop


@part
def vxlan(octets: Octets, at: Integer, stop: Integer) -> Following:
    if stop - at < 8 or not octets[at] & 0x08:
        return np.int64(NOWHERE), at, stop
    return np.int64(ETHERNET), at + 8, stop


@part
def carried(protocol: Integer) -> Integer:
    """What a number of VXLAN-GPE or NSH says that follows; both have the same five."""
    if protocol == 1:
        return np.int64(IPV4)
    if protocol == 2:
        return np.int64(IPV6)
    if protocol == 3:
        return np.int64(ETHERNET)
    if protocol == 4:
        return np.int64(NSH)
    return np.int64(MPLS if protocol == 5 else NOWHERE)


@part
def vxlan_gpe(octets: Octets, at: Integer, stop: Integer) -> Following:
    if stop - at < 8 or octets[at] & 0x38 != 0x08:
        return np.int64(NOWHERE), at, stop
    if octets[at] & 0x04:
        return carried(octets[at + 3]), at + 8, stop
    return np.int64(ETHERNET), at + 8, stop


@part
def nsh(octets: Octets, at: Integer, stop: Integer) -> Following:
    if stop - at < 8 or octets[at] >> 6:
        return np.int64(NOWHERE), at, stop
    size = (np.int64(octets[at + 1]) & 0x3F) * 4
    if size < 8 or stop - at < size:
        return np.int64(NOWHERE), at, stop
    return carried(octets[at + 3]), at + size, stop


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
    """A G-PDU with its optional octets and extension headers, cut to its length."""
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
    return np.int64(IP_OR_ETHERNET), rest, min(stop, end)


@part
def teredo(octets: Octets, at: Integer, stop: Integer) -> Following:
    """IPv6, with an authentication and an origin indication in front, each where it is."""
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    if two(octets, at) == 1:
        at += 13 + np.int64(octets[at + 2]) + np.int64(octets[at + 3])
        if stop - at < 2:
            return np.int64(NOWHERE), stop, stop
    if two(octets, at) == 0:
        at += 8
    if at >= stop or octets[at] >> 4 != 6:
        return np.int64(NOWHERE), stop, stop
    return np.int64(IPV6), at, stop


@part
def tzsp(octets: Octets, at: Integer, stop: Integer) -> Following:
    """Tags follow the header: 0 pads, 1 ends them, every other has its length behind it."""
    if stop - at < 4 or octets[at] != 1 or octets[at + 1] > 1:
        return np.int64(NOWHERE), at, stop
    protocol = two(octets, at + 2)
    at += 4
    while at < stop:
        tag = octets[at]
        at += 1
        if tag == 1:
            if protocol == 1:
                return np.int64(ETHERNET), at, stop
            if protocol == 4:
                return np.int64(PPP), at, stop
            return np.int64(RAW if protocol == 7 else NOWHERE), at, stop
        if tag:
            if at >= stop:
                break
            at += 1 + np.int64(octets[at])
    return np.int64(NOWHERE), stop, stop


@part
def l2tp_ip(octets: Octets, at: Integer, stop: Integer) -> Following:
    """Version 3 over IP: a session, which is not 0."""
    if stop - at < 4 or not two(octets, at) | two(octets, at + 2):
        return np.int64(NOWHERE), at, stop
    return np.int64(SESSION), at + 4, stop


@part
def l2tp_udp(octets: Octets, at: Integer, stop: Integer) -> Following:
    """Version 3 has a session as over IP; version 2 has PPP behind what its flags announce."""
    if stop - at < 4:
        return np.int64(NOWHERE), at, stop
    flags = two(octets, at)
    if flags & 0x800F == 3:
        return l2tp_ip(octets, at + 4, stop)
    if flags & 0x800F != 2:
        return np.int64(NOWHERE), at, stop
    start = at + 2
    end = stop
    if flags & 0x4000:
        end = min(stop, at + two(octets, start))
        start += 2
    start += 4  # tunnel and session
    if flags & 0x0800:
        start += 4
    if flags & 0x0200:
        if stop - start < 2:
            return np.int64(NOWHERE), at, stop
        start += 2 + two(octets, start)
    if end < start:
        return np.int64(NOWHERE), at, stop
    return np.int64(PPP), start, end


@part
def peeled(octets: Octets, at: Integer, stop: Integer, kinds: Octets, kind: Integer) -> Following:
    """Take off whatever is off in one step and ends no way."""
    if kind == GRE:
        return gre(octets, at, stop, kinds)
    if kind == VXLAN:
        return vxlan(octets, at, stop)
    if kind == GENEVE:
        return geneve(octets, at, stop, kinds)
    if kind == GTP:
        return gtp(octets, at, stop)
    if kind == MPLS:
        return mpls(octets, at, stop)
    if kind in (ERSPAN_II, ERSPAN_III):
        return erspan(octets, at, stop, kind)
    if kind == L2TP_UDP:
        return l2tp_udp(octets, at, stop)
    if kind == L2TP_IP:
        return l2tp_ip(octets, at, stop)
    if kind == TEREDO:
        return teredo(octets, at, stop)
    if kind == VXLAN_GPE:
        return vxlan_gpe(octets, at, stop)
    if kind == NSH:
        return nsh(octets, at, stop)
    if kind == ETHERIP:
        return etherip(octets, at, stop)
    if kind == TZSP:
        return tzsp(octets, at, stop)
    if kind == IPV4:
        return headers.ipv4(octets, at, stop, kinds)
    if kind == IPV6:
        return headers.ipv6(octets, at, stop, kinds)
    if kind == ETHERNET:
        return headers.ethernet(octets, at, stop, kinds)
    if kind == headers.VLAN:
        return headers.tag(octets, at, stop, kinds, 4)
    if kind == RAW:
        return headers.raw(octets, at, stop)
    if kind == headers.LLC:
        return headers.llc(octets, at, stop, kinds)
    if kind == headers.SLL or kind == headers.SLL2:
        return headers.cooked(octets, at, stop, kinds, kind)
    if kind == headers.NULL or kind == headers.LOOP:
        return headers.loopback(octets, at, stop, kinds, kind)
    if kind == headers.PPPOE:
        return headers.pppoe(octets, at, stop)
    if kind == PPP:
        return headers.ppp(octets, at, stop, kinds)
    if kind == headers.CHDLC:
        return headers.chdlc(octets, at, stop, kinds)
    if kind == headers.SERIAL:
        return headers.serial(octets, at, stop)
    if kind == headers.ITAG:
        return headers.itag(at, stop)
    if kind == headers.VNTAG:
        return headers.tag(octets, at, stop, kinds, 6)
    if kind == headers.ETAG:
        return headers.tag(octets, at, stop, kinds, 8)
    return np.int64(NOWHERE), at, stop
