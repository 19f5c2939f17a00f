"""What Linux's packet filter logs: an address family, then attributes, the packet one of them.

Source: https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html.
"""

import struct
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(">BBH")
LITTLE: Final = struct.Struct("<HH")  # an attribute's length, itself included, and its type
BIG: Final = struct.Struct(">HH")

TYPE: Final = 0x3FFF  # the two bits above are flags (linux/netlink.h)
PAYLOAD: Final = 9


def peel(data: memoryview) -> Header:
    """Take off all in front of the packet; what follows it is no part of it.

    Raises:
        WireError: `HEADER_TRUNCATED`, also where no attribute is the packet;
            `HEADER_MALFORMED` where the version is not 0, or an attribute shorter than its
            own length and type.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    family, version, _ = LAYOUT.unpack_from(data)
    if version:
        raise WireError(Anomaly.HEADER_MALFORMED, 1)
    attribute = _byte_order(data)
    start = LAYOUT.size
    while len(data) >= start + attribute.size:
        length, kind = attribute.unpack_from(data, start)
        if length < attribute.size:
            raise WireError(Anomaly.HEADER_MALFORMED, start)
        if kind & TYPE == PAYLOAD:
            return Header(
                name="nflog",
                next=Id("family", family),
                rest=data[start + attribute.size : start + length],
                missing=max(0, start + length - len(data)),
            )
        start += length + -length % 4  # padded to four octets
    raise WireError(Anomaly.HEADER_TRUNCATED, len(data))


def _byte_order(data: memoryview) -> struct.Struct:
    """Find the order of the host that captured, which nothing tells.

    Types are small numbers: but for flags, only the lower octet of the first has bits set.
    """
    is_little = len(data) < LAYOUT.size + LITTLE.size or not data[7] & (TYPE >> 8)
    return LITTLE if is_little else BIG
