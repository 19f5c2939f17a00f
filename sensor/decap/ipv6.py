"""IPv6 (RFC 8200 §3) with its extension headers, which are no entries of the path."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap import address, extension
from sensor.decap.header import Id, Network, WireError

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
    rest = data[LAYOUT.size : total]
    is_fragment = False
    if protocol in extension.IN_IPV6:
        protocol, rest, is_fragment = extension.skip(protocol, rest, extension.IN_IPV6)
    return Network(
        name="ipv6",
        next=FRAGMENT if is_fragment else Id("ip", protocol),
        rest=rest,
        missing=max(0, total - len(data)),
        anomalies=(Anomaly.FRAGMENT,) if is_fragment else (),
        src=address.text(src),
        dst=address.text(dst),
    )
