"""Read the DNS message that a packet carries, where it carries one.

On a configured port every UDP payload is DNS, and so is every message cut from a TCP stream; on
any other only a UDP payload in the strict shape of `sensor.dns.shape`, marked `nonstandard_port`.
What the cousins say on ports of their own (see `sensor.dns.cousins`) is read as they mean it.
"""

import hashlib
from typing import Final

from sensor.anomalies import Anomaly
from sensor.dns import cousins
from sensor.dns.decode import HEADER_OCTETS, decode
from sensor.dns.dialect import DNS
from sensor.dns.message import Message
from sensor.dns.shape import is_dns
from sensor.packet import Packet

SEQUENCE: Final = 0xFFFFFFFF  # RFC 9293 §3.4: sequence numbers are modulo 2^32


class Reader:
    """Reads messages; plain settings and no state.

    `ports` are the configured DNS ports, `any_port` whether DNS is looked for on the others too.
    """

    def __init__(self, ports: frozenset[int], *, any_port: bool) -> None:
        self.ports = ports
        self._any_port = any_port

    def __call__(self, packet: Packet) -> Message | None:
        """Read a packet's message; None where it carries none."""
        dialect, anomalies = DNS, packet.anomalies
        if not self.is_configured(packet):
            if packet.transport != "udp":
                return None
            cousin = cousins.spoken(packet)
            if cousin is not None:
                dialect = cousin
            elif self._any_port and is_dns(packet.payload):
                anomalies = (*anomalies, Anomaly.NONSTANDARD_PORT)
            else:
                return None
        decoded = decode(packet.payload, dialect)
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
            digest=_digest(packet),
            vlans=packet.vlans,
            interface=packet.interface,
            protocol=dialect.protocol,
        )

    def damage(self, packet: Packet) -> tuple[Anomaly, ...]:
        """Tell what is wrong with a packet that carries no message."""
        lacks_header = 0 < len(packet.payload) < HEADER_OCTETS
        if not lacks_header or not self.is_configured(packet):
            return packet.anomalies
        return (*packet.anomalies, Anomaly.MESSAGE_TRUNCATED)

    def is_configured(self, packet: Packet | Message) -> bool:
        """Say whether a packet has a DNS port on either end."""
        return packet.sport in self.ports or packet.dport in self.ports


def _digest(packet: Packet) -> bytes:
    """Digest what a double has in common: cryptographic, or who forges one hides a lookup behind.

    In one TCP stream the same octets are sent again only further on, or as a repeat of theirs.
    """
    hashed = hashlib.blake2b(digest_size=16)
    if packet.transport == "tcp":
        hashed.update((packet.sequence & SEQUENCE).to_bytes(4))
    hashed.update(packet.payload)
    return hashed.digest()
