"""What taking off one header gives, and how a header that cannot be taken off says so."""

from typing import NamedTuple

import msgspec

from sensor.anomalies import Anomaly


class Id(NamedTuple):
    """What follows a header: a number and the register it is from. The key of TABLE.

    `link` LINKTYPE · `ethertype` IEEE 802 · `llc` always 0 · `family` BSD address family ·
    `ip` IANA protocol number · `udp.port`, `tcp.port` the port sent to · `fragment` IP version.
    """

    space: str
    number: int


class Header(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One header taken off.

    `name` is its entry in the path, with `tag` behind it where the header has one.
    `rest` are the octets behind it, cut to the length it states; `missing` counts the octets
    it states that are not there.
    """

    name: str
    next: Id
    rest: memoryview
    tag: int | None = None
    missing: int = 0
    anomalies: tuple[Anomaly, ...] = ()


class Network(Header, frozen=True, kw_only=True, gc=False):
    """An IP header. `identification` is IPv4's, None in IPv6."""

    src: str
    dst: str
    identification: int | None = None


class Transport(Header, frozen=True, kw_only=True, gc=False):
    """A UDP or TCP header: `rest` is the payload."""

    sport: int
    dport: int


class WireError(Exception):
    """A header cannot be taken off. `offset` counts from the header's own first octet."""

    def __init__(self, anomaly: Anomaly, offset: int) -> None:
        super().__init__(anomaly, offset)
        self.anomaly = anomaly
        self.offset = offset
