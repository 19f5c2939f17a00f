"""Several readings of the same octets, where a header does not say what follows it.

A wrong reading may lead to IP as well: an Ethernet address may begin like an IP header, and the
source address 8.6.112.7 stands where ARP has its Ethernet type. So the octets are asked first: an
IPv4 header whose checksum is right, or an IPv6 header whose length is, is hardly there by chance.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Final

import dpkt
import msgspec

from sensor.decap import chdlc, ethernet, ppp, vlan
from sensor.decap.header import Header, Id, WireError

# How doubtful a reading is. A wrong checksum proves nothing (a sending host leaves it open), and
# a reading in doubt may be right all the same: what follows may be no IP, or cut.
CERTAIN: Final = 0
LIKELY: Final = 1
DOUBTFUL: Final = 2

# Headers that may stand between a reading and IP; more than a few of them speak for nothing.
BETWEEN: Final[Mapping[Id, Callable[[memoryview], Header]]] = MappingProxyType(
    {
        Id("link", 1): ethernet.peel,
        Id("link", 9): ppp.peel,
        Id("link", 104): chdlc.peel,
        Id("ethertype", 0x8100): vlan.peel,
        Id("ethertype", 0x88A8): vlan.peel,
    }
)
FEW: Final = 4

VERSIONS: Final[Mapping[Id, frozenset[int]]] = MappingProxyType(
    {
        Id("link", 101): frozenset({4, 6}),
        Id("ethertype", 0x0800): frozenset({4}),
        Id("ethertype", 0x86DD): frozenset({6}),
        Id("ppp", 0x0021): frozenset({4}),
        Id("ppp", 0x0057): frozenset({6}),
    }
)

SHORTEST_IPV4: Final = 20
IPV6_HEADER: Final = 40


def either(*readings: Header) -> Header:
    """Give the least doubtful reading, with the others behind it.

    Among the equally doubtful the first named comes first.
    """
    ranked = sorted(readings, key=_doubt)
    return reduce(_behind, reversed(ranked))


def _behind(later: Header, earlier: Header) -> Header:
    return msgspec.structs.replace(earlier, or_else=later)


def _doubt(reading: Header) -> int:
    header = reading
    try:
        for _ in range(FEW):
            if (peel := BETWEEN.get(header.next)) is None:
                break
            header = peel(header.rest)
    except WireError:
        return DOUBTFUL
    rest = header.rest
    version = rest[0] >> 4 if rest else 0
    if version not in VERSIONS.get(header.next, ()):
        return DOUBTFUL
    return _doubt_of_ipv4(rest) if version == 4 else _doubt_of_ipv6(rest)


def _doubt_of_ipv4(data: memoryview) -> int:
    size = (data[0] & 0x0F) * 4
    if not SHORTEST_IPV4 <= size <= len(data):
        return DOUBTFUL
    if dpkt.in_cksum(bytes(data[:size])) == 0:  # RFC 791 §3.1: with its checksum it sums to 0
        return CERTAIN
    total = int.from_bytes(data[2:4], "big")
    return LIKELY if size <= total <= len(data) else DOUBTFUL


def _doubt_of_ipv6(data: memoryview) -> int:
    total = IPV6_HEADER + int.from_bytes(data[4:6], "big")
    if total == len(data):
        return CERTAIN
    return LIKELY if total < len(data) else DOUBTFUL
