"""Read UDP in IP in Ethernet, as most DNS is, in a fifth of the time of header after header."""

import struct
from collections.abc import Container
from typing import Final

from sensor.decap import address
from sensor.decap.ipv4 import MORE_FRAGMENTS, OFFSET
from sensor.frame import Frame
from sensor.packet import Packet

_ETHERNET: Final = 1  # LINKTYPE_ETHERNET
_IP_AT: Final = 14
_ETHERTYPES: Final = {b"\x08\x00": 4, b"\x86\xdd": 6}
_NO_OPTIONS: Final = 0x45  # version 4, five words
_FRAGMENT: Final = MORE_FRAGMENTS | OFFSET
_UDP: Final = 17
_UDP_OCTETS: Final = 8

# IPv4 (RFC 791 §3.1): version and length, total length, identification, fragment, protocol, source,
# destination; IPv6 (RFC 8200 §3): version, payload length, next header, source, destination; and
# UDP (RFC 768): both ports, length.
_IPV4: Final = struct.Struct("!BxHHHxB2x4s4sHHH2x")
_IPV6: Final = struct.Struct("!B3xHBx16s16sHHH2x")
_IPV4_OCTETS: Final = 20
_PATH4: Final = ("ethernet", "ipv4", "udp")
_PATH6: Final = ("ethernet", "ipv6", "udp")


def udp(frame: Frame, tunnels: Container[int]) -> Packet | None:
    """Read a frame that has just these headers, whole, with lengths that agree.

    Returns:
        What `sensor.decap.unwrap` would give; None where there is anything else to it, or a port
        is among `tunnels`.
    """
    data = frame.data
    version = _ETHERTYPES.get(data[12:14]) if frame.link == _ETHERNET else None
    number: int | None
    if version == 4 and len(data) >= _IP_AT + _IPV4.size:
        first, total, number, place, protocol, src, dst, sport, dport, length = _IPV4.unpack_from(
            data, _IP_AT
        )
        is_plain = first == _NO_OPTIONS and not place & _FRAGMENT and total == length + _IPV4_OCTETS
        path, at = _PATH4, _IP_AT + _IPV4.size
    elif version == 6 and len(data) >= _IP_AT + _IPV6.size:
        first, total, protocol, src, dst, sport, dport, length = _IPV6.unpack_from(data, _IP_AT)
        is_plain = first >> 4 == version and total == length
        number, path, at = None, _PATH6, _IP_AT + _IPV6.size
    else:
        return None
    end = at - _UDP_OCTETS + length
    if (
        not is_plain
        or protocol != _UDP
        or length < _UDP_OCTETS
        or end > len(data)
        or sport in tunnels
        or dport in tunnels
    ):
        return None
    return Packet(
        at=frame.at,
        src=address.text(src),
        sport=sport,
        dst=address.text(dst),
        dport=dport,
        transport="udp",
        path=path,
        payload=data[at:end],
        identification=number,
        interface=frame.interface,
    )
