"""DNS' cousins on ports of their own: mDNS (RFC 6762), LLMNR (RFC 4795), NBNS (RFC 1002 §4.2).

They ask the link, not a server: what they say is told, and pairs with nothing. But a port proves
nothing. Public resolvers answer on 5353 too, and whoever wants to hide a lookup may take any, so
what looks like plain DNS to or from a server is DNS there as it is on every other port:

  NBNS           where the first name is encoded as NetBIOS names are
  mDNS, LLMNR    where it goes to a multicast group; or comes from the port, as what answers a
                 host does, with none of the flags that only servers and their clients set; or
                 has not the strict shape of `sensor.dns.shape`
"""

from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final

from sensor.dns import nbns
from sensor.dns.dialect import Dialect
from sensor.dns.nbns import NBNS
from sensor.dns.shape import is_dns
from sensor.packet import Packet

MDNS: Final = Dialect(
    "mdns",
    class_bit=0x8000,  # a unicast response is asked for, §5.4; the cache is flushed, §10.2
    asks_one=(False, False),  # §5.3, §6: a response needs none
    asks_alone=False,  # a query tells the answers it has: §7.1
)

LLMNR: Final = Dialect(
    "llmnr",
    flags=((0x0400, "C"), (0x0200, "TC"), (0x0100, "T")),  # RFC 4795 §2.1.1
)

PORTS: Final[Mapping[int, Dialect]] = MappingProxyType(
    {nbns.PORT: NBNS, 5353: MDNS, 5355: LLMNR}  # RFC 1002 §4.2, RFC 6762 §5, RFC 4795 §2
)

# The header's bits that stay clear, in a query and in a response: RD RA Z AD CD of mDNS (RFC 6762
# §18.6 to §18.10), Z of LLMNR; where DNS has RD its responses have T (RFC 4795 §2.1.1).
_CLEAR: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"mdns": (0x01F0, 0x01F0), "llmnr": (0x01F0, 0x00F0)}
)
_RESPONSE: Final = 0x8000


def spoken(packet: Packet) -> Dialect | None:
    """Tell which cousin's message a packet carries, None where it is none's.

    Where both ends have such a port it is the one sent to that counts. LLMNR over TCP is not read.
    """
    dialect = PORTS.get(packet.dport) or PORTS.get(packet.sport)
    if dialect is None or packet.transport != "udp":
        return None
    if dialect is NBNS:
        return dialect if nbns.is_encoded(packet.payload) else None
    if ip_address(packet.dst).is_multicast or not is_dns(packet.payload):
        return dialect
    if PORTS.get(packet.sport) is not dialect:
        return None
    flags = int.from_bytes(packet.payload[2:4])
    in_query, in_response = _CLEAR[dialect.protocol]
    return None if flags & (in_response if flags & _RESPONSE else in_query) else dialect
