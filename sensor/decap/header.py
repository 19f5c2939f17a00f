"""What taking off one header gives, and how a header that cannot be taken off says so."""

from typing import NamedTuple

import msgspec

from sensor.anomalies import Anomaly


class Id(NamedTuple):
    """What follows a header: a number and the register it is from. The key of TABLE.

    `link` LINKTYPE · `ethertype` IEEE 802 · `llc` always 0 · `family` BSD address family ·
    `ip` IANA protocol number · `ppp` IANA PPP protocol number · `erspan` 1 for type I, which has no
    number of its own · `udp.port`, `tcp.port` the port sent to · `fragment` IP version.
    """

    space: str
    number: int


class Header(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One header taken off.

    `name` is its entry in the path, with `tag` behind it where the header has one.
    `rest` are the octets behind it, cut to the length it states; `missing` counts the octets
    it states that are not there. Where a header does not say what follows it, `or_else` is
    another reading of the same octets, to be tried when this one leads nowhere.
    """

    name: str
    next: Id
    rest: memoryview
    tag: int | None = None
    missing: int = 0
    anomalies: tuple[Anomaly, ...] = ()
    or_else: "Header | None" = None


class Network(Header, frozen=True, kw_only=True, gc=False):
    """An IP header. `identification` is IPv4's, None in IPv6 but for a fragment.

    Of a fragment (`next` is in the space `fragment`) `rest` are the datagram's octets from
    `offset` on, `more` says that others follow, and the datagram begins with `protocol`.
    """

    src: str
    dst: str
    identification: int | None = None
    protocol: int = 0
    offset: int = 0
    more: bool = False


class Transport(Header, frozen=True, kw_only=True, gc=False):
    """A UDP or TCP header: `rest` is the payload. `sequence` and `control` are TCP's."""

    sport: int
    dport: int
    sequence: int = 0
    control: int = 0


class WireError(Exception):
    """A header cannot be taken off. `offset` counts from the header's own first octet."""

    def __init__(self, anomaly: Anomaly, offset: int) -> None:
        super().__init__(anomaly, offset)
        self.anomaly = anomaly
        self.offset = offset
