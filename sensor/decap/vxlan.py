"""VXLAN (RFC 7348 §5): flags, a 24-bit network identifier, then an Ethernet frame."""

from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

SIZE: Final = 8
HAS_IDENTIFIER: Final = 0x08  # the I flag

ETHERNET: Final = Id("link", 1)


def peel(data: memoryview) -> Header:
    """Take off the eight octets.

    The reserved bits may be anything: extensions such as the group policy use some of them.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the I flag is not set.
    """
    if len(data) < SIZE:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    if not data[0] & HAS_IDENTIFIER:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    identifier = int.from_bytes(data[4:7], "big")
    return Header(name="vxlan", tag=identifier, next=ETHERNET, rest=data[SIZE:])
