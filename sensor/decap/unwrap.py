"""Take the headers off a frame, one after another, until UDP or TCP is off.

`TABLE` joins the headers: what stands in front names what follows by an `Id`, and TABLE says
how to take that off. A header that carries others (a tunnel) is one more line; behind UDP it
stands under a port of either end.

No port proves a tunnel, and some headers do not say what follows them. Then the readings are tried
in turn, and the first that leads to IP and on counts; a UDP payload that no tunnel explains is the
packet's own.

A fragment is handed out as it is; put together (`sensor.fragments`), the datagram is taken up
again by `resume`. What gives neither gives a `Leftover` that says why.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from sensor.anomalies import Anomaly
from sensor.decap import (
    arcnet,
    chdlc,
    cooked,
    erspan,
    etag,
    etherip,
    ethernet,
    geneve,
    gre,
    gtp,
    ipv4,
    ipv6,
    itag,
    l2tp,
    llc,
    loopback,
    mpls,
    nflog,
    nsh,
    pflog,
    plain,
    ppp,
    pppoe,
    raw,
    tcp,
    teredo,
    tzsp,
    udp,
    vlan,
    vntag,
    vxlan,
    vxlan_gpe,
)
from sensor.decap.header import Header, Id, Network, Transport, WireError
from sensor.dns.shape import has_question, is_dns
from sensor.frame import Frame
from sensor.packet import Datagram, Fragment, Packet
from sensor.stage import Nanoseconds

TABLE: Final[Mapping[Id, Callable[[memoryview], Header]]] = MappingProxyType(
    {
        Id("link", 0): loopback.peel_null,
        Id("link", 1): ethernet.peel,
        Id("link", 9): ppp.peel,
        Id("link", 12): raw.peel,  # DLT_RAW of most systems, written where it should be 101
        Id("link", 14): raw.peel,  # DLT_RAW of OpenBSD
        Id("link", 50): chdlc.peel_serial,  # PPP in HDLC-like framing, or Cisco's
        Id("link", 51): pppoe.peel,  # begins with the PPPoE header
        Id("link", 101): raw.peel,
        Id("link", 104): chdlc.peel,
        Id("link", 108): loopback.peel_loop,
        Id("link", 113): cooked.peel_v1,
        Id("link", 117): pflog.peel,
        Id("link", 129): arcnet.peel,
        Id("link", 228): raw.peel,  # IPv4; the packet's own version counts
        Id("link", 229): raw.peel,  # IPv6; likewise
        Id("link", 239): nflog.peel,
        Id("link", 276): cooked.peel_v2,
        Id("llc", 0): llc.peel,
        Id("ethertype", 0x0800): ipv4.peel,
        Id("ethertype", 0x22EB): erspan.peel_iii,
        Id("ethertype", 0x6558): ethernet.peel,  # transparent Ethernet bridging
        Id("ethertype", 0x8100): vlan.peel,  # IEEE 802.1Q
        Id("ethertype", 0x86DD): ipv6.peel,
        Id("ethertype", 0x880B): ppp.peel,
        Id("ethertype", 0x8847): mpls.peel,
        Id("ethertype", 0x8848): mpls.peel,  # multicast, or a label from upstream: RFC 5332
        Id("ethertype", 0x8864): pppoe.peel,  # the session stage
        Id("ethertype", 0x88A8): vlan.peel,  # IEEE 802.1ad, the service tag
        Id("ethertype", 0x88BE): erspan.peel_ii,
        Id("ethertype", 0x88E7): itag.peel,
        Id("ethertype", 0x8926): vntag.peel,
        Id("ethertype", 0x893F): etag.peel,
        Id("ethertype", 0x894F): nsh.peel,
        Id("ethertype", 0x9100): vlan.peel,  # stacked tags from before 802.1ad
        Id("ethertype", 0x9200): vlan.peel,
        Id("erspan", 1): erspan.peel_i,
        Id("family", 2): ipv4.peel,
        Id("family", 10): ipv6.peel,  # Linux, where a program there wrote the capture
        Id("family", 24): ipv6.peel,  # NetBSD, OpenBSD
        Id("family", 28): ipv6.peel,  # FreeBSD
        Id("family", 30): ipv6.peel,  # macOS
        Id("ppp", 0x0021): ipv4.peel,
        Id("ppp", 0x0057): ipv6.peel,
        Id("ppp", 0x0281): mpls.peel,
        Id("ppp", 0x0283): mpls.peel,
        Id("ip", 4): ipv4.peel,
        Id("ip", 6): tcp.peel,
        Id("ip", 17): udp.peel,
        Id("ip", 41): ipv6.peel,
        Id("ip", 47): gre.peel,
        Id("ip", 97): etherip.peel,
        Id("ip", 115): l2tp.peel_ip,
        Id("ip", 137): mpls.peel,
        Id("udp.port", 1701): l2tp.peel_udp,
        Id("udp.port", 2152): gtp.peel,
        Id("udp.port", 3544): teredo.peel,
        Id("udp.port", 4754): gre.peel,
        Id("udp.port", 4789): vxlan.peel,
        Id("udp.port", 4790): vxlan_gpe.peel,
        Id("udp.port", 6081): geneve.peel,
        Id("udp.port", 6635): mpls.peel,
        Id("udp.port", 8472): vxlan.peel,  # Linux, from before the port was assigned
        Id("udp.port", 37008): tzsp.peel,
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

# So many headers are tried for one frame in all. The longest real paths have a dozen; readings of
# readings could otherwise grow with the power of the depth.
MOST: Final = 64

# How well a way through the headers ends, so that readings compare.
NOWHERE, NAMED, PACKET = range(3)

Peel: TypeAlias = Callable[[memoryview], Header]


class Leftover(msgspec.Struct, frozen=True, tag=True):
    """A frame that gave no packet: `what` says why, `path` what had come off by then."""

    at: Nanoseconds
    path: tuple[str, ...]
    anomalies: tuple[Anomaly, ...]
    what: str


Unwrapped: TypeAlias = Packet | Fragment | Leftover


class Unwrap:
    """Takes all headers off; plain settings and no state.

    `ports` are the configured DNS ports, `vxlan_ports` further ports of VXLAN.
    """

    def __init__(
        self, ports: frozenset[int] = frozenset({53}), vxlan_ports: Iterable[int] = ()
    ) -> None:
        self.ports = ports
        self.tunnels = {of.number: peel for of, peel in TABLE.items() if of.space == "udp.port"}
        self.tunnels.update(dict.fromkeys(vxlan_ports, vxlan.peel))

    def __call__(self, frame: Frame) -> Unwrapped:
        """Take off all headers of a frame, whatever its octets and link type are; raises nothing.

        A payload shorter than the headers state is kept as it is. `FRAME_TRUNCATED` says that the
        capture cut the frame (snap length), `LENGTH_MISMATCH` that the headers state more than
        ever was on the wire.
        """
        return plain.udp(frame, self.tunnels) or self.walked(frame)

    def walked(self, frame: Frame) -> Unwrapped:
        """Take off one header after another."""
        walk = _Walk(self, cut=max(0, frame.length - len(frame.data)))
        peel = TABLE.get(Id("link", frame.link))
        end: Id | Anomaly = Anomaly.LINK_TYPE_UNKNOWN
        if peel is not None:
            end = walk.behind(peel, memoryview(frame.data))
        return walk.result(end, frame.at, frame.interface)

    def resume(self, datagram: Datagram) -> Unwrapped:
        """Take off the headers of a datagram that was put together, from its IP header on."""
        rejoin = ipv6.rejoin if datagram.version == 6 else ipv4.rejoin
        walk = _Walk(
            self, path=datagram.path[:-1], vlans=datagram.vlans, anomalies=datagram.anomalies
        )
        end = walk.behind(lambda _: rejoin(datagram), memoryview(b""))
        return walk.result(end, datagram.at, datagram.interface)


class _Walk:
    """The way through one frame or datagram: what has come off, and what stood before it."""

    __slots__ = ("anomalies", "cut", "headers", "path", "tried", "unwrap", "vlans")

    def __init__(
        self,
        unwrap: Unwrap,
        *,
        cut: int = 0,
        path: tuple[str, ...] = (),
        vlans: tuple[int, ...] = (),
        anomalies: tuple[Anomaly, ...] = (),
    ) -> None:
        self.unwrap = unwrap
        self.cut = cut
        self.path = path
        self.vlans = vlans
        self.anomalies = anomalies
        self.tried = 0
        self.headers: list[Header] = []

    def behind(self, peel: Peel, rest: memoryview) -> Id | Anomaly:
        """Take off one header and all behind it; return what ended that.

        An Id is what no line of TABLE takes off, or what a packet was sent to.
        """
        while True:
            try:
                header = self._peeled(peel, rest)
            except WireError as error:
                return error.anomaly
            if header.or_else is not None:
                return self._fork(header)
            self.headers.append(header)
            if isinstance(header, Transport):
                return self._through(header)
            following = TABLE.get(header.next)
            if following is None:
                return header.next
            peel, rest = following, header.rest

    def _peeled(self, peel: Peel, rest: memoryview) -> Header:
        header = peel(rest)
        self.tried += 1
        stand = len(self.path) + len(self.headers)
        if stand >= DEEPEST and (self.tried > MOST or self._count(header.name) >= DEEPEST):
            raise WireError(Anomaly.HEADERS_TOO_DEEP, 0)
        return header

    def _count(self, name: str) -> int:
        """Count the headers of this name that have come off."""
        before = sum(entry.partition(":")[0] == name for entry in self.path)
        return before + sum(header.name == name for header in self.headers)

    def _fork(self, header: Header) -> Id | Anomaly:
        """Try one reading after another until one leads to a packet; else the best counts."""
        mark = len(self.headers)
        best: tuple[int, Id | Anomaly, list[Header]] | None = None
        reading: Header | None = header
        while reading is not None:
            self.headers.append(reading)
            following = TABLE.get(reading.next)
            end = reading.next if following is None else self.behind(following, reading.rest)
            worth = self._worth(end)
            if worth == PACKET:
                return end
            if best is None or worth > best[0]:
                best = worth, end, self.headers[mark:]
            del self.headers[mark:]
            reading = reading.or_else
        assert best is not None  # noqa: S101  (there is a first reading)
        self.headers += best[2]
        return best[1]

    def _through(self, transport: Transport) -> Id | Anomaly:
        """Go on through a tunnel on a port of either end, where it leads on; else stay."""
        sport, dport = transport.sport, transport.dport
        tunnels = self.unwrap.tunnels
        if transport.name != "udp" or not (dport in tunnels or sport in tunnels):
            return transport.next
        if self._is_dns(transport):
            return transport.next
        mark = len(self.headers)
        ends = []
        for port in (dport, sport):
            if port in tunnels:
                end = self.behind(tunnels[port], transport.rest)
                if self._worth(end):
                    return end
                ends.append(end)
                del self.headers[mark:]
        if Anomaly.HEADERS_TOO_DEEP in ends:  # a tunnel it may be all the same
            self.anomalies = (*self.anomalies, Anomaly.HEADERS_TOO_DEEP)
        return transport.next

    def _is_dns(self, udp: Transport) -> bool:
        """Say whether a payload is DNS before it is a tunnel; on a DNS port a question will do.

        No genuine header of a tunnel is DNS in its strict shape, but a name can be made up that
        reads as a tunnel with some packet in it.
        """
        payload = bytes(udp.rest)
        if is_dns(payload):
            return True
        is_configured = udp.dport in self.unwrap.ports or udp.sport in self.unwrap.ports
        return is_configured and has_question(payload)

    def _worth(self, end: Id | Anomaly) -> int:
        """Say how well a way ended: in a packet, in what has a name of its own, or nowhere."""
        if isinstance(end, Anomaly):
            return NOWHERE
        return PACKET if isinstance(self.headers[-1], Transport) else NAMED * (end in KNOWN)

    def result(self, end: Id | Anomaly, at: Nanoseconds, interface: str) -> Unwrapped:
        """Make a value of what the way led to."""
        headers = self.headers
        if end is Anomaly.HEADER_TRUNCATED and self.cut:
            end = Anomaly.FRAME_TRUNCATED
        path = self.path + tuple(
            [h.name if h.tag is None else f"{h.name}:{h.tag}" for h in headers]
        )
        vlans = self.vlans + tuple(
            [h.tag for h in headers if h.tag is not None and h.name == "vlan"]
        )
        anomalies = self._anomalies(end)
        network = next((h for h in reversed(headers) if isinstance(h, Network)), None)
        last = headers[-1] if headers else None
        if isinstance(end, Anomaly) or network is None:
            return Leftover(at=at, path=path, anomalies=anomalies, what=_why(end))
        if isinstance(last, Transport):
            return Packet(
                at=at,
                src=network.src,
                sport=last.sport,
                dst=network.dst,
                dport=last.dport,
                transport=last.name,
                path=path,
                payload=bytes(last.rest),
                identification=network.identification,
                vlans=vlans,
                interface=interface,
                anomalies=anomalies,
                sequence=last.sequence,
                control=last.control,
            )
        if end.space == "fragment":
            return Fragment(
                at=at,
                version=end.number,
                src=network.src,
                dst=network.dst,
                identification=network.identification or 0,
                protocol=network.protocol,
                offset=network.offset,
                more=network.more,
                data=bytes(network.rest),
                path=path,
                missing=network.missing,
                vlans=vlans,
                interface=interface,
                anomalies=anomalies,
            )
        return Leftover(at=at, path=path, anomalies=anomalies, what=_why(end))

    def _anomalies(self, end: Id | Anomaly) -> tuple[Anomaly, ...]:
        """List what the headers show, each once, outermost first, then what ended the walk."""
        found = dict.fromkeys(self.anomalies)
        for header in self.headers:
            found.update(dict.fromkeys(header.anomalies))
            if header.missing and self.cut:
                found[Anomaly.FRAME_TRUNCATED] = None
            if header.missing > self.cut:
                found[Anomaly.LENGTH_MISMATCH] = None
        if isinstance(end, Anomaly):
            found[end] = None
        return tuple(found)


def _why(end: Id | Anomaly) -> str:
    if isinstance(end, Anomaly):
        return DAMAGE[end]
    return KNOWN.get(end) or ("not_udp_or_tcp" if end.space == "ip" else "not_ip")


unwrap: Final = Unwrap()
"""With the default settings."""
