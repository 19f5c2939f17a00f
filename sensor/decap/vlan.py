"""A VLAN tag (IEEE 802.1Q §9.6): priority and a 12-bit identifier, then a type or a length."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.ethernet import typed
from sensor.decap.header import Header, WireError

LAYOUT: Final = struct.Struct(dpkt.ethernet.VLANtag8021Q.__hdr_fmt__)


def peel(data: memoryview) -> Header:
    """Take off one tag. Identifier 0 (only a priority, no VLAN) is a tag like any other.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    control, kind = LAYOUT.unpack_from(data)
    return typed("vlan", kind, data[LAYOUT.size :], tag=control & 0x0FFF)
