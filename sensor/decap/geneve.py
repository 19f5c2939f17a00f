"""Geneve (RFC 8926 §3.4): options, a 24-bit network identifier, then any Ethernet type."""

import struct
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(">BxHI")  # version and length, protocol type, identifier


def peel(data: memoryview) -> Header:
    """Take off the header with its options, counted in units of four octets, whatever they say.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 0.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    first, kind, identifier = LAYOUT.unpack_from(data)
    if first >> 6:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    size = LAYOUT.size + (first & 0x3F) * 4
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return Header(name="geneve", tag=identifier >> 8, next=Id("ethertype", kind), rest=data[size:])
