"""UDP (RFC 768). The checksum is not looked at: on a sending host it is not yet right."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Id, Transport, WireError

LAYOUT: Final = struct.Struct(dpkt.udp.UDP.__hdr_fmt__)


def peel(data: memoryview) -> Transport:
    """Take off the eight octets of UDP.

    The length cuts the payload. Zero means up to the end: a jumbogram (RFC 2675 §4), or
    segmentation offload left it out.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the length is below 8.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    sport, dport, length, _ = LAYOUT.unpack_from(data)
    length = length or len(data)
    if length < LAYOUT.size:
        raise WireError(Anomaly.HEADER_MALFORMED, 4)
    return Transport(
        name="udp",
        next=Id("udp.port", dport),
        rest=data[LAYOUT.size : length],
        missing=max(0, length - len(data)),
        sport=sport,
        dport=dport,
    )
