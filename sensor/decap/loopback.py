"""BSD loopback: four octets with the address family of what follows.

Source: https://www.tcpdump.org/linktypes.html, LINKTYPE_NULL and LINKTYPE_LOOP.
"""

from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

SIZE: Final = 4


def peel_null(data: memoryview) -> Header:
    """Take off a header in the byte order of the host that captured, which nothing tells.

    Families are small numbers: read in the wrong order they exceed 16 bits.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < SIZE:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    family = int.from_bytes(data[:SIZE], "little")
    if family > 0xFFFF:
        family = int.from_bytes(data[:SIZE], "big")
    return Header(name="null", next=Id("family", family), rest=data[SIZE:])


def peel_loop(data: memoryview) -> Header:
    """Take off a header in network byte order (OpenBSD).

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < SIZE:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    family = int.from_bytes(data[:SIZE], "big")
    return Header(name="loop", next=Id("family", family), rest=data[SIZE:])
