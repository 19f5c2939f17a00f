"""LLC with SNAP (IEEE 802 §9, RFC 1042): a way to carry an Ethernet type in an 802.3 frame."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LLC: Final = struct.Struct(dpkt.llc.LLC.__hdr_fmt__)
SNAP: Final = struct.Struct(">3sH")  # dpkt has no class for it

SNAP_FOLLOWS: Final = (0xAA, 0xAA, 0x03)  # both service points are SNAP, unnumbered information

# With these organisations the number is an Ethernet type: RFC 1042, and IEEE 802.1H for types
# that RFC 1042 may not carry over a bridge.
ETHERTYPE_FOLLOWS: Final = frozenset({bytes.fromhex("000000"), bytes.fromhex("0000f8")})


def peel(data: memoryview) -> Header:
    """Take off LLC, and SNAP behind it; what follows any other LLC is nothing we read.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < LLC.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    if LLC.unpack_from(data) != SNAP_FOLLOWS:
        return Header(name="llc", next=Id("llc.sap", data[0]), rest=data[LLC.size :])
    if len(data) < LLC.size + SNAP.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    organisation, kind = SNAP.unpack_from(data, LLC.size)
    space = "ethertype" if organisation in ETHERTYPE_FOLLOWS else "snap"
    return Header(name="snap", next=Id(space, kind), rest=data[LLC.size + SNAP.size :])
