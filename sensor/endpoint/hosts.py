"""Host identity: which computer held which address, from when to when, by what evidence.

Evidence, in falling order of weight: the configuration; a shipper that reports the addresses of
the Computer it runs on; event 3's SourceIp where `Initiated` is true. Loopback and link-local
addresses say nothing. A binding holds from its first evidence until another computer gives
evidence for the address; before the first evidence of all it reaches back, for a lookup comes
before the connection that shows the address. Two computers whose evidence alternates hold it
both: a conflict is shown, never guessed away.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

import msgspec

from sensor.endpoint.events import Connected, ProcessEvent
from sensor.stage import HOUR, Nanoseconds

# How far evidence reaches without more of it: a day, the usual lease of a guest network.
REACH: Final = 24 * HOUR

# Evidence of A, then B, then A again within this time is two hosts with one address, not a lease
# that moved twice. The doubt reaches as far on either side.
ALTERNATES: Final = 1 * HOUR

# Evidence this near counts as fresh.
FRESH: Final = 1 * HOUR

MOST_ADDRESSES: Final = 200_000  # of some 300 octets; the address longest without news leaves
MOST_BINDINGS: Final = 16  # an address; a lookup before those that are left is nobody's
MOST_COMPUTERS: Final = 200_000  # names known; past it a short configured name stays short
MOST_SHOWN: Final = 16  # addresses of one computer that an alert lists

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Binding(msgspec.Struct, frozen=True):
    """`computer` held the address from `first` to `last`, by `method` (`sysmon3`, `feed`)."""

    computer: str
    first: Nanoseconds
    last: Nanoseconds
    method: str


class Owner(msgspec.Struct, frozen=True):
    """A computer held to own an address; `observed` is its nearest evidence, None if configured."""

    computer: str
    method: str
    observed: Nanoseconds | None

    def is_fresh(self, at: Nanoseconds) -> bool:
        return self.observed is None or abs(at - self.observed) <= FRESH


class Configured(msgspec.Struct, frozen=True):
    """A computer's addresses as the configuration has them, in lower case and CIDR."""

    computer: str
    networks: tuple[str, ...]


class News(msgspec.Struct, frozen=True):
    """What an event has changed: whose owner may be another now.

    `addresses` are those it is evidence for, `computers` those that a configured short name may
    no longer stand for.
    """

    addresses: tuple[str, ...] = ()
    computers: tuple[str, ...] = ()


class Hosts:
    """Everything known of who had which address."""

    def __init__(self, configured: Iterable[Configured] = ()) -> None:
        # By version and prefix length, so that an address is looked up once for each length.
        self._networks: dict[tuple[int, int], dict[int, tuple[str, ...]]] = {}
        self._short: set[str] = set()
        for host in configured:
            for network in host.networks:
                self._configure(host.computer.lower(), ipaddress.ip_network(network, strict=False))
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        self._by_label: dict[str, tuple[str, ...]] = {}
        self._computers: dict[str, tuple[str, ...]] = {}
        self.evicted = 0

    def learn(self, event: ProcessEvent) -> News:
        """Take an event's evidence."""
        computers = self._meet(event.computer)
        told = [(address, "feed") for address in event.addresses]
        if isinstance(event, Connected) and event.initiated:
            told.append((event.source_ip, "sysmon3"))
        addresses = [
            address
            for address, method in told
            if speaks(address) and self._bind(address, event.computer, event.at, method)
        ]
        return News(tuple(addresses), computers)

    def owners(self, address: str, at: Nanoseconds) -> tuple[Owner, ...]:
        """Tell who held `address` then: none, one, or several where the evidence conflicts."""
        found = {owner.computer: owner for owner in self._learned(address, at)}
        for computer in self._configured(address):
            found[computer] = Owner(computer, "config", None)
        return tuple(sorted(found.values(), key=lambda owner: owner.computer))

    def heir(self, address: str, at: Nanoseconds) -> Owner | None:
        """Tell who is next seen with `address`, where the owner then had given its last evidence.

        The address changed hands somewhere between the two, so it may have been the heir's.
        """
        bindings = self._bindings.get(address, ())
        for before, after in pairwise(bindings):
            if before.last < at < after.first:
                near = after.first - at <= REACH
                return Owner(after.computer, after.method, after.first) if near else None
        return None

    def addresses(self, computer: str) -> tuple[str, ...]:
        """List the addresses a computer was last seen with; for showing, not for joining."""
        return tuple(
            sorted(
                address
                for address in self._computers.get(computer, ())
                if (held := self._bindings.get(address)) and held[-1].computer == computer
            )
        )

    def _configure(self, computer: str, network: Network) -> None:
        if "." not in computer:
            self._short.add(computer)
        by_prefix = self._networks.setdefault((network.version, network.prefixlen), {})
        prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        by_prefix[prefix] = (*by_prefix.get(prefix, ()), computer)

    def _configured(self, address: str) -> Iterator[str]:
        ip = _address(address) if self._networks else None
        if ip is None:
            return
        for (version, length), by_prefix in self._networks.items():
            if version == ip.version:
                for computer in by_prefix.get(int(ip) >> (ip.max_prefixlen - length), ()):
                    yield from self._spelled_out(computer)

    def _spelled_out(self, computer: str) -> tuple[str, ...]:
        """Take a name without a dot for every Computer met that has this first label."""
        if "." in computer:
            return (computer,)
        return self._by_label.get(computer, (computer,))

    def _learned(self, address: str, at: Nanoseconds) -> list[Owner]:
        bindings = self._bindings.get(address, ())
        if not bindings or (at < bindings[0].first and len(bindings) == MOST_BINDINGS):
            return []
        in_force = bindings[0]
        for binding in bindings:
            if binding.first <= at:
                in_force = binding
        found = {in_force.computer: in_force}
        for binding in _alternating(bindings, at):
            found.setdefault(binding.computer, binding)
        owners = [
            Owner(held.computer, held.method, min(max(at, held.first), held.last))
            for held in found.values()
        ]
        return [owner for owner in owners if abs(at - (owner.observed or 0)) <= REACH]

    def _meet(self, computer: str) -> tuple[str, ...]:
        """Note a computer's name; list whom its short name stood for, if it is configured."""
        if computer in self._computers or len(self._computers) >= MOST_COMPUTERS:
            return ()
        self._computers[computer] = ()
        label = computer.split(".", 1)[0]
        stood_for = self._spelled_out(label)
        self._by_label[label] = tuple(sorted({*self._by_label.get(label, ()), computer}))
        return stood_for if label in self._short else ()

    def _bind(self, address: str, computer: str, at: Nanoseconds, method: str) -> bool:
        """Take one observation; say whether it bears on who held the address, or how surely."""
        before = self._bindings.pop(address, ())
        after = _with_evidence(before, computer, at, method)[-MOST_BINDINGS:]
        if len(self._bindings) >= MOST_ADDRESSES:
            del self._bindings[next(iter(self._bindings))]
            self.evicted += 1
        self._bindings[address] = after
        held = self._computers.get(computer)
        if held is not None and address not in held:
            self._computers[computer] = (*held, address)[-MOST_SHOWN:]
        if [(b.computer, b.first) for b in before] != [(b.computer, b.first) for b in after]:
            return True
        # Evidence that follows soon makes nothing fresh that was not.
        return any(a.last - b.last > FRESH for b, a in zip(before, after, strict=True))


def speaks(address: str) -> bool:
    """Say whether an address can tell hosts apart: not loopback, link-local, or no host's."""
    ip = _address(address)
    return ip is not None and not (
        ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast
    )


@lru_cache(maxsize=65_536)  # the clients of one busy segment
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _with_evidence(
    bindings: tuple[Binding, ...], computer: str, at: Nanoseconds, method: str
) -> tuple[Binding, ...]:
    """Put one observation in its place; late ones too."""
    position = sum(1 for binding in bindings if binding.first <= at)
    earlier, later = bindings[:position], bindings[position:]
    current = earlier[-1] if earlier else None
    if current is not None and current.computer == computer:
        extended = msgspec.structs.replace(current, last=max(current.last, at))
        return (*earlier[:-1], extended, *later)
    if current is not None and at < current.last:  # amid another's evidence
        head = msgspec.structs.replace(current, last=at)
        tail = Binding(current.computer, current.last, current.last, current.method)
        return (*earlier[:-1], head, Binding(computer, at, at, method), tail, *later)
    if later and later[0].computer == computer:
        return (*earlier, msgspec.structs.replace(later[0], first=at), *later[1:])
    return (*earlier, Binding(computer, at, at, method), *later)


def _alternating(bindings: tuple[Binding, ...], at: Nanoseconds) -> Iterator[Binding]:
    """Find the bindings of hosts whose evidence alternates around this time."""
    for before, between, after in zip(bindings, bindings[1:], bindings[2:], strict=False):
        if (
            before.computer == after.computer
            and after.first - before.last <= ALTERNATES
            and before.last - ALTERNATES <= at <= after.first + ALTERNATES
        ):
            yield from (before, between, after)
