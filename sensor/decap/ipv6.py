"""IPv6 (RFC 8200 §3) with its extension headers, which are no entries of the path."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap import address, extension
from sensor.decap.header import Id, Network, WireError
from sensor.packet import Datagram

LAYOUT: Final = struct.Struct(dpkt.ip6.IP6.__hdr_fmt__)

FRAGMENT: Final = Id("fragment", 6)


def peel(data: memoryview) -> Network:
    """Take off the forty octets and the extension headers behind them.

    The payload length cuts off padding. Zero means up to the end: the length is in a jumbo
    option (RFC 2675 §3), or segmentation offload left it out.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 6.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    first, length, protocol, _, src, dst = LAYOUT.unpack_from(data)
    if first >> 28 != 6:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    total = LAYOUT.size + length if length else len(data)
    return _network(
        address.text(src),
        address.text(dst),
        protocol,
        data[LAYOUT.size : total],
        missing=max(0, total - len(data)),
    )


def rejoin(datagram: Datagram) -> Network:
    """Make the header of a datagram that was put together of its fragments.

    What follows may be extension headers again, and among them another fragment header.

    Raises:
        WireError: `HEADER_TRUNCATED`.
    """
    return _network(datagram.src, datagram.dst, datagram.protocol, memoryview(datagram.data))


def _network(src: str, dst: str, protocol: int, rest: memoryview, missing: int = 0) -> Network:
    piece = None
    if protocol in extension.IN_IPV6:
        protocol, rest, piece = extension.skip(protocol, rest, extension.IN_IPV6)
    return Network(
        name="ipv6",
        next=FRAGMENT if piece else Id("ip", protocol),
        rest=rest,
        missing=missing,
        anomalies=(Anomaly.FRAGMENT,) if piece else (),
        src=src,
        dst=dst,
        identification=piece.identification if piece else None,
        protocol=protocol,
        offset=piece.offset if piece else 0,
        more=piece.more if piece else False,
    )
