"""Ethernet (IEEE 802.3 §3): two addresses, then a type or a length."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Header, Id, WireError

LAYOUT: Final = struct.Struct(dpkt.ethernet.Ethernet.__hdr_fmt__)

# Up to here the field is a length and LLC follows; types begin at 0x0600 (IEEE 802.3 §3.2.6).
LONGEST: Final = 1500


def peel(data: memoryview) -> Header:
    """Take off the fourteen octets of Ethernet.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    _, _, kind = LAYOUT.unpack_from(data)
    return typed("ethernet", kind, data[LAYOUT.size :])


def typed(name: str, kind: int, rest: memoryview, tag: int | None = None) -> Header:
    """Make the header that ends in the type or length `kind`; a length cuts off the padding."""
    if kind > LONGEST:
        return Header(name=name, tag=tag, next=Id("ethertype", kind), rest=rest)
    return Header(
        name=name,
        tag=tag,
        next=Id("llc", 0),
        rest=rest[:kind],
        missing=max(0, kind - len(rest)),
    )
