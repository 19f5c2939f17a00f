"""VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe-13): VXLAN that says what it carries."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

SIZE: Final = 8
VERSION: Final = 0x30
HAS_IDENTIFIER: Final = 0x08  # the I flag
HAS_NEXT: Final = 0x04  # the P flag: without it this is plain VXLAN

ETHERNET: Final = Id("link", 1)

NEXT: Final[Mapping[int, Id]] = MappingProxyType(
    {
        1: Id("ethertype", 0x0800),
        2: Id("ethertype", 0x86DD),
        3: ETHERNET,
        4: Id("ethertype", 0x894F),  # NSH
        5: Id("ethertype", 0x8847),  # MPLS, in drafts before -12
    }
)


def peel(data: memoryview) -> Header:
    """Take off the eight octets.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 0 or the I
            flag is not set.
    """
    if len(data) < SIZE:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    flags, protocol = data[0], data[3]
    if flags & VERSION or not flags & HAS_IDENTIFIER:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    following = NEXT.get(protocol, Id("vxlan-gpe", protocol)) if flags & HAS_NEXT else ETHERNET
    identifier = int.from_bytes(data[4:7], "big")
    return Header(name="vxlan-gpe", tag=identifier, next=following, rest=data[SIZE:])
