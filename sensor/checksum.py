"""Does a datagram bear the checksum of its octets?

Nothing is ever dropped for a checksum: where packets are captured on the host that sends them it
is not yet right. It only tells which of several readings of the same fragments a receiver takes.
"""

import struct
from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final

from sensor.decap import extension
from sensor.decap.header import WireError
from sensor.packet import Datagram

TCP: Final = 6
UDP: Final = 17

# The shortest header of those that sum a pseudo-header too (RFC 9293 §3.1, RFC 768, RFC 8200 §8.1).
SHORTEST: Final[Mapping[int, int]] = MappingProxyType({TCP: 20, UDP: 8})

UDP_LENGTH_AND_CHECKSUM: Final = struct.Struct("!4xHH")

# Sixteen-bit words summed in one's complement (RFC 1071 §1) leave what one large number of them
# leaves when divided by this: 0 where the checksum is among them and right.
ONES: Final = 0xFFFF


def is_right(datagram: Datagram) -> bool | None:
    """Tell whether its receiver finds the checksum right; None where there is none to look at.

    That is a protocol other than UDP and TCP, or UDP over IPv4 with checksum zero (RFC 768). Over
    IPv6 zero is wrong (RFC 8200 §8.1). A routing header's last destination is not looked for.
    """
    units = extension.IN_IPV4 if datagram.version == 4 else extension.IN_IPV6
    try:
        protocol, rest, piece = extension.skip(datagram.protocol, memoryview(datagram.data), units)
    except WireError:
        return False
    if protocol not in SHORTEST or piece is not None:
        return None
    if len(rest) < SHORTEST[protocol]:
        return False
    if protocol == UDP:
        length, checksum = UDP_LENGTH_AND_CHECKSUM.unpack_from(rest)
        if not SHORTEST[UDP] <= length <= len(rest):
            return False
        if not checksum:
            return None if datagram.version == 4 else False
        rest = rest[:length]
    pseudo = int(ip_address(datagram.src)) + int(ip_address(datagram.dst)) + protocol + len(rest)
    octets = int.from_bytes(rest, "big") << 8 * (len(rest) % 2)
    return (pseudo + octets) % ONES == 0
