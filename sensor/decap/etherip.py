"""EtherIP (RFC 3378): a version, then an Ethernet frame, directly over IP."""

from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

SIZE: Final = 2
VERSION: Final = 3

ETHERNET: Final = Id("link", 1)


def peel(data: memoryview) -> Header:
    """Take off the two octets; the twelve reserved bits may be anything.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 3.
    """
    if len(data) < SIZE:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    if data[0] >> 4 != VERSION:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    return Header(name="etherip", next=ETHERNET, rest=data[SIZE:])
