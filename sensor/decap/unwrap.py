"""Take the headers off a frame, one after another, until UDP or TCP is off.

`TABLE` joins the headers: what stands in front names what follows by an `Id`, and TABLE says
how to take that off. A header that carries others (a tunnel) is one more line; behind UDP it
stands under the port that the datagram was sent to.

What gives no packet gives a `Leftover` that says why. Fragments are among them: only put
together are they a datagram.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from sensor.anomalies import Anomaly
from sensor.decap import cooked, ethernet, ipv4, ipv6, llc, loopback, raw, tcp, udp, vlan
from sensor.decap.header import Header, Id, Network, Transport, WireError
from sensor.frame import Frame
from sensor.packet import Packet
from sensor.stage import Nanoseconds

TABLE: Final[Mapping[Id, Callable[[memoryview], Header]]] = MappingProxyType(
    {
        Id("link", 0): loopback.peel_null,
        Id("link", 1): ethernet.peel,
        Id("link", 12): raw.peel,  # DLT_RAW of most systems, written where it should be 101
        Id("link", 14): raw.peel,  # DLT_RAW of OpenBSD
        Id("link", 101): raw.peel,
        Id("link", 108): loopback.peel_loop,
        Id("link", 113): cooked.peel_v1,
        Id("link", 228): raw.peel,  # IPv4; the packet's own version counts
        Id("link", 229): raw.peel,  # IPv6; likewise
        Id("link", 276): cooked.peel_v2,
        Id("llc", 0): llc.peel,
        Id("ethertype", 0x8100): vlan.peel,  # IEEE 802.1Q
        Id("ethertype", 0x88A8): vlan.peel,  # IEEE 802.1ad, the service tag
        Id("ethertype", 0x9100): vlan.peel,  # stacked tags from before 802.1ad
        Id("ethertype", 0x9200): vlan.peel,
        Id("ethertype", 0x0800): ipv4.peel,
        Id("ethertype", 0x86DD): ipv6.peel,
        Id("family", 2): ipv4.peel,
        Id("family", 10): ipv6.peel,  # Linux, where a program there wrote the capture
        Id("family", 24): ipv6.peel,  # NetBSD, OpenBSD
        Id("family", 28): ipv6.peel,  # FreeBSD
        Id("family", 30): ipv6.peel,  # macOS
        Id("ip", 6): tcp.peel,
        Id("ip", 17): udp.peel,
    }
)

# Why there is no packet: what follows has a name of its own (any other is `not_ip` or
# `not_udp_or_tcp`) …
KNOWN: Final[Mapping[Id, str]] = MappingProxyType(
    {
        Id("ethertype", 0x0806): "arp",
        Id("fragment", 4): "fragment",
        Id("fragment", 6): "fragment",
        Id("ip", 1): "icmp",  # what it quotes is no lookup
        Id("ip", 50): "esp",
        Id("ip", 58): "icmpv6",
        Id("ip", 59): "no_next_header",  # RFC 8200 §4.7
    }
)
# … or a header could not be taken off.
DAMAGE: Final[Mapping[Anomaly, str]] = MappingProxyType(
    {
        Anomaly.LINK_TYPE_UNKNOWN: "link_type_unknown",
        Anomaly.FRAME_TRUNCATED: "truncated",
        Anomaly.HEADER_TRUNCATED: "truncated",
        Anomaly.HEADER_MALFORMED: "malformed",
        Anomaly.HEADERS_TOO_DEEP: "too_deep",
    }
)

# How often one kind of header may stand in a path. Real ones hold two or three tags and as many
# tunnels; without a bound a frame could hold tens of thousands of four-octet tags.
DEEPEST: Final = 8


class Leftover(msgspec.Struct, frozen=True, tag=True):
    """A frame that gave no packet: `what` says why, `path` what had come off by then."""

    at: Nanoseconds
    path: tuple[str, ...]
    anomalies: tuple[Anomaly, ...]
    what: str


def unwrap(frame: Frame) -> Packet | Leftover:
    """Take off all headers of a frame, whatever its octets and link type are; raises nothing.

    A payload shorter than the headers state is kept as it is. `FRAME_TRUNCATED` says that the
    capture cut the frame (snap length), `LENGTH_MISMATCH` that the headers state more than
    ever was on the wire.
    """
    cut = max(0, frame.length - len(frame.data))
    headers: list[Header] = []
    end: Id | Anomaly
    try:
        end = _take_off(frame, headers)
    except WireError as error:
        end = error.anomaly
        if cut and end is Anomaly.HEADER_TRUNCATED:
            end = Anomaly.FRAME_TRUNCATED

    path = tuple(h.name if h.tag is None else f"{h.name}:{h.tag}" for h in headers)
    anomalies = _anomalies(headers, cut, end)
    network = next((h for h in reversed(headers) if isinstance(h, Network)), None)
    transport = headers[-1] if headers else None
    if isinstance(end, Anomaly) or network is None or not isinstance(transport, Transport):
        return Leftover(at=frame.at, path=path, anomalies=anomalies, what=_why(end))
    return Packet(
        at=frame.at,
        src=network.src,
        sport=transport.sport,
        dst=network.dst,
        dport=transport.dport,
        transport=transport.name,
        path=path,
        payload=bytes(transport.rest),
        identification=network.identification,
        vlans=tuple(h.tag for h in headers if h.tag is not None and h.name == "vlan"),
        interface=frame.interface,
        anomalies=anomalies,
    )


def _take_off(frame: Frame, headers: list[Header]) -> Id:
    """Add to `headers` what comes off, outermost first; return what follows the last."""
    following = Id("link", frame.link)
    rest = memoryview(frame.data)
    while (peel := TABLE.get(following)) is not None:
        header = peel(rest)
        if len(headers) >= DEEPEST and [h.name for h in headers].count(header.name) >= DEEPEST:
            raise WireError(Anomaly.HEADERS_TOO_DEEP, 0)
        headers.append(header)
        following, rest = header.next, header.rest
    if not headers:
        raise WireError(Anomaly.LINK_TYPE_UNKNOWN, 0)
    return following


def _why(end: Id | Anomaly) -> str:
    if isinstance(end, Anomaly):
        return DAMAGE[end]
    return KNOWN.get(end) or ("not_udp_or_tcp" if end.space == "ip" else "not_ip")


def _anomalies(headers: list[Header], cut: int, end: Id | Anomaly) -> tuple[Anomaly, ...]:
    """List what the headers show, each once, outermost first, then what ended the walk."""
    found: dict[Anomaly, None] = {}
    for header in headers:
        found.update(dict.fromkeys(header.anomalies))
        if header.missing and cut:
            found[Anomaly.FRAME_TRUNCATED] = None
        if header.missing > cut:
            found[Anomaly.LENGTH_MISMATCH] = None
    if isinstance(end, Anomaly):
        found[end] = None
    return tuple(found)
