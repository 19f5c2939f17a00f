"""TZSP, what access points and routers send a capture in: a header, tags, then the frame.

Source: Network Chemistry, "TaZmen Sniffer Protocol" (application note AN001).
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(">BBH")

VERSION: Final = 1
WITH_FRAME: Final = frozenset({0, 1})  # received, and to be transmitted; others manage

# Tags of one octet; every other has its length in the next.
PADDING: Final = 0
END: Final = 1

PROTOCOLS: Final[Mapping[int, Id]] = MappingProxyType(
    {
        1: Id("link", 1),  # Ethernet
        4: Id("link", 9),  # PPP
        7: Id("link", 101),  # raw IP
    }
)


def peel(data: memoryview) -> Header:
    """Take off the header and the tags, up to the one that ends them.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` for another version, or a type that
            carries no frame.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    version, kind, protocol = LAYOUT.unpack_from(data)
    if version != VERSION:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    if kind not in WITH_FRAME:
        raise WireError(Anomaly.HEADER_MALFORMED, 1)
    return Header(
        name="tzsp",
        next=PROTOCOLS.get(protocol, Id("tzsp", protocol)),
        rest=data[_behind_tags(data, LAYOUT.size) :],
    )


def _behind_tags(data: memoryview, start: int) -> int:
    while len(data) > start:
        tag = data[start]
        start += 1
        if tag == END:
            return start
        if tag == PADDING:
            continue
        if len(data) == start:
            break
        start += 1 + data[start]
    raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
