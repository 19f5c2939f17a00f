"""MPLS (RFC 3032 §2.1): a stack of labels. Nothing says what is below it.

RFC 4928 §3 has why it shows all the same: an IP packet begins with its version, and what is
not IP should begin with a control word, whose first four bits are 0 (RFC 4385 §3) and in
front of Ethernet the next twelve as well (RFC 4448 §4.6). But the control word is optional and
an Ethernet address begins with anything, so most octets have two readings.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError
from sensor.decap.readings import either

ENTRY: Final = struct.Struct(dpkt.ethernet.MPLSlabel.__hdr_fmt__)

BOTTOM: Final = 0x0100

STACK: Final = Id("ethertype", 0x8847)
IPV4: Final = Id("ethertype", 0x0800)
IPV6: Final = Id("ethertype", 0x86DD)
ETHERNET: Final = Id("link", 1)

# "IPv4 Explicit NULL" and its sister say what is below (RFC 3032 §2.1).
EXPLICIT_NULL: Final[Mapping[int, Id]] = MappingProxyType({0: IPV4, 2: IPV6})

VERSIONS: Final[Mapping[int, Id]] = MappingProxyType({4: IPV4, 6: IPV6})

CONTROL_WORD: Final = 4
BEFORE_ETHERNET: Final = b"\0\0"  # how that control word begins; a sequence number follows


def peel(data: memoryview) -> Header:
    """Take off one entry of the stack.

    Where nothing speaks for one of the readings of what is below the last, IP comes first, and
    Ethernet without a control word before Ethernet with one: a frame with a VLAN tag makes sense
    from its fifth octet on too, but not from four octets in front of it.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < ENTRY.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    (entry,) = ENTRY.unpack_from(data)
    label, rest = entry >> 12, data[ENTRY.size :]
    if not entry & BOTTOM:
        return Header(name="mpls", tag=label, next=STACK, rest=rest)
    if label in EXPLICIT_NULL:
        return Header(name="mpls", tag=label, next=EXPLICIT_NULL[label], rest=rest)
    ethernet = Header(name="mpls", tag=label, next=ETHERNET, rest=rest)
    if rest and (version := VERSIONS.get(rest[0] >> 4)):
        return either(Header(name="mpls", tag=label, next=version, rest=rest), ethernet)
    if bytes(rest[:2]) == BEFORE_ETHERNET:
        worded = Header(name="mpls", tag=label, next=ETHERNET, rest=rest[CONTROL_WORD:])
        return either(ethernet, worded)
    return ethernet
