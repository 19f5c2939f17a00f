"""PPP over Ethernet (RFC 2516 §4), in its session stage."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(dpkt.pppoe.PPPoE.__hdr_fmt__)

VERSION_AND_TYPE: Final = 0x11
SESSION_DATA: Final = 0  # the code of the session stage (RFC 2516 §6); others discover

PPP: Final = Id("link", 9)


def peel(data: memoryview) -> Header:
    """Take off the six octets; their length cuts off what pads the Ethernet frame.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` for another version, type or code.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    version_and_type, code, session, length = LAYOUT.unpack_from(data)
    if version_and_type != VERSION_AND_TYPE:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    if code != SESSION_DATA:
        raise WireError(Anomaly.HEADER_MALFORMED, 1)
    end = LAYOUT.size + length
    return Header(
        name="pppoe",
        tag=session,
        next=PPP,
        rest=data[LAYOUT.size : end],
        missing=max(0, end - len(data)),
    )
