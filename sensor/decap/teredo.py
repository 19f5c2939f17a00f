"""Teredo (RFC 4380 §5.1.1): IPv6 over UDP, with two indications that may stand in front."""

from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

AUTHENTICATION: Final = b"\x00\x01"
ORIGIN: Final = b"\x00\x00"

# Indicator, the lengths of client identifier and value, and behind these a nonce of eight
# octets and one for confirmation.
AUTHENTICATION_SIZE: Final = 4 + 8 + 1
ORIGIN_SIZE: Final = 8  # indicator, port and address

IPV6: Final = Id("ethertype", 0x86DD)


def peel(data: memoryview) -> Header:
    """Take off the authentication, then the origin indication, each where it is.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where no IPv6 follows.
    """
    start = 0
    if _two_octets(data, start) == AUTHENTICATION:
        identifier, value = _two_octets(data, 2)
        start = AUTHENTICATION_SIZE + identifier + value
    if _two_octets(data, start) == ORIGIN:
        start += ORIGIN_SIZE
    if len(data) <= start:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    if data[start] >> 4 != 6:
        raise WireError(Anomaly.HEADER_MALFORMED, start)
    return Header(name="teredo", next=IPV6, rest=data[start:])


def _two_octets(data: memoryview, start: int) -> bytes:
    if len(data) < start + 2:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return bytes(data[start : start + 2])
