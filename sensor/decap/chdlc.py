"""Cisco's HDLC (RFC 1547 §4.3.1): address, control, then an Ethernet type."""

import struct
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap import ppp
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(">BxH")

ADDRESSES: Final = frozenset({0x0F, 0x8F})  # to one station, and to all


def peel(data: memoryview) -> Header:
    """Take off the four octets.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` for any other address.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    address, kind = LAYOUT.unpack_from(data)
    if address not in ADDRESSES:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    return Header(name="chdlc", next=Id("ethertype", kind), rest=data[LAYOUT.size :])


def peel_serial(data: memoryview) -> Header:
    """Take off this or PPP: one link type has both, and the first octet says which.

    Source: https://www.tcpdump.org/linktypes.html, LINKTYPE_PPP_HDLC.

    Raises:
        WireError: `HEADER_TRUNCATED`, `HEADER_MALFORMED`.
    """
    if data and data[0] in ADDRESSES:
        return peel(data)
    return ppp.peel(data)
