"""GTP-U, what mobile networks carry a subscriber's packets in (3GPP TS 29.281 §5)."""

import struct
from typing import Final

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError
from sensor.decap.readings import either

LAYOUT: Final = struct.Struct(">BBHI")
OPTIONAL: Final = 4  # sequence number, N-PDU number, type of the first extension header

# Version 1, and the protocol type that is not GTP' (TS 29.281 §5.1).
VERSION_AND_TYPE: Final = 0x30
VERSION_AND_TYPE_BITS: Final = 0xF0
EXTENDED: Final = 0x04  # the E flag; the S and PN flags announce the same four octets
ANY_OPTIONAL: Final = 0x07

USER_DATA: Final = 255  # G-PDU, the one message that carries a packet (TS 29.281 §6.1)

IP: Final = Id("link", 101)
ETHERNET: Final = Id("link", 1)


def peel(data: memoryview) -> Header:
    """Take off the header with its extension headers.

    The packet is IP; where it is not, it may be the Ethernet of a 5G session of that type.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` for another version or message, and
            where the length does not hold the extension headers or one of them has none.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    flags, kind, length, endpoint = LAYOUT.unpack_from(data)
    if flags & VERSION_AND_TYPE_BITS != VERSION_AND_TYPE:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    if kind != USER_DATA:
        raise WireError(Anomaly.HEADER_MALFORMED, 1)
    start = _behind_options(data, flags)
    end = LAYOUT.size + length
    if end < start:
        raise WireError(Anomaly.HEADER_MALFORMED, 2)
    rest, missing = data[start:end], max(0, end - len(data))
    return either(
        Header(name="gtp", tag=endpoint, next=IP, rest=rest, missing=missing),
        Header(name="gtp", tag=endpoint, next=ETHERNET, rest=rest, missing=missing),
    )


def _behind_options(data: memoryview, flags: int) -> int:
    """Go past the optional octets and the extension headers.

    An extension header begins with its length in units of four octets and ends with the type
    of the next, 0 where there is none (TS 29.281 §5.2.1).
    """
    if not flags & ANY_OPTIONAL:
        return LAYOUT.size
    end = LAYOUT.size + OPTIONAL
    if len(data) < end:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    while flags & EXTENDED and data[end - 1]:
        if len(data) == end:
            raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
        if not data[end]:
            raise WireError(Anomaly.HEADER_MALFORMED, end)
        end += data[end] * 4
        if len(data) < end:
            raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return end
