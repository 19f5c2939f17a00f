"""The service instance tag of provider backbone bridges (IEEE 802.1Q §9.7)."""

from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

SIZE: Final = 4

ETHERNET: Final = Id("link", 1)


def peel(data: memoryview) -> Header:
    """Take off flags and the 24-bit identifier; the customer's addresses begin a whole frame.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < SIZE:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    identifier = int.from_bytes(data[1:SIZE], "big")
    return Header(name="itag", tag=identifier, next=ETHERNET, rest=data[SIZE:])
