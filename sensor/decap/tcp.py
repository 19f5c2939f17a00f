"""TCP (RFC 9293 §3.1): the header of one segment. Joining segments is not done here."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap.header import Id, Transport, WireError

LAYOUT: Final = struct.Struct(dpkt.tcp.TCP.__hdr_fmt__)

CONTROL: Final = 0x00FF  # the eight control bits beside the data offset


def peel(data: memoryview) -> Transport:
    """Take off the header with its options.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the data offset is below 20.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    sport, dport, sequence, _, offset_and_flags, _, _, _ = LAYOUT.unpack_from(data)
    size = (offset_and_flags >> 12) * 4
    if size < LAYOUT.size:
        raise WireError(Anomaly.HEADER_MALFORMED, 12)
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    return Transport(
        name="tcp",
        next=Id("tcp.port", dport),
        rest=data[size:],
        sport=sport,
        dport=dport,
        sequence=sequence,
        control=offset_and_flags & CONTROL,
    )
