"""ARCNET as Linux captures it: addresses, two octets without a purpose, a protocol.

Source: https://www.tcpdump.org/linktypes/LINKTYPE_ARCNET_LINUX.html.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(">BB2xB")
SPLIT: Final = 3  # flag and sequence number of a frame that may be in parts, RFC 1201 §2.1

IPV4: Final = Id("ethertype", 0x0800)
IPV6: Final = Id("ethertype", 0x86DD)
ARP: Final = Id("ethertype", 0x0806)

# What follows, and the size of the header in front of it.
PROTOCOLS: Final[Mapping[int, tuple[Id, int]]] = MappingProxyType(
    {
        196: (IPV6, LAYOUT.size + SPLIT),  # RFC 2497
        212: (IPV4, LAYOUT.size + SPLIT),  # RFC 1201
        213: (ARP, LAYOUT.size + SPLIT),
        240: (IPV4, LAYOUT.size),  # RFC 1051
        241: (ARP, LAYOUT.size),
    }
)


def peel(data: memoryview) -> Header:
    """Take off five or eight octets. Linux has put the parts of a frame together.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    _, _, protocol = LAYOUT.unpack_from(data)
    following, size = PROTOCOLS.get(protocol, (Id("arcnet", protocol), LAYOUT.size))
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return Header(name="arcnet", next=following, rest=data[size:])
