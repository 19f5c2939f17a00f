"""Which clients are resolvers: whoever asked stands behind them (DESIGN §2.9)."""

import ipaddress
from collections.abc import Iterable
from typing import Final

from sensor.endpoint.events import Connected
from sensor.endpoint.hosts import Owner, speaks

# Who sends the packets of a DNS server.
DNS_SERVER: Final = "dns.exe"

# Computers with a dns.exe, and their addresses: more than any network has domain controllers. Past
# it the one first met leaves.
MOST: Final = 10_000


class Resolvers:
    """The addresses configured, and the servers that events 3 of dns.exe show."""

    def __init__(self, configured: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(each) for each in configured]
        self._servers: dict[str, None] = {}
        self.evicted = 0

    def learn(self, event: Connected) -> bool:
        """Take an event 3 of dns.exe to a DNS port; say whether it shows anything new."""
        shown = [event.computer, *([event.source_ip] if speaks(event.source_ip) else [])]
        new = [each for each in shown if each not in self._servers]
        self._servers.update(dict.fromkeys(new))
        while len(self._servers) > MOST:
            del self._servers[next(iter(self._servers))]
            self.evicted += 1
        return bool(new)

    def has(self, address: str, owners: Iterable[Owner]) -> bool:
        """Say whether an address is a resolver's: listed, or shown by an event 3."""
        return (
            address in self._servers
            or any(owner.computer in self._servers for owner in owners)
            or self._is_listed(address)
        )

    def _is_listed(self, address: str) -> bool:
        if not self._networks:
            return False
        ip = ipaddress.ip_address(address)
        return any(ip in network for network in self._networks)
