"""IPv4 (RFC 791 §3.1). The checksum is not looked at: on a sending host it is not yet right."""

import struct
from typing import Final

import dpkt

from sensor.anomalies import Anomaly
from sensor.decap import address, extension
from sensor.decap.header import Id, Network, WireError
from sensor.packet import Datagram

LAYOUT: Final = struct.Struct(dpkt.ip.IP.__hdr_fmt__)

MORE_FRAGMENTS: Final = 0x2000
OFFSET: Final = 0x1FFF  # in units of eight octets
FRAGMENT: Final = Id("fragment", 4)


def peel(data: memoryview) -> Network:
    """Take off the header with its options, and an Authentication Header behind it.

    The total length cuts off padding. Zero means up to the end: segmentation offload hands
    the capture a datagram too long for the field.

    Raises:
        WireError: `HEADER_TRUNCATED`; `HEADER_MALFORMED` where the version is not 4, the header
            length below 20, or the total length below the header length.
    """
    if len(data) < LAYOUT.size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    first, _, total, identification, fragment, _, protocol, _, src, dst = LAYOUT.unpack_from(data)
    size = (first & 0x0F) * 4
    total = total or len(data)
    if first >> 4 != 4 or size < LAYOUT.size or total < size:
        raise WireError(Anomaly.HEADER_MALFORMED, 0)
    if len(data) < size:
        raise WireError(Anomaly.HEADER_TRUNCATED, len(data))
    rest = data[size:total]
    is_fragment = bool(fragment & (MORE_FRAGMENTS | OFFSET))
    if protocol in extension.IN_IPV4 and not is_fragment:
        protocol, rest, _ = extension.skip(protocol, rest, extension.IN_IPV4)
    return Network(
        name="ipv4",
        next=FRAGMENT if is_fragment else Id("ip", protocol),
        rest=rest,
        missing=max(0, total - len(data)),
        anomalies=(Anomaly.FRAGMENT,) if is_fragment else (),
        src=address.text(src),
        dst=address.text(dst),
        identification=identification,
        protocol=protocol,
        offset=(fragment & OFFSET) * 8,
        more=bool(fragment & MORE_FRAGMENTS),
    )


def rejoin(datagram: Datagram) -> Network:
    """Make the header of a datagram that was put together of its fragments.

    Raises:
        WireError: `HEADER_TRUNCATED` where an Authentication Header is cut.
    """
    protocol, rest = datagram.protocol, memoryview(datagram.data)
    if protocol in extension.IN_IPV4:
        protocol, rest, _ = extension.skip(protocol, rest, extension.IN_IPV4)
    return Network(
        name="ipv4",
        next=Id("ip", protocol),
        rest=rest,
        src=datagram.src,
        dst=datagram.dst,
        identification=datagram.identification,
        protocol=protocol,
    )
