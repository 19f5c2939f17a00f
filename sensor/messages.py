"""Read the DNS message that a packet carries, where it carries one.

On a configured port every UDP payload is DNS; on any other only one in the strict shape of
`sensor.dns.shape`, marked `nonstandard_port`. The cousins with ports of their own (NBNS, mDNS,
LLMNR) are no unicast DNS and are passed over.
"""

import hashlib
from typing import Final

from sensor.anomalies import Anomaly
from sensor.dns.decode import HEADER_OCTETS, decode
from sensor.dns.message import Message
from sensor.dns.shape import is_dns
from sensor.packet import Packet

COUSINS: Final = frozenset({137, 5353, 5355})  # RFC 1002, RFC 6762, RFC 4795


class Reader:
    """Reads messages; plain settings and no state.

    `ports` are the configured DNS ports, `any_port` whether the others are searched as well.
    """

    def __init__(self, ports: frozenset[int], *, any_port: bool) -> None:
        self.ports = ports
        self._any_port = any_port

    def __call__(self, packet: Packet) -> Message | None:
        """Read a packet's message; None where it carries none."""
        if packet.transport != "udp":
            return None
        anomalies = packet.anomalies
        if not self.is_configured(packet):
            if not self._any_port or not COUSINS.isdisjoint((packet.sport, packet.dport)):
                return None
            if not is_dns(packet.payload):
                return None
            anomalies = (*anomalies, Anomaly.NONSTANDARD_PORT)
        decoded = decode(packet.payload)
        if decoded is None:
            return None
        return Message(
            at=packet.at,
            src=packet.src,
            sport=packet.sport,
            dst=packet.dst,
            dport=packet.dport,
            transport=packet.transport,
            path=packet.path,
            dns=decoded,
            anomalies=anomalies,
            identification=packet.identification,
            # Cryptographic, for who can forge a double can hide a lookup behind it.
            digest=hashlib.blake2b(packet.payload, digest_size=16).digest(),
            vlans=packet.vlans,
            interface=packet.interface,
        )

    def damage(self, packet: Packet) -> tuple[Anomaly, ...]:
        """Tell what is wrong with a packet that carries no message."""
        lacks_header = packet.transport == "udp" and 0 < len(packet.payload) < HEADER_OCTETS
        if not lacks_header or not self.is_configured(packet):
            return packet.anomalies
        return (*packet.anomalies, Anomaly.MESSAGE_TRUNCATED)

    def is_configured(self, packet: Packet | Message) -> bool:
        """Say whether a packet has a DNS port on either end."""
        return packet.sport in self.ports or packet.dport in self.ports
