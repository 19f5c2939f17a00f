"""The Network Service Header (RFC 8300 §2): a path through service functions, and metadata."""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

BASE: Final = struct.Struct(">HxB")  # version to length, metadata type, next protocol
SHORTEST: Final = 8  # the service path follows the base, with no metadata at all

NEXT: Final[Mapping[int, Id]] = MappingProxyType(
    {
        1: Id("ethertype", 0x0800),
        2: Id("ethertype", 0x86DD),
        3: Id("link", 1),  # Ethernet
        4: Id("ethertype", 0x894F),
        5: Id("ethertype", 0x8847),  # MPLS
    }
)


def peel(data: memoryview) -> Header:
    """Take off the header with its metadata, which its length counts in units of four octets.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 0, or the
            length below that of the base and the service path.
    """
    if len(data) < SHORTEST:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    first, protocol = BASE.unpack_from(data)
    size = (first & 0x3F) * 4
    if first >> 14 or size < SHORTEST:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return Header(name="nsh", next=NEXT.get(protocol, Id("nsh", protocol)), rest=data[size:])
